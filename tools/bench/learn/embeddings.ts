import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadClassifier } from '../../../sdk/core/classifier.ts';
import { InputError } from '../../../sdk/errors.ts';
import { readPicture } from '../../../sdk/frame/picture.ts';
import type { Embedding } from '../../../sdk/learn/embedding.ts';

/** One picture of a data set. */
export interface EmbeddedPicture {
  readonly label: string;
  readonly split: 'train' | 'test';
  /** By our own core. */
  readonly int8: Embedding;
  /** By the fp32 network. */
  readonly fp32: Float32Array;
}

/**
 * Embeds the pictures of a folder with `test/LABEL/` and `train/LABEL/`, in the order of their paths.
 *
 * @param fp32File What `tools/port/port.sh embed` wrote of the same pictures in the same order. Default: the 8-bit
 *   embeddings as floats.
 * @throws InputError when the file is of other pictures.
 */
export async function embedPictures(folder: string, fp32File: string | undefined): Promise<EmbeddedPicture[]> {
  const classifier = await loadClassifier();
  const pictures: Omit<EmbeddedPicture, 'fp32'>[] = [];
  try {
    for (const split of ['test', 'train'] as const) {
      for (const label of readdirSync(join(folder, split)).sort()) {
        for (const name of readdirSync(join(folder, split, label)).sort()) {
          const frame = await readPicture(join(folder, split, label, name));
          const [int8] = await classifier.embed(frame);
          frame.release();
          pictures.push({ label, split, int8: int8! });
        }
      }
    }
  } finally {
    await classifier.close();
  }
  const { dimension } = classifier.card;
  const floats = fp32File === undefined ? undefined : readFloats(fp32File, pictures.length * dimension);
  return pictures.map((picture, i) => ({
    ...picture,
    fp32:
      floats?.subarray(i * dimension, (i + 1) * dimension) ??
      Float32Array.from(picture.int8.values, (value) => value * picture.int8.scale),
  }));
}

function readFloats(file: string, count: number): Float32Array {
  const bytes = readFileSync(file);
  if (bytes.length !== 4 * count) throw new InputError(`${file}: expected ${count} floats, got ${bytes.length / 4}`);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
