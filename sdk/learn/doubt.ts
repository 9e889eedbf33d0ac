import { cosineOf } from '../core/embedding.ts';
import type { Head } from './heads/head.ts';
import { contradictionsOf } from './ledger/contradictions.ts';
import type { Draft, Example } from './ledger/example.ts';

/** Why a lesson is not believed without asking. */
export interface Doubt {
  /** `contradiction`: something like it was taught as something else. `worse`: others would no longer be recognised. */
  readonly because: 'contradiction' | 'worse';
  /** The earlier examples that it contradicts, or that would be named wrongly; the most similar first. */
  readonly against: readonly string[];
  /** What the first of these was taught as. */
  readonly takenFor: { readonly label: string; readonly negative: boolean };
  /** For people. */
  readonly reason: string;
}

/**
 * From this score on a head is sure enough of another label to ask, and with this lead of the most similar example of
 * that label, by cosine, over the most similar one of the label that is taught. Measured: docs/learning.md.
 */
const surely = 0.7;
const clearLead = 0.12;
/** Examples of one lesson are at most this far apart. */
const lessonMs = 2000;

/**
 * Whether a lesson contradicts what was taught before: nearly the same picture was taught as something else, or at least
 * half of its looks are clearly called something else. A label that is new to the head may be anything, and that something
 * is none of the labels is what negatives are for.
 *
 * @param drafts The looks of one lesson.
 * @param examples All that count of its head.
 * @param head In use. Undefined: none yet.
 */
export function contradictionOf(
  drafts: readonly Draft[],
  examples: readonly Example[],
  head: Head | undefined,
): Doubt | undefined {
  const same = drafts.flatMap((draft) => contradictionsOf(draft, examples));
  const misnamed = drafts.flatMap((draft) => clearlyOther(draft, examples, head) ?? []);
  if (same.length === 0 && misnamed.length * 2 < drafts.length) return undefined;
  const [first, ...others] = same.length > 0 ? same : misnamed;
  if (!first) return undefined;
  const { label, negative } = first;
  const meaning = `${negative ? 'not ' : ''}"${label}"`;
  return {
    because: 'contradiction',
    against: idsOf([first, ...others], examples),
    takenFor: { label, negative },
    reason:
      same.length > 0 ? `nearly the same picture was taught as ${meaning}` : `this is clearly called ${meaning} so far`,
  };
}

/** The most similar example of what it is clearly called, where that is another label than the one that is taught. */
function clearlyOther(
  { label, negative, embedding }: Draft,
  examples: readonly Example[],
  head: Head | undefined,
): Example | undefined {
  if (!head || negative || !head.info.labels.includes(label)) return undefined;
  const { label: named, score } = head.predict(embedding);
  if (named === label || !head.info.labels.includes(named)) return undefined;
  const nearestOf = (wanted: string) => {
    let [nearest, most]: [Example | undefined, number] = [undefined, -1];
    for (const example of examples) {
      if (example.label !== wanted || example.negative) continue;
      const cosine = cosineOf(example.embedding, embedding);
      if (cosine > most) [nearest, most] = [example, cosine];
    }
    return { nearest, most };
  };
  const { nearest, most } = nearestOf(named);
  return score > surely || most - nearestOf(label).most > clearLead ? nearest : undefined;
}

/** With the other looks of the same lessons: those are wrong if one of them is. */
function idsOf(found: readonly Example[], examples: readonly Example[]): string[] {
  const isBeside = (one: Example, other: Example) =>
    one.node === other.node &&
    one.camera === other.camera &&
    one.label === other.label &&
    one.negative === other.negative &&
    Math.abs(one.timeMs - other.timeMs) <= lessonMs;
  const beside = found.flatMap((one) => examples.filter((other) => isBeside(one, other)));
  return [...new Set([...found, ...beside].map(({ id }) => id))];
}
