import { assertShape } from '../../base/arguments.ts';
import { unknown } from '../ledger/example.ts';
import type { Head, Prediction, Verdict } from './head.ts';

/** Examples of one label that are named as another when each is left out of the training. */
export interface Confusion {
  /** The taught label, and the name given when left out; either may be `unknown`. */
  readonly label: string;
  readonly named: string;
  readonly count: number;
  /** The confused examples. */
  readonly ids: readonly string[];
}

/**
 * Confusions between labels: over all examples of a head, each left out in turn, most frequent first. A label with one
 * example has none left then, so its confusions are meaningless.
 */
export function confusions(head: Head): Confusion[] {
  const { verdicts } = checked(head);
  const counts = new Map<string, number>();
  for (const { label } of verdicts) counts.set(label, (counts.get(label) ?? 0) + 1);
  const found = new Map<string, Confusion & { ids: string[] }>();
  for (const { id, label, named } of verdicts) {
    if (label === named || counts.get(label) === 1) continue;
    const key = JSON.stringify([label, named]);
    const ids = [...(found.get(key)?.ids ?? []), id];
    found.set(key, { label, named, count: ids.length, ids });
  }
  return [...found.values()].sort(
    (a, b) => b.count - a.count || compare(a.label, b.label) || compare(a.named, b.named),
  );
}

/** Per label, the number of examples and how many are named correctly when left out. */
export function accuracies(head: Head): { label: string; examples: number; accuracy: number }[] {
  const { info, verdicts } = checked(head);
  const labels = [...info.labels, ...(info.negatives > 0 ? [unknown] : [])];
  const counts = new Map(labels.map((label) => [label, { examples: 0, right: 0 }]));
  for (const { label, named } of verdicts) {
    const count = counts.get(label);
    if (!count) continue;
    count.examples++;
    if (named === label) count.right++;
  }
  return labels.map((label) => {
    const { examples, right } = counts.get(label)!;
    return { label, examples, accuracy: right / examples };
  });
}

/**
 * How many of the examples are named rightly when left out; a negative is, when it is unknown. Of labels with two or more
 * examples: the only one has none left then.
 *
 * @example
 * const { right, of } = recognised(head); // names 9 of 10 rightly
 */
export function recognised(head: Head): { right: number; of: number } {
  const several = accuracies(head).filter(({ examples }) => examples > 1);
  const right = several.reduce((sum, { examples, accuracy }) => sum + Math.round(examples * accuracy), 0);
  return { right, of: several.reduce((sum, { examples }) => sum + examples, 0) };
}

/**
 * Sorts examples for review: first those that the head would name differently, the most certain first, then the least
 * certain ones.
 */
export function mostDoubtful(head: Head): Verdict[] {
  const { verdicts } = checked(head);
  const doubt = ({ label, nearest, score }: Verdict) => (label === nearest ? -score : score);
  const isWrong = ({ label, nearest }: Verdict) => (label === nearest || label === unknown ? 0 : 1);
  return [...verdicts].sort((a, b) => isWrong(b) - isWrong(a) || doubt(b) - doubt(a) || compare(a.id, b.id));
}

/** Beyond this distance on either side of the threshold, known and unknown are well separated. */
const clearNearness = 0.1;

/**
 * How much teaching an object that the head just named would help, 0..1: most when it is as likely right as wrong, or
 * on the border between known and unknown.
 *
 * @example
 * seen.sort((a, b) => uncertainty(head.predict(b)) - uncertainty(head.predict(a)));
 */
export function uncertainty(prediction: Pick<Prediction, 'score' | 'nearness'>): number {
  assertShape('uncertainty', prediction, { score: 'number', nearness: 'number' }, 'a Prediction');
  const { score, nearness } = prediction;
  return Math.max(1 - Math.abs(2 * score - 1), 1 - Math.min(1, Math.abs(nearness) / clearNearness));
}

function checked(head: Head): Head {
  assertShape('head', head, { info: 'object', verdicts: 'list' }, 'a Head');
  return head;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
