import type { Candidates } from '../../kernels/boxes/candidates.ts';

/**
 * Adds a cell's box for its best class, or with `multiLabel` for each class that passes.
 *
 * @param at Index of the cell's first class score; the next ones follow every `step`. @param factor Multiplies each
 * score: the objectness, or 1. @param origin Where the cell is, for its keypoints or mask.
 */
export function pushClasses(
  data: Float32Array,
  at: number,
  step: number,
  classes: number,
  factor: number,
  threshold: number,
  multiLabel: boolean,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  candidates: Candidates,
  origin = 0,
): void {
  let bestClass = -1;
  let best = 0;
  for (let i = 0; i < classes; i++) {
    const score = data[at + i * step]! * factor;
    if (!(score >= threshold)) continue;
    if (multiLabel) candidates.push(x1, y1, x2, y2, score, i, origin);
    else if (bestClass === -1 || score > best) {
      best = score;
      bestClass = i;
    }
  }
  if (bestClass !== -1) candidates.push(x1, y1, x2, y2, best, bestClass, origin);
}
