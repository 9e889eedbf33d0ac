import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Region } from '../../sdk/frame/letterbox.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import { type Box, iou } from '../../sdk/vision/geometry.ts';
import { isCut, mergeRegions, type RegionDetections } from '../../sdk/vision/merge-regions.ts';

const labels = ['person', 'car'];
const frame = { width: 1920, height: 1080 };
const whole: Region = { x: 0, y: 0, ...frame };

type Row = readonly [box: Box, score: number, classId?: number];

const seen = (region: Region, ...rows: Row[]): RegionDetections => ({
  region,
  detections: Detections.from(
    rows.map(([box, score, classId = 0]) => ({ box, score, classId })),
    labels,
  ),
});
const square = (x: number, y: number, size: number): Region => ({ x, y, width: size, height: size });

function merged(...parts: RegionDetections[]) {
  const { detections, cut } = mergeRegions(parts, frame);
  return [...detections].map(({ box, score, label }, i) => ({
    box: box.map(Math.round),
    score: Number(score.toFixed(3)),
    label,
    cut: cut[i],
  }));
}

describe('isCut', () => {
  const region = square(400, 0, 400);
  it.each<[string, Box, boolean]>([
    ['in the middle', [500, 100, 600, 300], false],
    ['up to its right edge', [700, 100, 800, 300], true],
    ['up to its lower edge', [500, 200, 600, 399], true],
    ['up to its left edge, within what a network errs', [404, 100, 450, 300], true],
    ['up to the border of the frame', [500, 0, 600, 300], false],
    ['small, and near the edge by less than its size', [785, 100, 793, 120], false],
  ])('of a box %s: %s', (_, box, cut) => {
    expect(isCut(box, region, frame)).toBe(cut);
  });
});

describe('mergeRegions', () => {
  const left = square(0, 300, 416);
  const right = square(330, 300, 416);

  it('keeps what one region found, as it is', () => {
    const rows: Row[] = [
      [[100, 400, 150, 500], 0.9],
      [[105, 402, 155, 505], 0.5, 1],
    ];
    expect(merged(seen(left, ...rows))).toEqual([
      { box: [100, 400, 150, 500], score: 0.9, label: 'person', cut: false },
      { box: [105, 402, 155, 505], score: 0.5, label: 'car', cut: false },
    ]);
  });

  it('takes the box that is whole in another region, with the better of both scores', () => {
    const found = merged(
      seen(left, [[350, 400, 416, 600], 0.9]),
      seen(right, [[350, 400, 450, 600], 0.6]),
      seen(whole, [[348, 396, 455, 604], 0.3]),
    );
    expect(found).toEqual([{ box: [350, 400, 450, 600], score: 0.9, label: 'person', cut: false }]);
  });

  it('knows a piece by what lies inside the whole, though the two overlap little', () => {
    const legs: Row = [[352, 520, 416, 600], 0.7];
    const found = merged(seen(left, legs), seen(whole, [[300, 250, 500, 604], 0.6]));
    expect(found).toEqual([{ box: [300, 250, 500, 604], score: 0.7, label: 'person', cut: false }]);
  });

  it('leaves a piece that nobody has whole, and says so', () => {
    expect(merged(seen(left, [[380, 400, 416, 500], 0.8]), seen(right))).toEqual([
      { box: [380, 400, 416, 500], score: 0.8, label: 'person', cut: true },
    ]);
  });

  it('does not count the border of the frame as a cut', () => {
    const found = merged(seen(left, [[0, 400, 60, 500], 0.8]), seen(whole, [[0, 380, 90, 520], 0.4]));
    expect(found).toEqual([{ box: [0, 400, 60, 500], score: 0.8, label: 'person', cut: false }]);
  });

  it.each([
    ['overlap', right],
    ['touch', square(416, 300, 416)],
  ])('puts an object together from its pieces in regions that %s', (_, other) => {
    const found = merged(seen(left, [[100, 400, 416, 600], 0.7, 1]), seen(other, [[other.x, 404, 700, 602], 0.8, 1]));
    expect(found).toEqual([{ box: [100, 400, 700, 602], score: 0.8, label: 'car', cut: false }]);
  });

  it('puts an object together that reaches over four regions', () => {
    const regions = [square(0, 0, 416), square(346, 0, 416), square(0, 346, 416), square(346, 346, 416)];
    const truck: Box = [100, 100, 700, 650];
    const parts = regions.map((region) => seen(region, [within(truck, region), 0.8, 1]));
    expect(merged(...parts)).toEqual([{ box: [100, 100, 700, 650], score: 0.8, label: 'car', cut: false }]);
  });

  it('does not put together two cars, each cut by the other’s region', () => {
    const found = merged(seen(left, [[300, 320, 416, 400], 0.7, 1]), seen(right, [[330, 500, 460, 580], 0.8, 1]));
    expect(found.map(({ box }) => box)).toEqual([
      [330, 500, 460, 580],
      [300, 320, 416, 400],
    ]);
  });

  it('takes boxes of two regions for one object where the whole view’s is coarse', () => {
    const found = merged(seen(whole, [[340, 400, 375, 470], 0.3]), seen(right, [[347, 408, 375, 460], 0.8]));
    expect(found).toEqual([{ box: [347, 408, 375, 460], score: 0.8, label: 'person', cut: false }]);
  });

  it('leaves two that stand so close apart when a region told them apart', () => {
    const a: Box = [400, 400, 450, 550];
    const b: Box = [415, 402, 465, 552];
    expect(iou(a, b)).toBeGreaterThan(0.45);
    const found = merged(seen(whole, [a, 0.9]), seen(right, [b, 0.8], [a, 0.7]));
    expect(found.map(({ score }) => score)).toEqual([0.9, 0.8]);
  });

  it('does not let a doubtful box replace a piece that is certain', () => {
    const found = merged(seen(left, [[350, 400, 416, 600], 0.9]), seen(whole, [[330, 390, 500, 700], 0.02]));
    expect(found).toEqual([{ box: [350, 400, 416, 600], score: 0.9, label: 'person', cut: true }]);
  });

  it('drops a piece of something called otherwise that is whole elsewhere, and no other of another name', () => {
    const van: Row = [[330, 380, 520, 600], 0.9, 1];
    const piece: Row = [[332, 382, 416, 598], 0.6];
    const driver: Row = [[380, 400, 416, 450], 0.6];
    const found = merged(seen(left, piece, driver), seen(whole, van));
    expect(found.map(({ label, box }) => [label, box[3]])).toEqual([
      ['car', 600],
      ['person', 450],
    ]);
  });

  it('keeps the best so many', () => {
    const rows: Row[] = [0, 1, 2].map((i) => [[i * 50, 400, i * 50 + 40, 500], 0.5 + i / 10]);
    const { detections, cut } = mergeRegions([seen(left, ...rows), seen(whole)], frame, { maxDetections: 2 });
    expect(Array.from(detections.score, (score) => Number(score.toFixed(1)))).toEqual([0.7, 0.6]);
    expect(cut).toEqual([false, false]);
  });

  it('refuses what are no regions', () => {
    expect(() => mergeRegions([], frame)).toThrow('mergeRegions: expected at least one region, got none');
    expect(() => mergeRegions([seen(left)], frame, { iouThreshold: 2 })).toThrow('iouThreshold: expected 0..1, got 2');
  });
});

/** Objects that are apart from each other, on a grid of cells, each in one of the cells. */
const objects = fc
  .uniqueArray(
    fc.record({
      column: fc.nat(7),
      row: fc.nat(3),
      width: share(),
      height: share(),
      score: share(),
      classId: fc.nat(1),
    }),
    {
      selector: ({ column, row }) => column * 4 + row,
      maxLength: 12,
    },
  )
  .map((all) =>
    all.map(({ column, row, width, height, score, classId }) => ({
      box: [
        column * 240 + 10,
        row * 270 + 10,
        column * 240 + 10 + Math.round(220 * width),
        row * 270 + 10 + Math.round(250 * height),
      ] as Box,
      score,
      classId,
    })),
  );
function share() {
  return fc.integer({ min: 25, max: 99 }).map((percent) => percent / 100);
}
const regions = fc.array(
  fc.record({ x: fc.nat(1600), y: fc.nat(800), size: fc.integer({ min: 200, max: 800 }) }).map(({ x, y, size }) => ({
    x,
    y,
    width: Math.min(size, frame.width - x),
    height: Math.min(size, frame.height - y),
  })),
  { maxLength: 6 },
);

function within([x1, y1, x2, y2]: Box, { x, y, width, height }: Region): Box {
  return [Math.max(x1, x), Math.max(y1, y), Math.min(x2, x + width), Math.min(y2, y + height)];
}

/**
 * What a network that errs a little finds in a region: what is there, if a third of the object is.
 *
 * @param share Its error, as a fraction of the object's lesser side.
 */
function look(
  region: Region,
  all: readonly { box: Box; score: number; classId: number }[],
  share: number,
): RegionDetections {
  const rows = all.flatMap(({ box, score, classId }): Row[] => {
    const [x1, y1, x2, y2] = within(box, region);
    if (x2 <= x1 || y2 <= y1 || (x2 - x1) * (y2 - y1) < (box[2] - box[0]) * (box[3] - box[1]) * 0.33) return [];
    const error =
      Math.sign(share) * Math.min(Math.abs(share) * Math.min(box[2] - box[0], box[3] - box[1]), region.width * 0.015);
    const wrong = within([x1 + error, y1 - error, x2 + error, y2 + error], region);
    return [[wrong, Math.min(1, score * (0.6 + Math.abs(share) * 4)), classId]];
  });
  return seen(region, ...rows);
}

describe('merging in general', () => {
  it('gives each object once, with a whole box, whatever the regions, when the whole view has it too', () => {
    fc.assert(
      fc.property(
        objects,
        regions,
        fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 7, maxLength: 7 }),
        (all, some, errors) => {
          const parts = [whole, ...some].map((region, i) => look(region, all, errors[i]! / 100));
          const { detections, cut } = mergeRegions(parts, frame);
          expect(detections.length).toBe(all.length);
          for (const { box, classId } of all) {
            const mine = [...detections].filter((one) => one.classId === classId && iou(one.box, box) > 0.7);
            expect(mine).toHaveLength(1);
          }
          expect(cut).toEqual(cut.map(() => false));
        },
      ),
    );
  });

  it('gives an object once, with its own box, where one of the regions has it whole, without the whole view', () => {
    fc.assert(
      fc.property(objects, regions, (all, some) => {
        fc.pre(some.length > 0);
        const { detections } = mergeRegions(
          some.map((region) => look(region, all, 0)),
          frame,
        );
        for (const { box, classId } of all) {
          const mine = [...detections].filter((one) => one.classId === classId && iou(within(one.box, whole), box) > 0);
          const isWhole = some.some(
            (region) => within(box, region).every((side, i) => side === box[i]) && !isCut(box, region, frame),
          );
          if (isWhole) expect(mine.map((one) => one.box)).toEqual([box]);
        }
      }),
    );
  });

  it('gives the same whatever the order of the regions, and of what is in them', () => {
    const rows = fc.array(
      fc.record({
        x: fc.nat(300),
        y: fc.nat(300),
        w: fc.nat(300),
        h: fc.nat(300),
        score: fc.nat(8),
        classId: fc.nat(1),
      }),
      { maxLength: 12 },
    );
    const part = fc
      .record({ region: fc.record({ x: fc.nat(600), y: fc.nat(300) }), rows })
      .map(({ region: { x, y }, rows }) =>
        seen(
          square(x, y, 400),
          ...rows.map(
            (row): Row => [
              within([x + row.x, y + row.y, x + row.x + row.w, y + row.y + row.h], square(x, y, 400)),
              row.score / 8,
              row.classId,
            ],
          ),
        ),
      );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.nat(), (parts, seed) => {
        const turned = [...parts.slice(seed % parts.length), ...parts.slice(0, seed % parts.length)]
          .toReversed()
          .map(({ region, detections }) => ({
            region,
            detections: detections.select([...detections.score.keys()].toReversed()),
          }));
        expect(mergeRegions(turned, frame)).toEqual(mergeRegions(parts, frame));
      }),
    );
  });

  it('leaves no two boxes of one class over the threshold, and none outside what was found', () => {
    fc.assert(
      fc.property(objects, regions, fc.integer({ min: -20, max: 20 }), (all, some, error) => {
        const parts = [whole, ...some].map((region, i) => look(region, all, (error * (i % 2 ? 1 : -1)) / 100));
        const { detections } = mergeRegions(parts, frame, { iouThreshold: 0.5 });
        const kept = [...detections];
        for (const [i, a] of kept.entries()) {
          for (const b of kept.slice(0, i))
            if (a.classId === b.classId) expect(iou(a.box, b.box)).toBeLessThanOrEqual(0.5);
        }
        expect(kept.length).toBeLessThanOrEqual(parts.reduce((sum, part) => sum + part.detections.length, 0));
      }),
    );
  });
});
