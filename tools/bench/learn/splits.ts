import type { Embedding } from '../../../sdk/learn/embedding.ts';
import type { Example } from '../../../sdk/learn/example.ts';
import { defaultTrainers, type Head, trainHead } from '../../../sdk/learn/head.ts';
import type { HeadTrainer } from '../../../sdk/learn/trainer.ts';
import { TrainingData } from '../../../sdk/learn/training-set.ts';
import type { EmbeddedPicture } from './embeddings.ts';

/** The same numbers each time, 0..1 (Mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many training pictures of each of these labels, by chance. @returns Their places. */
export function pick(
  pictures: readonly EmbeddedPicture[],
  labels: readonly string[],
  each: number,
  seed: number,
): number[] {
  const next = random(seed);
  return labels.flatMap((label) => {
    const own = pictures.flatMap((one, i) => (one.label === label && one.split === 'train' ? [i] : []));
    for (let i = own.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [own[i], own[j]] = [own[j]!, own[i]!];
    }
    return own.slice(0, each);
  });
}

export function exampleOf(label: string, embedding: Embedding, number: number): Example {
  const id = `${'0'.repeat(16)}-${number + 1}`;
  const where = { node: 'bench', head: 'object', camera: 'bench', kind: 'box' } as const;
  return { ...where, id, label, negative: false, timeMs: number, embedding };
}

export function headOf(
  pictures: readonly EmbeddedPicture[],
  places: readonly number[],
  trainers?: HeadTrainer[],
): Head {
  const examples = places.map((place, i) => exampleOf(pictures[place]!.label, pictures[place]!.int8, i));
  return trainHead('object', new TrainingData().update(examples), trainers ?? defaultTrainers())!;
}
