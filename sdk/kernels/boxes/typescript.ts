import type { BoxesKernels, DistributionHead, Quantised } from './boxes.ts';
import type { Candidates } from './candidates.ts';
import { expOf } from './exp.ts';
import { classwiseNms } from './nms.ts';

const { fround } = Math;

/** The TypeScript twin: the same bits as the native kernels. All arithmetic on boxes is in 32-bit floats. */
export const boxesKernels: BoxesKernels = {
  distributions(head, scores, logits, threshold, multiLabel, candidates) {
    head.assertFits(scores.length, logits.length);
    const size = 4 * head.bins;
    const sidesOf = (cell: number) => logits.subarray(cell * size, (cell + 1) * size);
    decode(head, scores, fround(threshold), (score) => score, sidesOf, multiLabel, candidates);
  },
  quantised(head, scores, logits, threshold, multiLabel, candidates) {
    head.assertFits(scores.data.length, logits.data.length);
    const scoreOf = dequantiser(scores);
    let least = 0;
    while (least < 256 && !(scoreOf(least) >= fround(threshold))) least++;
    const logitOf = dequantiser(logits);
    const sides = new Float32Array(4 * head.bins);
    const sidesOf = (cell: number) => {
      for (let i = 0; i < sides.length; i++) sides[i] = logitOf(logits.data[cell * sides.length + i]!);
      return sides;
    };
    decode(head, scores.data, least, scoreOf, sidesOf, multiLabel, candidates);
  },
  classwiseNms,
};

function dequantiser({ scale, zeroPoint }: Quantised): (stored: number) => number {
  const single = fround(scale);
  return (stored) => fround((stored - zeroPoint) * single);
}

/**
 * @param least The least score that passes, as scores are stored; `scoreOf` gives what a stored one means.
 * @param sidesOf The logits of a cell's four sides.
 */
function decode(
  { levels, classes, bins }: DistributionHead,
  scores: Float32Array | Uint8Array,
  least: number,
  scoreOf: (stored: number) => number,
  sidesOf: (cell: number) => Float32Array,
  multiLabel: boolean,
  candidates: Candidates,
): void {
  let cell = 0;
  for (const { stride, columns, rows } of levels) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, cell++) {
        const end = (cell + 1) * classes;
        let at = cell * classes;
        // Most scores are far below: no more than this is done for them.
        while (at < end && !(scores[at]! >= least)) at++;
        if (at === end) continue;
        const sides = sidesOf(cell);
        const x = fround((column + 0.5) * stride);
        const y = fround((row + 0.5) * stride);
        const x1 = fround(x - distance(sides, 0, bins, stride));
        const y1 = fround(y - distance(sides, bins, bins, stride));
        const x2 = fround(x + distance(sides, 2 * bins, bins, stride));
        const y2 = fround(y + distance(sides, 3 * bins, bins, stride));
        if (multiLabel) {
          for (; at < end; at++) {
            const score = scores[at]!;
            if (score >= least) candidates.push(x1, y1, x2, y2, scoreOf(score), at - cell * classes);
          }
        } else {
          let best = at;
          for (at++; at < end; at++) if (scores[at]! > scores[best]!) best = at;
          candidates.push(x1, y1, x2, y2, scoreOf(scores[best]!), best - cell * classes);
        }
      }
    }
  }
}

/** The mean bin of a softmax, in input pixels. */
function distance(logits: Float32Array, at: number, bins: number, stride: number): number {
  let max = -Infinity;
  for (let i = 0; i < bins; i++) if (logits[at + i]! > max) max = logits[at + i]!;
  let total = 0;
  let sum = 0;
  for (let i = 0; i < bins; i++) {
    const weight = expOf(fround(logits[at + i]! - max));
    total = fround(total + weight);
    sum = fround(sum + fround(weight * i));
  }
  return fround(fround(sum / total) * stride);
}
