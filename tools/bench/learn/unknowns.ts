import type { EmbeddedPicture } from './embeddings.ts';
import { plainPrototypes } from './peers.ts';
import { headOf, pick } from './splits.ts';

/**
 * Each class is left out in turn; its pictures are unknown, those of the other classes that were not trained on are known.
 * Both are compared at the threshold that gives 5 % false rejects on these very pictures, and ours as it was learned, too.
 *
 * @returns For 5 and 20 examples a class, by name a share of 0..1, the mean over classes and seeds.
 */
export function unknowns(pictures: readonly EmbeddedPicture[], seeds: number): Record<string, number>[] {
  const labels = [...new Set(pictures.map(({ label }) => label))].sort();
  return [5, 20].map((each) => {
    const sums: Record<string, number[]> = {};
    const note = (name: string, value: number) => void (sums[name] = [...(sums[name] ?? []), value]);
    for (let seed = 0; seed < seeds; seed++) {
      for (const out of labels) {
        const others = labels.filter((label) => label !== out);
        const train = pick(pictures, others, each, seed);
        const head = headOf(pictures, train);
        const plain = plainPrototypes(train.map((place) => pictures[place]!));
        const seen = new Set(train);
        const asked = pictures
          .filter((_, i) => !seen.has(i))
          .map(({ label, int8 }) => {
            const { nearest, nearness } = head.predict(int8);
            const other = plain(int8);
            const plainly = { nearness: other.cosine, isRight: other.label === label };
            return { isUnknown: label === out, ours: { nearness, isRight: nearest === label }, plain: plainly };
          });
        const known = asked.filter(({ isUnknown }) => !isUnknown);
        const strange = asked.filter(({ isUnknown }) => isUnknown);
        for (const [name, by] of [
          ['ours', 'ours'],
          ['a fixed cosine', 'plain'],
        ] as const) {
          const accepted = (threshold: number) => shareOf(strange, (one) => one[by].nearness >= threshold);
          const right = known.filter((one) => one[by].isRight);
          note(`${name}, 5 % of those named rightly rejected`, accepted(fifth(right.map((one) => one[by].nearness))));
          note(`${name}, 5 % of all known rejected`, accepted(fifth(known.map((one) => one[by].nearness))));
        }
        const right = known.filter(({ ours }) => ours.isRight);
        note(
          'ours, threshold as learned',
          shareOf(strange, ({ ours }) => ours.nearness >= 0),
        );
        note(
          '   and named rightly, but rejected',
          shareOf(right, ({ ours }) => ours.nearness < 0),
        );
        const wrong = known.filter(({ ours }) => !ours.isRight);
        note(
          '   and named wrongly, and rejected',
          shareOf(wrong, ({ ours }) => ours.nearness < 0),
        );
      }
    }
    return Object.fromEntries(
      Object.entries(sums).map(([name, all]) => [name, all.reduce((sum, value) => sum + value, 0) / all.length]),
    );
  });
}

function shareOf<T>(all: readonly T[], is: (one: T) => boolean): number {
  return all.length === 0 ? 0 : all.filter(is).length / all.length;
}

/** 5 % are below. */
function fifth(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(0.05 * values.length)]!;
}
