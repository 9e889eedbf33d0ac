import { type Static, Type } from '@sinclair/typebox';
import { InputError } from '../../../../base/errors.ts';
import { named } from '../../../../config/text.ts';
import type { Aside } from '../../../../learn/asides.ts';
import { Fields } from '../../../contract/fields.ts';
import { HeadNow, Seconds } from '../../../contract/learning.ts';
import type { HubLearning } from '../../hub-node.ts';
import { headNow, secondsOf } from '../../learning/learning-state.ts';
import type { VerbContext } from './verb.ts';

// What the verbs of local learning have in common.

const mostAgainst = 10;

export const HeadName = Type.String({ minLength: 1, maxLength: 64, description: '`object`, or the name of a state.' });
export const Label = named(Type.String({ minLength: 1, maxLength: 64, description: 'What it is.' }));
export const ExampleId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Of an example, from `list`.',
});
export const Negative = Type.Optional(Type.Boolean({ description: 'True: it is *not* that. Default: false.' }));

/** Else it may be kept aside. */
export const Anyway = Type.Optional(
  Type.Boolean({
    description: 'True: it is right, even if it contradicts what was taught before. Default: false.',
  }),
);

export const AsideId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Of a lesson that waits for an answer, from `teach` or `list`.',
});

/** A lesson that is kept aside. */
export const ListedAside = Fields({
  id: AsideId,
  head: Type.String({ description: '`object`, or the name of a state.' }),
  label: Type.String({ description: 'What it was taught as.' }),
  negative: Type.Boolean({ description: 'It was taught as *not* that.' }),
  camera: Type.String(),
  time: Seconds,
  because: Type.Union([Type.Literal('contradiction'), Type.Literal('worse')], {
    description:
      '`contradiction`: something like it was taught as something else. `worse`: others would no longer be recognised.',
  }),
  taken_for: Type.Object(
    { label: Type.String(), negative: Type.Boolean() },
    { additionalProperties: false, description: 'What the first of `against` was taught as.' },
  ),
  against: Type.Array(Type.String(), {
    description: `The earlier examples that it contradicts, at most ${mostAgainst}; the most similar first.`,
  }),
  reason: Type.String({ description: 'For a person.' }),
});

export const asideOf = ({
  id,
  head,
  label,
  negative,
  camera,
  timeMs,
  because,
  takenFor,
  against,
  reason,
}: Aside): Static<typeof ListedAside> => ({
  ...{ id, head, label, negative, camera, because, reason, time: secondsOf(timeMs) },
  ...{ taken_for: takenFor, against: against.slice(0, mostAgainst) },
});

export const Head = { head: Type.String({ description: '`object`, or the name of a state.' }), ...HeadNow };
const ChangedHead = Fields(Head);
export const ChangedHeads = Type.Array(ChangedHead, { description: 'Heads that changed.' });

/** @throws InputError where nothing can be taught. */
export function learningOf({ node }: VerbContext): HubLearning {
  if (node.learning) return node.learning;
  throw new InputError('nothing can be taught on this node: set learn.enabled in its settings and restart it');
}

/** @throws InputError when nothing was taught of it. */
export function headOf(learning: HubLearning, head: string): Static<typeof ChangedHead> {
  const { heads } = learning.summary;
  const summary = Object.hasOwn(heads, head) ? heads[head] : undefined;
  if (summary) return { head, ...headNow(head, summary) };
  throw new InputError(`head: expected one of ${Object.keys(heads).join(', ') || 'none yet'}, got ${head}`);
}

/** Runs what may change any head. @returns Those that are others then, and the id of the cut that this node made. */
export async function withChanges<T>(
  learning: HubLearning,
  node: string,
  work: () => Promise<T>,
): Promise<{ result: T; heads: Static<typeof ChangedHeads>; cut: string | null }> {
  await learning.open();
  const { heads: before } = learning.summary;
  const cuts = new Set(learning.cuts.map(({ id }) => id));
  const result = await work();
  const { heads: after } = learning.summary;
  const changed = Object.keys(after).filter((head) => {
    const [old, now] = [before[head], after[head]];
    return old?.hash !== now?.hash || old?.refused !== now?.refused;
  });
  const cut = learning.cuts.find((one) => one.node === node && !cuts.has(one.id));
  return { result, heads: changed.map((head) => headOf(learning, head)), cut: cut?.id ?? null };
}
