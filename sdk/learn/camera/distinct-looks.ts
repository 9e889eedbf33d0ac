import { cosineOf, type Embedding } from '../../core/embedding.ts';

/** Cosine from which two looks are nearly the same picture. Measured: docs/learning.md, "On a camera". */
const alike = 0.94;

/**
 * Returns looks at one object without near duplicates of a better one. Duplicates of a still object add nothing, and
 * when one is left out the others name it: the head would be overconfident, and take for unknown what looks a little
 * different the next day.
 *
 * @param looks The best first.
 *
 * @example
 * distinctLooks(await camera.looksAt({ track: 7 })); // three of a passer-by, one of an object at rest
 */
export function distinctLooks<Look extends { readonly embedding: Embedding }>(looks: readonly Look[]): Look[] {
  const kept: Look[] = [];
  for (const look of looks) {
    if (kept.every((better) => cosineOf(better.embedding, look.embedding) < alike)) kept.push(look);
  }
  return kept;
}
