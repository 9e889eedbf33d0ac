import { type TProperties, Type } from '@sinclair/typebox';
import { composed } from '../../../../sdk/base/composed.ts';
import { InputError } from '../../../../sdk/base/errors.ts';
import { named } from '../../../../sdk/config/text.ts';
import { validate } from '../../../../sdk/config/validate.ts';
import type { Subject } from '../../../../sdk/learn/camera/camera-learning.ts';
import type { CutTarget } from '../../../../sdk/learn/ledger/example.ts';
import type { Answer } from '../../../../sdk/learn/lessons.ts';
import type { ExampleFilter, Teaching } from '../../../../sdk/learn/node-learning.ts';
import { HttpError } from '../reply.ts';

const Fields = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
/** Names are validated where they are used: this only limits their length. */
const Text = named(Type.String({ minLength: 1, maxLength: 64 }));
const Id = Type.String({ minLength: 1, maxLength: 64 });
/** `[x1, y1, x2, y2]` in pixels of the newest frame. */
const Box = Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]);

const Teach = Fields({
  camera: Text,
  track: Type.Optional(Type.Integer({ minimum: 1 })),
  event: Type.Optional(Id),
  box: Type.Optional(Box),
  view: Type.Optional(Text),
  look: Type.Optional(Id),
  label: Text,
  negative: Type.Optional(Type.Boolean()),
  anyway: Type.Optional(Type.Boolean()),
});
const Hold = Fields({ camera: Text, box: Box });
const Relabel = Fields({
  example: Id,
  label: Text,
  negative: Type.Optional(Type.Boolean()),
});
const Forget = Fields({
  example: Type.Optional(Id),
  head: Type.Optional(Text),
  label: Type.Optional(Text),
  node: Type.Optional(Text),
  reason: Type.Optional(Type.String({ maxLength: 200 })),
});
const Withdraw = Fields({ cut: Id });
const Rollback = Fields({ head: Text, version: Type.Optional(Type.Integer({ minimum: 1 })) });
const Undo = Fields({ undo: Id });
const Settle = Fields({
  aside: Id,
  label: Type.Optional(Text),
  negative: Type.Optional(Type.Boolean()),
  replace: Type.Optional(Type.Boolean()),
});
const Pictures = Fields({ keep: Type.Boolean() });
const Accept = Fields({ head: Text });

/** A stored look, or anything that can be looked at now. */
type TeachRequest = Omit<Teaching, 'subject'> & { readonly subject: Subject | { readonly look: string } };

/** @throws InputError naming the wrong field, as all of these do. */
export function teachRequest(body: unknown): TeachRequest {
  const { camera, label, negative = false, anyway = false, ...rest } = validate(Teach, body, 'what is taught');
  const given = Object.keys(rest);
  if (given.length !== 1) {
    throw new InputError(`expected one of track, event, box, view or look, got ${given.join(' and ') || 'none'}`);
  }
  return { camera, label, negative, anyway, subject: rest as TeachRequest['subject'] };
}

export const holdRequest = (body: unknown) => validate(Hold, body, 'what to look at');
export const relabelRequest = (body: unknown) => validate(Relabel, body, 'the new label');
export const withdrawRequest = (body: unknown) => validate(Withdraw, body, 'what is withdrawn');
export const rollbackRequest = (body: unknown) => validate(Rollback, body, 'where to go back to');
export const undoRequest = (body: unknown) => validate(Undo, body, 'what is taken back');
export const picturesRequest = (body: unknown) => validate(Pictures, body, 'what is kept');
export const acceptRequest = (body: unknown) => validate(Accept, body, 'what is taken');

export function forgetRequest(body: unknown): { target: CutTarget; reason?: string } {
  const { reason, ...rest } = validate(Forget, body, 'what is forgotten');
  const fields = Object.keys(rest).sort().join(' and ');
  if (!['example', 'head and label', 'node'].includes(fields)) {
    throw new InputError(`expected an example, a head and a label, or a node, got ${fields || 'none'}`);
  }
  return { target: rest as CutTarget, ...(reason !== undefined && { reason }) };
}

/** @returns Without `answer` it is forgotten. */
export function settleRequest(body: unknown): { aside: string; answer?: Answer } {
  const { aside, label, ...more } = validate(Settle, body, 'the answer');
  if (label !== undefined) return { aside, answer: { label, ...more } };
  if (Object.keys(more).length === 0) return { aside };
  throw new InputError('expected a label with negative and replace, got none');
}

const maxPage = 200;

/** @throws HttpError 400 naming the parameter that is wrong. */
export function exampleQuery(parameters: URLSearchParams): ExampleFilter & { offset: number; limit: number } {
  const { limit = '48', offset = '0', ...rest } = fieldsOf(parameters, ['limit', 'offset', 'head', 'label']);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxPage) {
    throw new HttpError(400, `limit: expected a whole number from 1 to ${maxPage}, got ${JSON.stringify(limit)}`);
  }
  if (!/^\d{1,6}$/.test(offset)) {
    throw new HttpError(400, `offset: expected a whole number, got ${JSON.stringify(offset)}`);
  }
  const { head, label } = rest;
  const names = { ...(head !== undefined && { head }), ...(label !== undefined && { label: composed(label) }) };
  return { ...names, offset: Number(offset), limit: Number(limit) };
}

/** @throws HttpError 400 naming the parameter that is wrong. */
export function looksQuery(parameters: URLSearchParams): {
  camera: string;
  of: { track: number } | { event: string };
} {
  const { camera, track, event } = fieldsOf(parameters, ['camera', 'track', 'event']);
  if (camera === undefined || (track === undefined) === (event === undefined)) {
    throw new HttpError(400, 'expected a camera, and either a track or an event');
  }
  if (event !== undefined) return { camera, of: { event } };
  if (!/^\d{1,15}$/.test(track!)) {
    throw new HttpError(400, `track: expected a whole number, got ${JSON.stringify(track)}`);
  }
  return { camera, of: { track: Number(track) } };
}

function fieldsOf<Name extends string>(
  parameters: URLSearchParams,
  known: readonly Name[],
): Partial<Record<Name, string>> {
  for (const name of parameters.keys()) {
    if (!known.includes(name as Name)) {
      throw new HttpError(400, `no such parameter: ${JSON.stringify(name)}; expected one of ${known.join(', ')}`);
    }
  }
  return Object.fromEntries(parameters) as Partial<Record<Name, string>>;
}
