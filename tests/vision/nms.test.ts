import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iou } from '../../sdk/kernels/boxes/nms.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import { nms } from '../../sdk/vision/nms.ts';

const labels = ['cat', 'dog', 'cup'];

const detections = fc
  .array(
    fc.record({
      x: fc.double({ min: 0, max: 60, noNaN: true }),
      y: fc.double({ min: 0, max: 60, noNaN: true }),
      w: fc.double({ min: 0, max: 40, noNaN: true }),
      h: fc.double({ min: 0, max: 40, noNaN: true }),
      // Few values, so that equal scores come up.
      score: fc.integer({ min: 0, max: 8 }),
      classId: fc.nat(2),
    }),
    { maxLength: 40 },
  )
  .map((rows) =>
    Detections.from(
      rows.map(({ x, y, w, h, score, classId }) => ({ box: [x, y, x + w, y + h], score: score / 8, classId })),
      labels,
    ),
  );
const threshold = fc.double({ min: 0, max: 1, noNaN: true });

describe('nms', () => {
  it.each([
    { name: 'no box', rows: [], kept: [] },
    {
      name: 'the better of two that overlap',
      rows: [
        { box: [0, 0, 10, 10], score: 0.5, classId: 0 },
        { box: [1, 0, 11, 10], score: 0.9, classId: 0 },
      ],
      kept: [0.9],
    },
    {
      name: 'both of two classes',
      rows: [
        { box: [0, 0, 10, 10], score: 0.5, classId: 0 },
        { box: [0, 0, 10, 10], score: 0.9, classId: 1 },
      ],
      kept: [0.9, 0.5],
    },
    {
      name: 'an overlap of exactly the threshold (1/3)',
      rows: [
        { box: [0, 0, 10, 10], score: 0.9, classId: 0 },
        { box: [5, 0, 15, 10], score: 0.5, classId: 0 },
      ],
      kept: [0.9, 0.5],
    },
    {
      name: 'what only overlapped with a box that went itself',
      rows: [
        { box: [0, 0, 10, 10], score: 0.9, classId: 0 },
        { box: [4, 0, 14, 10], score: 0.8, classId: 0 },
        { box: [8, 0, 18, 10], score: 0.7, classId: 0 },
      ],
      kept: [0.9, 0.7],
    },
  ])('keeps $name', ({ rows, kept }) => {
    const result = nms(Detections.from(rows, labels), 1 / 3);
    expect(Array.from(result.score)).toEqual(kept.map((score) => Math.fround(score)));
  });

  it('keeps the earlier of equal scores', () => {
    const rows = [1, 2, 3].map((x) => ({ box: [x, 0, x + 10, 10], score: 0.5, classId: 0 }));
    expect(nms(Detections.from(rows, labels), 0.3).xyxy[0]).toBe(1);
  });

  it('takes along track ids', () => {
    const rows = [
      { box: [0, 0, 1, 1], score: 0.1, classId: 0, trackId: 7 },
      { box: [5, 5, 6, 6], score: 0.2, classId: 0, trackId: 8 },
    ];
    expect(Array.from(nms(Detections.from(rows, labels), 0.5).trackId)).toEqual([8, 7]);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses a threshold of %s', (value) => {
    expect(() => nms(Detections.empty(labels), value)).toThrow('iouThreshold: expected 0..1');
  });

  it('leaves no two boxes of one class over the threshold', () => {
    fc.assert(
      fc.property(detections, threshold, (all, limit) => {
        const kept = nms(all, limit);
        for (let i = 0; i < kept.length; i++) {
          for (let j = 0; j < i; j++) {
            if (kept.classId[i] === kept.classId[j]) expect(iou(kept.xyxy, i, j)).toBeLessThanOrEqual(limit);
          }
        }
      }),
    );
  });

  it('drops a box only for a better one of its class that stays', () => {
    fc.assert(
      fc.property(detections, threshold, (all, limit) => {
        const kept = nms(all, limit);
        const both = Detections.merge([all, kept]);
        for (let i = 0; i < all.length; i++) {
          const stays = [...kept].some((_, k) => sameRow(both, i, all.length + k));
          const better = [...kept].some(
            (_, k) =>
              both.classId[i] === kept.classId[k] &&
              kept.score[k]! >= both.score[i]! &&
              iou(both.xyxy, i, all.length + k) > limit,
          );
          expect(stays || better).toBe(true);
        }
      }),
    );
  });

  it('is idempotent, sorted, and a subset', () => {
    fc.assert(
      fc.property(detections, threshold, (all, limit) => {
        const once = nms(all, limit);
        const twice = nms(once, limit);
        expect(twice.xyxy).toEqual(once.xyxy);
        expect(twice.classId).toEqual(once.classId);
        expect(Array.from(once.score)).toEqual(Array.from(once.score).sort((a, b) => b - a));
        const rows = [...all].map((row) => JSON.stringify(row));
        for (const row of once) expect(rows).toContain(JSON.stringify(row));
      }),
    );
  });
});

function sameRow(all: Detections, i: number, j: number): boolean {
  return JSON.stringify(all.at(i)) === JSON.stringify(all.at(j));
}
