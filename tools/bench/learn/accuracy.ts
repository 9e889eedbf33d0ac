import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import { type FewShot, fewShot } from '../../../sdk/learn/heads/few-shot.ts';
import type { Progress } from '../progress.ts';
import type { EmbeddedPicture } from './embeddings.ts';
import { plainNearest, plainPrototypes, type Sklearn, tfjsNearest } from './peers.ts';

export type Accuracy = FewShot & { readonly title: string };

/**
 * Ours and the peers on the same splits: those that the data set has, and, since its test pictures are few, drawn from all
 * pictures, with all that were not drawn to be named.
 *
 * @param options What LinearSVC is given, for the table, and the network's own classes.
 */
export async function accuracy(
  pictures: readonly EmbeddedPicture[],
  { floats, classLayer }: { floats: string; classLayer: ClassLayer | undefined },
  sklearn: Sklearn,
  seeds: number,
  progress: Progress,
): Promise<Accuracy[]> {
  const everywhere = pictures.map(({ split: _, ...picture }) => picture);
  const labels = pictures.map(({ label }) => label);
  const version = `LinearSVC ${sklearn.version}, ${floats}`;
  const results: Accuracy[] = [];
  for (const [tested, all, examples] of [
    ['TEST', pictures, 5],
    ['TEST', pictures, 20],
    ['ALL OTHERS', everywhere, 5],
    ['ALL OTHERS', everywhere, 20],
  ] as const) {
    let seed = 0;
    const found = await fewShot(all, { examples, seeds, classLayer }, async ({ train, test }) => {
      progress.next(`${examples} a label, ${tested.toLowerCase()}: seed ${++seed} of ${seeds}`);
      const known = train.map((place) => pictures[place]!);
      const by = (namer: ReturnType<typeof plainPrototypes>) =>
        test.map((place) => namer(pictures[place]!.embedding).label);
      return {
        [version]: (await sklearn.fit({ labels, train, test })).named,
        [`${version}, at length 1`]: (await sklearn.fit({ labels, train, test, normalise: true })).named,
        'plain prototypes (imprinting)': by(plainPrototypes(known)),
        'plain nearest, k = 1': by(plainNearest(known, 1)),
        'plain nearest, k = 5': by(plainNearest(known, 5)),
        'TensorFlow.js knn-classifier': by(tfjsNearest(known)),
      };
    });
    results.push({ ...found, title: `${examples} A LABEL, ${tested}` });
  }
  return results;
}
