import { NearestTrainer } from '../../../sdk/learn/nearest.ts';
import { PrototypeTrainer } from '../../../sdk/learn/prototypes.ts';
import { SvmTrainer } from '../../../sdk/learn/svm.ts';
import type { EmbeddedPicture } from './embeddings.ts';
import { plainNearest, plainPrototypes, type Sklearn, tfjsNearest } from './peers.ts';
import { headOf, pick } from './splits.ts';

export interface Accuracy {
  readonly each: number;
  /** Which pictures were named. */
  readonly tested: string;
  /** By name, for each seed the share of the test pictures that is named rightly. */
  readonly shares: Readonly<Record<string, number[]>>;
  /** How often each kind of head was chosen. */
  readonly kinds: Readonly<Record<string, number>>;
}

/**
 * Each seed draws the training pictures and names others: those of the `test` split, or, since these are few, drawn from all
 * pictures, all that were not drawn.
 *
 * @param floats What LinearSVC is given, for the table.
 */
export async function accuracy(
  pictures: readonly EmbeddedPicture[],
  floats: string,
  sklearn: Sklearn,
  seeds: number,
): Promise<Accuracy[]> {
  const results: Accuracy[] = [];
  const everywhere = pictures.map((picture) => ({ ...picture, split: 'train' as const }));
  for (const [tested, drawn, each] of [
    ['TEST', pictures, 5],
    ['TEST', pictures, 20],
    ['ALL OTHERS', everywhere, 5],
    ['ALL OTHERS', everywhere, 20],
  ] as const) {
    const labels = [...new Set(drawn.map(({ label }) => label))].sort();
    const shares: Record<string, number[]> = {};
    const kinds: Record<string, number> = {};
    for (let seed = 0; seed < seeds; seed++) {
      const train = pick(drawn, labels, each, seed);
      const seen = new Set(train);
      const test = drawn.flatMap(({ split }, i) =>
        seen.has(i) || (drawn === pictures && split === 'train') ? [] : [i],
      );
      const truth = test.map((place) => pictures[place]!.label);
      const score = (name: string, named: readonly string[]) => {
        const right = named.filter((label, i) => label === truth[i]).length;
        shares[name] = [...(shares[name] ?? []), right / truth.length];
      };
      const chosen = headOf(pictures, train);
      kinds[chosen.info.kind] = (kinds[chosen.info.kind] ?? 0) + 1;
      const heads = {
        'ours, chosen by leave-one-out': chosen,
        'ours, svm': headOf(pictures, train, [new SvmTrainer()]),
        'ours, prototypes': headOf(pictures, train, [new PrototypeTrainer()]),
        'ours, nearest': headOf(pictures, train, [new NearestTrainer()]),
      };
      for (const [name, head] of Object.entries(heads)) {
        score(
          name,
          test.map((place) => head.predict(pictures[place]!.int8).nearest),
        );
      }
      const all = pictures.map(({ label }) => label);
      const version = `LinearSVC ${sklearn.version}, ${floats}`;
      score(version, (await sklearn.fit({ labels: all, train, test })).named);
      score(`${version}, at length 1`, (await sklearn.fit({ labels: all, train, test, normalise: true })).named);
      const examples = train.map((place) => pictures[place]!);
      const peers = {
        'plain prototypes (imprinting)': plainPrototypes(examples),
        'plain nearest, k = 1': plainNearest(examples, 1),
        'plain nearest, k = 5': plainNearest(examples, 5),
        'TensorFlow.js knn-classifier': tfjsNearest(examples),
      };
      for (const [name, namer] of Object.entries(peers)) {
        score(
          name,
          test.map((place) => namer(pictures[place]!.int8).label),
        );
      }
    }
    results.push({ each, tested, shares, kinds });
  }
  return results;
}
