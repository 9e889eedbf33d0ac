import { kernels } from '../kernels/kernels.ts';
import type { Embedding } from './embedding.ts';

/**
 * What heads compare: the square roots of an embedding's values, 8 bits again. Few large values say less then, which
 * is worth three points of accuracy on pictures of clothing (docs/learning.md). Two of them are compared by their
 * cosine (the Hellinger kernel; Arandjelovic and Zisserman 2012), so the scale does not matter.
 */
export interface Features {
  readonly values: Int8Array;
  /** Of the values; above 0 unless all are 0. */
  readonly length: number;
}

const largest = 127;
/** By the value's low 8 bits. */
const roots = Int8Array.from({ length: 256 }, (_, byte) => {
  const value = (byte << 24) >> 24;
  return Math.sign(value) * Math.min(largest, Math.round(Math.sqrt(Math.abs(value) * largest)));
});

/** @param values Where they go. Default: a new array. */
export function featuresOf(embedding: Embedding, values = new Int8Array(embedding.values.length)): Features {
  for (let i = 0; i < values.length; i++) values[i] = roots[embedding.values[i]! & 255]!;
  return { values, length: Math.sqrt(kernels.dot.dotI8(values, values)) };
}
