import type { LearningState, NamedRightly, NearMissState, TaughtAnswer, TaughtHead } from '../../../protocol.ts';

/** The labels of a head: of objects, or of a state. */
export function labelsOf(learning: LearningState | null | undefined, state?: string): string[] {
  const head = learning?.heads.find(({ name, objects }) =>
    state === undefined ? objects : !objects && name === state,
  );
  return head?.labels.map(({ label }) => label) ?? [];
}

/** `Taught: my cat. 9 of 10 are named rightly now.` */
export function said(what: string, { named }: Pick<TaughtAnswer, 'named'>): string {
  return named === null ? `${what}.` : `${what}. ${named.right} of ${named.of} are named rightly now.`;
}

/** `names 9 of 10 rightly` */
export const rightly = ({ right, of }: NamedRightly): string => `names ${right} of ${of} rightly`;

/** `12 examples, 3 negatives, 2 of them from other nodes`. */
export function amount({ examples, negatives, others }: TaughtHead['labels'][number]): string {
  return [
    plural(examples, 'example'),
    ...(negatives > 0 ? [plural(negatives, 'negative')] : []),
    ...(others > 0 ? [`${others} of them from other nodes`] : []),
  ].join(', ');
}

export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `my cat?`, `my cat, perhaps?` or `Like nothing that was taught`. */
export function takenFor({ label, nearest, likely }: NearMissState): string {
  if (label === nearest) return `${label}?`;
  return likely[0] === undefined ? 'Like nothing that was taught' : `${likely[0]}, perhaps?`;
}

/** A head as a title says it. */
export const titleOf = ({ name, objects }: TaughtHead): string => (objects ? 'Objects' : name);
