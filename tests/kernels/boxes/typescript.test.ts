import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistributionHead } from '../../../sdk/kernels/boxes/boxes.ts';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';
import { boxesKernels } from '../../../sdk/kernels/boxes/typescript.ts';

const bins = 4;
const head = new DistributionHead([{ stride: 8, columns: 2, rows: 2 }], 2, bins);

function decode(scores: number[], logits: number[], options: { threshold?: number; multiLabel?: boolean } = {}) {
  const candidates = new Candidates();
  const { threshold = 0.5, multiLabel = false } = options;
  const all = [Float32Array.from(scores), Float32Array.from(logits)] as const;
  boxesKernels.distributions(head, ...all, threshold, multiLabel, candidates);
  const { boxes, scores: found, classIds, length } = candidates;
  return Array.from({ length }, (_, i) => ({
    box: [...boxes.subarray(i * 4, i * 4 + 4)],
    score: Number(found[i]!.toFixed(4)),
    classId: classIds[i]!,
  }));
}

/** A distribution that is all in one bin: the distance is that bin. */
const sure = (bin: number) => Array.from({ length: bins }, (_, i) => (i === bin ? 50 : -50));
const cell = (left: number, top: number, right: number, bottom: number) => [left, top, right, bottom].flatMap(sure);
const nowhere = cell(0, 0, 0, 0);

describe('distributions', () => {
  it('puts boxes around the centres of their cells, distances in strides', () => {
    const scores = [0, 0.9, 0, 0, 0, 0, 0.6, 0.1];
    const logits = [...cell(0, 1, 2, 3), ...nowhere, ...nowhere, ...cell(1, 1, 1, 1)];
    // Cell 0 has its centre at (4, 4), cell 3 at (12, 12).
    expect(decode(scores, logits)).toEqual([
      { box: [4, -4, 20, 28], score: 0.9, classId: 1 },
      { box: [4, 4, 20, 20], score: 0.6, classId: 0 },
    ]);
  });

  it('takes the mean of a distribution: even ones lie in the middle', () => {
    const [found] = decode([1, 0, 0, 0, 0, 0, 0, 0], new Array(4 * 4 * bins).fill(7));
    // (0 + 1 + 2 + 3) / 4 strides to each side.
    expect(found!.box).toEqual([4 - 12, 4 - 12, 4 + 12, 4 + 12]);
  });

  it('takes the best class of a cell, or each that passes', () => {
    const scores = [0.6, 0.8, 0, 0, 0, 0, 0, 0];
    const logits = new Array(4 * 4 * bins).fill(0);
    expect(decode(scores, logits).map(({ score, classId }) => [classId, score])).toEqual([[1, 0.8]]);
    expect(decode(scores, logits, { multiLabel: true }).map(({ score, classId }) => [classId, score])).toEqual([
      [0, 0.6],
      [1, 0.8],
    ]);
  });

  it('takes a score that is exactly the threshold, and the first of equal classes', () => {
    const logits = new Array(4 * 4 * bins).fill(0);
    expect(decode([0.5, 0.5, 0.4999, 0, 0, 0, 0, 0], logits)).toMatchObject([{ classId: 0, score: 0.5 }]);
  });

  it('does not overflow on large logits', () => {
    const found = decode(
      [1, 0, 0, 0, 0, 0, 0, 0],
      new Array(4 * 4 * bins).fill(0).map((_, i) => (i % bins) * 1e4),
    );
    expect(found[0]!.box).toEqual([4 - 24, 4 - 24, 4 + 24, 4 + 24]);
  });

  it('agrees with a plain softmax', () => {
    const logit = fc.double({ min: -8, max: 8, noNaN: true });
    fc.assert(
      fc.property(fc.array(logit, { minLength: 4 * bins, maxLength: 4 * bins }), (logits) => {
        const rest = new Array(3 * 4 * bins).fill(0);
        const [found] = decode([1, 0, 0, 0, 0, 0, 0, 0], [...logits, ...rest]);
        const side = (at: number) => {
          const weights = logits.slice(at * bins, at * bins + bins).map(Math.exp);
          const total = weights.reduce((a, b) => a + b);
          return 8 * weights.reduce((sum, weight, i) => sum + (weight / total) * i, 0);
        };
        const expected = [4 - side(0), 4 - side(1), 4 + side(2), 4 + side(3)];
        for (let i = 0; i < 4; i++) expect(found!.box[i]).toBeCloseTo(expected[i]!, 4);
      }),
    );
  });
});
