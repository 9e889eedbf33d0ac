import { NearestTrainer } from '../../../sdk/learn/nearest.ts';
import { PrototypeTrainer } from '../../../sdk/learn/prototypes.ts';
import { SvmTrainer } from '../../../sdk/learn/svm.ts';
import type { EmbeddedPicture } from './embeddings.ts';
import { plainNearest, plainPrototypes, type Sklearn, tfjsNearest } from './peers.ts';
import { headOf, pick } from './splits.ts';

export interface Accuracy {
  readonly each: number;
  /** By name, for each seed the share of the test pictures that is named rightly. */
  readonly shares: Readonly<Record<string, number[]>>;
  /** How often each kind of head was chosen. */
  readonly kinds: Readonly<Record<string, number>>;
}

export async function accuracy(
  pictures: readonly EmbeddedPicture[],
  sklearn: Sklearn,
  seeds: number,
): Promise<Accuracy[]> {
  const labels = [...new Set(pictures.map(({ label }) => label))].sort();
  const test = pictures.flatMap(({ split }, i) => (split === 'test' ? [i] : []));
  const truth = test.map((place) => pictures[place]!.label);
  const results: Accuracy[] = [];
  for (const each of [5, 20]) {
    const shares: Record<string, number[]> = {};
    const kinds: Record<string, number> = {};
    for (let seed = 0; seed < seeds; seed++) {
      const train = pick(pictures, labels, each, seed);
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
      const version = `LinearSVC ${sklearn.version}, fp32`;
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
    results.push({ each, shares, kinds });
  }
  return results;
}
