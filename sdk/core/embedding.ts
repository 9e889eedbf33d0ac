import { InputError } from '../base/errors.ts';
import { kernels } from '../kernels/kernels.ts';

/** What an embedding network says of a picture or a region of it, 8 bits a number. Number i is `values[i] * scale`. */
export interface Embedding {
  readonly values: Int8Array;
  /** Finite and above 0. */
  readonly scale: number;
}

/**
 * An embedding in 8 bits: symmetric, so that zero stays zero; the largest magnitude becomes 127. Ties are rounded up.
 *
 * @throws InputError when a number is not finite.
 */
export function quantiseEmbedding(float: Float32Array): Embedding {
  let largest = 0;
  for (const value of float) {
    if (!Number.isFinite(value)) throw new InputError(`embedding: expected finite numbers, got ${value}`);
    largest = Math.max(largest, Math.abs(value));
  }
  // Of nothing but zeros, any scale is right.
  const scale = largest > 0 ? largest / 127 : 1;
  return { values: Int8Array.from(float, (value) => Math.round(value / scale)), scale };
}

/** Of two embeddings of one space, -1..1; 0 where one of them is nothing but zeros. */
export function cosineOf({ values: a }: Embedding, { values: b }: Embedding): number {
  const { dotI8 } = kernels.dot;
  const lengths = Math.sqrt(dotI8(a, a) * dotI8(b, b));
  return lengths > 0 ? dotI8(a, b) / lengths : 0;
}
