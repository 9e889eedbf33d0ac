import type { Embedding } from '../../core/embedding.ts';
import { kernels } from '../../kernels/kernels.ts';

/**
 * What heads compare: an embedding's values to the power of three quarters, in 8 bits again. This reduces the weight of a
 * few large values, which is worth a point of accuracy on pictures of clothing (docs/learning.md). They are compared by
 * cosine, so the scale does not matter.
 */
export interface Features {
  readonly values: Int8Array;
  /** Length of the values; above 0 unless all are 0. */
  readonly length: number;
}

const largest = 127;
/** Indexed by the value's low 8 bits. Uses square roots, which are the same on each processor; `Math.pow` need not be. */
const powers = Int8Array.from({ length: 256 }, (_, byte) => {
  const value = (byte << 24) >> 24;
  const root = Math.sqrt(Math.abs(value) / largest);
  return Math.sign(value) * Math.min(largest, Math.round(largest * root * Math.sqrt(root)));
});

/** @param values The array to write to. Default: a new array. */
export function featuresOf(embedding: Embedding, values = new Int8Array(embedding.values.length)): Features {
  for (let i = 0; i < values.length; i++) values[i] = powers[embedding.values[i]! & 255]!;
  return { values, length: Math.sqrt(kernels.dot.dotI8(values, values)) };
}

/** The features' length in the network's own unit, whatever the scale of the 8 bits: how much the network saw in total. */
export function strengthOf({ length }: Features, { scale }: Embedding): number {
  const root = Math.sqrt(scale);
  return length * root * Math.sqrt(root);
}
