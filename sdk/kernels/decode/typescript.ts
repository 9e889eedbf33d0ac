import type { Candidates } from './candidates.ts';
import type { DecodeKernels, DistributionHead, Quantised } from './decode.ts';
import { expOf } from './exp.ts';
import { classwiseNms } from './nms.ts';

const { fround } = Math;

/** The TypeScript twin: the same bits as the native kernels. All arithmetic on boxes is in 32-bit floats. */
export const decodeKernels: DecodeKernels = {
  distributions(head, scores, logits, threshold, multiLabel, candidates) {
    head.assertFits(scores.length, logits.length);
    decode(head, scores, fround(threshold), asIs, { data: logits, value: asIs }, multiLabel, candidates);
  },
  quantised(head, scores, logits, threshold, multiLabel, candidates) {
    head.assertFits(scores.data.length, logits.data.length);
    const scoreOf = dequantiser(scores);
    let least = 0;
    while (least < 256 && !(scoreOf(least) >= fround(threshold))) least++;
    const sides = { data: logits.data, value: dequantiser(logits) };
    decode(head, scores.data, least, scoreOf, sides, multiLabel, candidates);
  },
  classwiseNms,
};

type Value = (stored: number) => number;

const asIs: Value = (stored) => stored;

function dequantiser({ scale, zeroPoint }: Quantised): Value {
  const single = fround(scale);
  return (stored) => fround((stored - zeroPoint) * single);
}

interface Logits {
  readonly data: Float32Array | Uint8Array;
  readonly value: Value;
}

/** @param least The least score that passes, as scores are stored; `scoreOf` gives what a stored one means. */
function decode(
  { levels, classes, bins }: DistributionHead,
  scores: Float32Array | Uint8Array,
  least: number,
  scoreOf: Value,
  logits: Logits,
  multiLabel: boolean,
  candidates: Candidates,
): void {
  let cell = 0;
  for (const { stride, columns, rows } of levels) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, cell++) {
        const first = cell * classes;
        const bestClass = bestOf(scores, first, classes, least);
        if (bestClass === -1) continue;
        const at = cell * 4 * bins;
        const x = fround((column + 0.5) * stride);
        const y = fround((row + 0.5) * stride);
        const x1 = fround(x - distance(logits, at, bins, stride));
        const y1 = fround(y - distance(logits, at + bins, bins, stride));
        const x2 = fround(x + distance(logits, at + 2 * bins, bins, stride));
        const y2 = fround(y + distance(logits, at + 3 * bins, bins, stride));
        if (!multiLabel) {
          candidates.push(x1, y1, x2, y2, scoreOf(scores[first + bestClass]!), bestClass);
          continue;
        }
        for (let i = 0; i < classes; i++) {
          const score = scores[first + i]!;
          if (score >= least) candidates.push(x1, y1, x2, y2, scoreOf(score), i);
        }
      }
    }
  }
}

/** The best class that passes, the first of equals, or -1. */
function bestOf(scores: Float32Array | Uint8Array, first: number, classes: number, least: number): number {
  let bestClass = -1;
  let best = least;
  for (let i = 0; i < classes; i++) {
    const score = scores[first + i]!;
    if (score >= best && (score > best || bestClass === -1)) {
      best = score;
      bestClass = i;
    }
  }
  return bestClass;
}

/** The mean bin of a softmax, in input pixels. */
function distance({ data, value }: Logits, at: number, bins: number, stride: number): number {
  let max = -Infinity;
  for (let i = 0; i < bins; i++) {
    const logit = value(data[at + i]!);
    if (logit > max) max = logit;
  }
  let total = 0;
  let sum = 0;
  for (let i = 0; i < bins; i++) {
    const weight = expOf(fround(value(data[at + i]!) - max));
    total = fround(total + weight);
    sum = fround(sum + fround(weight * i));
  }
  return fround(fround(sum / total) * stride);
}
