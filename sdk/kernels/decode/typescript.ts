import type { Candidates } from './candidates.ts';

/** A level of a pyramid of cells: `columns x rows` cells, row by row, each `stride` input pixels wide. */
export interface Level {
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
}

/**
 * NanoDet's head (Generalized Focal Loss, arXiv 2006.04388): a box's sides are the means of distributions over `bins`
 * distances from the cell's centre, in strides. Only the cells whose score passes the threshold are looked at.
 *
 * @param scores `cells x classes`, 0..1.
 * @param logits `cells x 4 x bins`: left, top, right, bottom.
 * @param cell First cell of this level in both arrays.
 * @param multiLabel A cell gives a box for each class that passes; else for its best one.
 */
export function decodeDistributions(
  scores: Float32Array,
  logits: Float32Array,
  cell: number,
  { stride, columns, rows }: Level,
  classes: number,
  bins: number,
  threshold: number,
  multiLabel: boolean,
  candidates: Candidates,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, cell++) {
      const first = cell * classes;
      let bestClass = -1;
      let best = threshold;
      for (let i = 0; i < classes; i++) {
        const score = scores[first + i]!;
        if (score >= best && (score > best || bestClass === -1)) {
          best = score;
          bestClass = i;
        }
      }
      if (bestClass === -1) continue;
      const at = cell * 4 * bins;
      const x = (column + 0.5) * stride;
      const y = (row + 0.5) * stride;
      const x1 = x - distributionMean(logits, at, bins) * stride;
      const y1 = y - distributionMean(logits, at + bins, bins) * stride;
      const x2 = x + distributionMean(logits, at + 2 * bins, bins) * stride;
      const y2 = y + distributionMean(logits, at + 3 * bins, bins) * stride;
      if (!multiLabel) {
        candidates.push(x1, y1, x2, y2, best, bestClass);
        continue;
      }
      for (let i = 0; i < classes; i++) {
        const score = scores[first + i]!;
        if (score >= threshold) candidates.push(x1, y1, x2, y2, score, i);
      }
    }
  }
}

/** The mean bin of a softmax. */
function distributionMean(logits: Float32Array, at: number, bins: number): number {
  let max = -Infinity;
  for (let i = 0; i < bins; i++) if (logits[at + i]! > max) max = logits[at + i]!;
  let total = 0;
  let sum = 0;
  for (let i = 0; i < bins; i++) {
    const weight = Math.exp(logits[at + i]! - max);
    total += weight;
    sum += weight * i;
  }
  return sum / total;
}
