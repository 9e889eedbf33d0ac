import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classwiseNms, iou } from '../../../sdk/kernels/boxes/nms.ts';

interface Row {
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  readonly classId: number;
}

function suppress(rows: readonly Row[], threshold: number, maxKept?: number): Row[] {
  const boxes = Float32Array.from(rows.flatMap(({ box }) => box));
  const scores = Float32Array.from(rows, ({ score }) => score);
  const classIds = Int32Array.from(rows, ({ classId }) => classId);
  const kept = classwiseNms(boxes, scores, classIds, rows.length, threshold, maxKept);
  return Array.from(kept, (i) => rows[i]!);
}

/** The definition: again and again the best box that is left, and away with what overlaps it. */
function bruteForce(rows: readonly Row[], threshold: number): Row[] {
  let left = [...rows];
  const kept: Row[] = [];
  while (left.length > 0) {
    const best = left.reduce((a, b) => (b.score > a.score ? b : a));
    kept.push(best);
    left = left.filter(
      (row) => row !== best && (row.classId !== best.classId || overlap(row.box, best.box) <= threshold),
    );
  }
  return kept;
}

function overlap(a: Row['box'], b: Row['box']): number {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (w <= 0 || h <= 0) return 0;
  const area = (box: Row['box']) => (box[2] - box[0]) * (box[3] - box[1]);
  return (w * h) / (area(a) + area(b) - w * h);
}

/** Whole numbers, so that both sides compute overlaps exactly alike. */
const anyRow: fc.Arbitrary<Row> = fc
  .record({ x: fc.nat(50), y: fc.nat(50), w: fc.nat(30), h: fc.nat(30), score: fc.nat(20), classId: fc.nat(3) })
  .map(({ x, y, w, h, score, classId }) => ({ box: [x, y, x + w, y + h], score: Math.fround(score / 20), classId }));
const anyRows = fc.array(anyRow, { maxLength: 60 });
const anyThreshold = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);

describe('classwiseNms', () => {
  it('is what its definition says', () => {
    fc.assert(
      fc.property(anyRows, anyThreshold, (rows, threshold) => {
        expect(suppress(rows, threshold)).toEqual(bruteForce(rows, threshold));
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order, where scores differ', () => {
    const different = anyRows.map((rows) => rows.map((row, i) => ({ ...row, score: Math.fround((i + 1) / 100) })));
    const shuffled = different.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    );
    fc.assert(
      fc.property(shuffled, anyThreshold, ([rows, others], threshold) => {
        expect(suppress(others, threshold)).toEqual(suppress(rows, threshold));
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(anyRows, anyThreshold, (rows, threshold) => {
        const once = suppress(rows, threshold);
        expect(suppress(once, threshold)).toEqual(once);
      }),
    );
  });

  it('leaves no overlap above the threshold within a class', () => {
    fc.assert(
      fc.property(anyRows, anyThreshold, (rows, threshold) => {
        const kept = suppress(rows, threshold);
        const worst = Math.max(
          0,
          ...kept.flatMap((a, i) => kept.slice(0, i).map((b) => (a.classId === b.classId ? overlap(a.box, b.box) : 0))),
        );
        expect(worst).toBeLessThanOrEqual(threshold);
      }),
    );
  });

  it('gives the first of what it would give, when it may keep only so many', () => {
    fc.assert(
      fc.property(anyRows, anyThreshold, fc.nat(20), (rows, threshold, count) => {
        expect(suppress(rows, threshold, count)).toEqual(suppress(rows, threshold).slice(0, count));
      }),
    );
  });

  it('ranks a score of -0 and a NaN last', () => {
    const row = (score: number, x: number): Row => ({ box: [x, 0, x + 1, 1], score, classId: 0 });
    const kept = suppress([row(-0, 0), row(Number.NaN, 10), row(0.1, 20), row(1, 30)], 0.5);
    expect(kept.slice(0, 2).map(({ score }) => score)).toEqual([1, 0.1]);
    expect(kept).toHaveLength(4);
  });

  it('looks at the first `length` boxes only: the arrays are longer than what is in them', () => {
    const scores = Float32Array.of(0.5, 0.9);
    const boxes = Float32Array.of(0, 0, 1, 1, 5, 5, 6, 6);
    expect([...classwiseNms(boxes, scores, Int32Array.of(0, 0), 1, 0.5)]).toEqual([0]);
  });
});

describe('iou', () => {
  it.each([
    { name: 'the same box', boxes: [0, 0, 2, 2, 0, 0, 2, 2], value: 1 },
    { name: 'a half beside it', boxes: [0, 0, 2, 2, 1, 0, 3, 2], value: 1 / 3 },
    { name: 'a quarter inside', boxes: [0, 0, 4, 4, 1, 1, 3, 3], value: 1 / 4 },
    { name: 'boxes that touch', boxes: [0, 0, 2, 2, 2, 0, 4, 2], value: 0 },
    { name: 'two empty boxes', boxes: [1, 1, 1, 1, 1, 1, 1, 1], value: 0 },
    { name: 'a NaN', boxes: [Number.NaN, 0, 2, 2, 0, 0, 2, 2], value: 0 },
  ])('of $name is $value', ({ boxes, value }) => {
    expect(iou(boxes, 0, 1)).toBeCloseTo(value, 12);
  });

  it('is symmetric and 0..1', () => {
    fc.assert(
      fc.property(anyRow, anyRow, (a, b) => {
        const boxes = [...a.box, ...b.box];
        expect(iou(boxes, 0, 1)).toBe(iou(boxes, 1, 0));
        expect(iou(boxes, 0, 1)).toBeGreaterThanOrEqual(0);
        expect(iou(boxes, 0, 1)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
