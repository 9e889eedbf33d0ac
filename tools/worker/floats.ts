import type { Embedding } from '../../sdk/core/embedding.ts';

/**
 * The numbers of an embedding, as floats of 32 bits. Nothing is lost: `quantiseEmbedding` makes the same embedding of them, to
 * the bit, so what is learned from a table of them is what a board learns from the pictures.
 */
export function floatsOf({ values, scale }: Embedding): Float32Array {
  return Float32Array.from(values, (value) => value * scale);
}
