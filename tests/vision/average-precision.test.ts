import { describe, expect, it } from 'vitest';
import { averagePrecision, type TrueObject } from '../../sdk/vision/average-precision.ts';
import { Detections } from '../../sdk/vision/detections.ts';

const labels = ['cat', 'dog'];
const truth = (...boxes: TrueObject['box'][]) => boxes.map((box) => ({ classId: 0, box }));
const found = (...rows: { box: number[]; score: number; classId?: number }[]) =>
  Detections.from(
    rows.map((row) => ({ classId: 0, ...row })),
    labels,
  );

describe('averagePrecision', () => {
  it('is 1 when each object is found exactly', () => {
    const result = averagePrecision([
      {
        truth: truth([0, 0, 10, 10], [20, 20, 30, 30]),
        detections: found({ box: [0, 0, 10, 10], score: 0.9 }, { box: [20, 20, 30, 30], score: 0.8 }),
      },
    ]);
    const none = { apMedium: Number.NaN, apLarge: Number.NaN };
    expect(result).toEqual({ ap: 1, ap50: 1, ap75: 1, apSmall: 1, ...none, perClass: new Map([[0, 1]]) });
  });

  it('is 0 when nothing is found, NaN when there is nothing to find', () => {
    expect(averagePrecision([{ truth: truth([0, 0, 1, 1]), detections: Detections.empty(labels) }]).ap).toBe(0);
    expect(averagePrecision([{ truth: [], detections: found({ box: [0, 0, 1, 1], score: 1 }) }]).ap).toBeNaN();
  });

  it('counts IoU thresholds: an IoU of 0.72 hits at 0.50 to 0.70', () => {
    const { ap, ap50, ap75 } = averagePrecision([
      { truth: truth([0, 0, 100, 100]), detections: found({ box: [0, 0, 100, 72], score: 0.9 }) },
    ]);
    expect([ap, ap50, ap75]).toEqual([0.5, 1, 0]);
  });

  it('punishes a false box only where it is ranked above a true one', () => {
    const right = { box: [0, 0, 10, 10], score: 0.5 };
    const wrong = { box: [50, 50, 60, 60] };
    const of = (score: number) =>
      averagePrecision([{ truth: truth([0, 0, 10, 10]), detections: found(right, { ...wrong, score }) }]).ap;
    expect(of(0.4)).toBe(1);
    expect(of(0.6)).toBeCloseTo(0.5);
  });

  it('is of one size of objects alone: others, and what is found of them, do not count', () => {
    const { ap, apSmall, apMedium, apLarge } = averagePrecision([
      {
        truth: truth([0, 0, 20, 20], [100, 100, 140, 140], [200, 200, 400, 400]),
        detections: found(
          { box: [200, 200, 400, 400], score: 0.9 },
          // Nothing is there: small, so it counts among the small ones.
          { box: [50, 50, 60, 60], score: 0.8 },
          { box: [0, 0, 20, 20], score: 0.7 },
        ),
      },
    ]);
    expect([apSmall, apMedium, apLarge]).toEqual([0.5, 0, 1]);
    // A recall of 1/3 with precision 1, up to 2/3 with 2/3.
    expect(ap).toBeCloseTo((34 + 33 * (2 / 3)) / 101);
  });

  it('counts a second box on one object as false', () => {
    const { ap } = averagePrecision([
      {
        truth: truth([0, 0, 10, 10], [20, 20, 30, 30]),
        detections: found(
          { box: [0, 0, 10, 10], score: 0.9 },
          { box: [0, 0, 10, 10], score: 0.8 },
          { box: [20, 20, 30, 30], score: 0.7 },
        ),
      },
    ]);
    // Precision 1 up to a recall of one half (51 points), then 2/3.
    expect(ap).toBeCloseTo((51 + 50 * (2 / 3)) / 101);
  });

  it('averages over the classes that have objects', () => {
    const result = averagePrecision([
      {
        truth: [
          { classId: 0, box: [0, 0, 10, 10] },
          { classId: 1, box: [0, 0, 10, 10] },
        ],
        detections: found({ box: [0, 0, 10, 10], score: 0.9 }),
      },
    ]);
    expect(result.ap).toBe(0.5);
    expect([...result.perClass]).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('takes the best 100 of a class in a picture', () => {
    const wrong = Array.from({ length: 100 }, () => ({ box: [50, 50, 60, 60], score: 0.9 }));
    const result = averagePrecision([
      { truth: truth([0, 0, 10, 10]), detections: found(...wrong, { box: [0, 0, 10, 10], score: 0.5 }) },
    ]);
    expect(result.ap).toBe(0);
  });
});
