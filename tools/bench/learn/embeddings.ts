import { readFileSync } from 'node:fs';
import { InputError } from '../../../sdk/base/errors.ts';
import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import type { LabelledEmbedding } from '../../../sdk/learn/heads/few-shot.ts';
import { embedSet } from '../../cli/evaluate-learning.ts';

/** One picture of a data set, embedded by our own core and by the fp32 network. */
export type EmbeddedPicture = LabelledEmbedding & { readonly fp32: Float32Array };

/**
 * Embeds the pictures of a folder with `test/LABEL/` and `train/LABEL/`, in the order of their paths.
 *
 * @param model Which embeds them. Default: the default network.
 * @param fp32File What `tools/port/port.sh embed` wrote of the same pictures in the same order. Default: the 8-bit
 *   embeddings as floats.
 * @throws InputError when the file is of other pictures.
 */
export async function embedPictures(
  folder: string,
  model: string | undefined,
  fp32File: string | undefined,
): Promise<{ model: string; pictures: EmbeddedPicture[]; classLayer?: ClassLayer }> {
  const { model: name, pictures, classLayer } = await embedSet(folder, model === undefined ? {} : { model });
  const dimension = pictures[0]!.embedding.values.length;
  const floats = fp32File === undefined ? undefined : readFloats(fp32File, pictures.length * dimension);
  const embedded = pictures.map((picture, i) => {
    const { values, scale } = picture.embedding;
    const own = floats?.subarray(i * dimension, (i + 1) * dimension);
    return { ...picture, fp32: own ?? Float32Array.from(values, (value) => value * scale) };
  });
  return { model: name, pictures: embedded, ...(classLayer && { classLayer }) };
}

function readFloats(file: string, count: number): Float32Array {
  const bytes = readFileSync(file);
  if (bytes.length !== 4 * count) throw new InputError(`${file}: expected ${count} floats, got ${bytes.length / 4}`);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
