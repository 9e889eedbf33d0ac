import { InputError } from '../base/errors.ts';
import { kernels } from '../kernels/kernels.ts';

/** The embedding of a picture or a region, in 8 bits per number. Number i is `values[i] * scale`. */
export interface Embedding {
  readonly values: Int8Array;
  /** Finite and above 0. */
  readonly scale: number;
}

/**
 * Quantises an embedding to 8 bits, symmetrically: zero stays zero, the largest magnitude becomes 127. Ties are rounded
 * up.
 *
 * @throws InputError when a number is not finite.
 */
export function quantiseEmbedding(float: Float32Array): Embedding {
  let largest = 0;
  for (const value of float) {
    if (!Number.isFinite(value)) throw new InputError(`embedding: expected finite numbers, got ${value}`);
    largest = Math.max(largest, Math.abs(value));
  }
  // For zeros any scale is right.
  const scale = largest > 0 ? largest / 127 : 1;
  return { values: Int8Array.from(float, (value) => Math.round(value / scale)), scale };
}

/** Cosine similarity of two embeddings of one space, -1..1; 0 if one of them is zero. */
export function cosineOf({ values: a }: Embedding, { values: b }: Embedding): number {
  const { dotI8 } = kernels.dot;
  const lengths = Math.sqrt(dotI8(a, a) * dotI8(b, b));
  return lengths > 0 ? dotI8(a, b) / lengths : 0;
}
