import { readFileSync } from 'node:fs';
import { InputError } from '../../../sdk/errors.ts';
import type { Embedding } from '../../../sdk/learn/embedding.ts';
import { readSafeTensors } from '../../../sdk/learn/safetensors.ts';

/** One picture of a data set, by both networks. */
export interface EmbeddedPicture {
  readonly label: string;
  readonly split: 'train' | 'test';
  readonly int8: Embedding;
  readonly fp32: Float32Array;
}

/**
 * Reads a safetensors file with `int8` (I8, N x dimension), `scales` (F64, N) and `fp32` (F32, N x dimension), and in its
 * metadata `labels` and `splits`, each a list in JSON.
 *
 * @throws InputError when it is not such a file.
 */
export function readEmbeddings(file: string): EmbeddedPicture[] {
  const { metadata, tensors } = readSafeTensors(readFileSync(file));
  const labels = JSON.parse(metadata.labels ?? '[]') as string[];
  const splits = JSON.parse(metadata.splits ?? '[]') as ('train' | 'test')[];
  const [int8, scales, fp32] = [tensors.int8, tensors.scales, tensors.fp32];
  const fits = int8?.data instanceof Int8Array && scales?.data instanceof Float64Array;
  if (!fits || !(fp32?.data instanceof Float32Array) || int8.data.length !== fp32.data.length) {
    throw new InputError(`${file}: expected int8 (I8), scales (F64) and fp32 (F32) of the same pictures`);
  }
  const dimension = int8.shape[1]!;
  return labels.map((label, i) => ({
    label,
    split: splits[i]!,
    int8: {
      values: (int8.data as Int8Array).subarray(i * dimension, (i + 1) * dimension),
      scale: scales.data[i]!,
    },
    fp32: (fp32.data as Float32Array).subarray(i * dimension, (i + 1) * dimension),
  }));
}
