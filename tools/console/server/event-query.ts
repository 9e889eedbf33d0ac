import { composed } from '../../../sdk/base/composed.ts';
import type { EventQuery } from './event-store.ts';
import { HttpError } from './reply.ts';

const known = ['limit', 'before', 'camera', 'label'] as const;
const maxLimit = 200;

/** @throws HttpError 400 naming the parameter that is wrong. */
export function eventQuery(parameters: URLSearchParams): EventQuery {
  for (const name of parameters.keys()) {
    if (!known.includes(name as (typeof known)[number])) {
      throw new HttpError(400, `no such parameter: ${JSON.stringify(name)}; expected one of ${known.join(', ')}`);
    }
  }
  const limit = parameters.get('limit') ?? '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxLimit) {
    throw new HttpError(400, `limit: expected a whole number from 1 to ${maxLimit}, got ${JSON.stringify(limit)}`);
  }
  const optional = (name: string) => parameters.get(name) ?? undefined;
  const label = optional('label');
  return {
    limit: Number(limit),
    before: optional('before'),
    camera: optional('camera'),
    label: label === undefined ? undefined : composed(label),
  };
}
