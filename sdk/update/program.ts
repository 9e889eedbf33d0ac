import { type Static, Type } from '@sinclair/typebox';
import { InputError, messageOf } from '../base/errors.ts';
import { validate } from '../config/validate.ts';
import type { Part, Slot } from './slots.ts';

/** Both file systems of a slot are laid out in blocks of this size, bytes; a file that moved is found again by them. */
export const blockBytes = 4096;
/** Blocks of a payload that are compressed together. */
export const frameBlocks = 256;

const count = Type.Integer({ minimum: 1, maximum: 2 ** 32 });
const start = Type.Integer({ minimum: 0, maximum: 2 ** 32 });
/** What the next blocks of a part are: zeros; blocks of the same part in the slot that runs; blocks of the payload. */
const Step = Type.Union([
  Type.Tuple([Type.Literal('zero'), count]),
  Type.Tuple([Type.Literal('copy'), count, start]),
  Type.Tuple([Type.Literal('fresh'), count, start]),
]);
export type Step = Static<typeof Step>;
const Steps = Type.Array(Step, { maxItems: 1_000_000 });
const OfSlots = Type.Object({ a: Steps, b: Steps }, { additionalProperties: false });
const Program = Type.Object({ boot: OfSlots, root: OfSlots }, { additionalProperties: false });

/** How each part of either slot is made; it stands at the beginning of a payload. */
export type Program = Readonly<Record<Part, Readonly<Record<Slot, readonly Step[]>>>>;

/** @throws InputError when it is none. Steps of a payload whose sum is right are never refused. */
export function parseProgram(text: string, what: string): Program {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${what}: expected the steps of an update as JSON: ${messageOf(error)}`);
  }
  return validate(Program, value, what) as Program;
}

/** Joins steps that go on where the one before ends. */
export class StepList {
  readonly steps: Step[] = [];

  add(kind: 'zero' | 'copy' | 'fresh', from = 0): void {
    const last = this.steps.at(-1);
    if (last?.[0] === kind && (kind === 'zero' || last[2]! + last[1] === from)) last[1]++;
    else this.steps.push(kind === 'zero' ? ['zero', 1] : [kind, 1, from]);
  }
}
