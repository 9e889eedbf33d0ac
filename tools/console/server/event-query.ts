import { composed } from '../../../sdk/base/composed.ts';
import type { HistoryQuery } from '../../../sdk/history/stored-event.ts';
import { HttpError } from './reply.ts';

const filters = ['before', 'camera', 'label', 'name', 'zone', 'day'] as const;
const known = ['limit', ...filters] as const;
const maxLimit = 200;

/** @throws HttpError 400 naming the parameter that is wrong. */
export function eventQuery(parameters: URLSearchParams): HistoryQuery {
  for (const name of parameters.keys()) {
    if (!known.includes(name as (typeof known)[number])) {
      throw new HttpError(400, `no such parameter: ${JSON.stringify(name)}; expected one of ${known.join(', ')}`);
    }
  }
  const limit = parameters.get('limit') ?? '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxLimit) {
    throw new HttpError(400, `limit: expected a whole number from 1 to ${maxLimit}, got ${JSON.stringify(limit)}`);
  }
  const given = filters.flatMap((name) => {
    const value = parameters.get(name);
    return value === null ? [] : [[name, composed(value)]];
  });
  return { limit: Number(limit), ...Object.fromEntries(given) };
}

/** @throws HttpError 400 saying what was expected. */
export function removeRequest(body: unknown): { id: string } | { day: string } | 'all' {
  const { id, day, all, ...others } = (body ?? {}) as Record<string, unknown>;
  const given = [id, day, all].filter((value) => value !== undefined);
  if (given.length === 1 && Object.keys(others).length === 0) {
    if (typeof id === 'string') return { id };
    if (typeof day === 'string') return { day };
    if (all === true) return 'all';
  }
  throw new HttpError(400, 'expected one of {"id": "…"}, {"day": "2026-12-01"} and {"all": true}');
}
