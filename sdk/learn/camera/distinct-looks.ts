import { cosineOf, type Embedding } from '../../core/embedding.ts';

/** Cosine from which two looks are nearly the same picture. Measured: docs/learning.md, "On a camera". */
const alike = 0.94;

/**
 * Looks at one thing, without those that are nearly the same picture as a better one. Of a thing that stands still they say
 * nothing new, and when one of them is left out the others name it: the head would be sure of itself, and take for unknown
 * what looks a little different the next day.
 *
 * @param looks The best first.
 *
 * @example
 * distinctLooks(await camera.looksAt({ track: 7 })); // three of who walks by, one of who stands still
 */
export function distinctLooks<Look extends { readonly embedding: Embedding }>(looks: readonly Look[]): Look[] {
  const kept: Look[] = [];
  for (const look of looks) {
    if (kept.every((better) => cosineOf(better.embedding, look.embedding) < alike)) kept.push(look);
  }
  return kept;
}
