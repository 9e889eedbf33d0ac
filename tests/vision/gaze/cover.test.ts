import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cover, isWhole } from '../../../sdk/vision/gaze/cover.ts';
import { type Sight, sidesFor, sidesForMotion, type Want } from '../../../sdk/vision/gaze/want.ts';
import { type Box, covered } from '../../../sdk/vision/geometry.ts';

const frame = { width: 1920, height: 1080 };
const sight: Sight = { side: 416, whole: 1920 };

const want = (box: Box, urgency = 1): Want => {
  return { box, ...sidesFor(Math.max(box[2] - box[0], box[3] - box[1]), sight), urgency };
};
const boxOf = (region: { x: number; y: number; width: number; height: number }): Box => [
  region.x,
  region.y,
  region.x + region.width,
  region.y + region.height,
];

const someWant: fc.Arbitrary<Want> = fc
  .tuple(
    fc.integer({ min: 0, max: 1900 }),
    fc.integer({ min: 0, max: 1060 }),
    fc.integer({ min: 1, max: 1200 }),
    fc.integer({ min: 1, max: 1080 }),
    fc.integer({ min: 1, max: 40 }),
    fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
  )
  .map(([x, y, w, h, urgency, expected]) => {
    const box: Box = [x, y, Math.min(1920, x + w), Math.min(1080, y + h)];
    const size = Math.max(box[2] - box[0], box[3] - box[1]);
    return { box, ...sidesForMotion(size, expected, sight), urgency: urgency / 4 };
  });
const someWants = fc.array(someWant, { maxLength: 30 });

describe('cover', () => {
  it('shows one small object in a square of the camera’s own pixels', () => {
    const [served] = cover([want([1100, 500, 1115, 537])], frame, sight);
    expect(served!.region.width).toBeLessThanOrEqual(320);
    expect(served!.region.width).toBe(served!.region.height);
    expect(covered([1100, 500, 1115, 537], boxOf(served!.region))).toBe(1);
  });

  it('shows what is large in the whole view', () => {
    const served = cover([want([300, 200, 600, 900]), want([1000, 100, 1300, 1000])], frame, sight);
    expect(served.map(({ region }) => region)).toEqual([{ x: 0, y: 0, ...frame }]);
  });

  it('takes one square for two neighbours, and two for what is far apart', () => {
    expect(cover([want([1000, 500, 1030, 575]), want([1080, 500, 1110, 575])], frame, sight)).toHaveLength(1);
    expect(cover([want([100, 500, 130, 575]), want([1700, 500, 1730, 575])], frame, sight)).toHaveLength(2);
  });

  it('does not shrink a far one for a near one', () => {
    const far: Box = [600, 500, 612, 537];
    const served = cover([want([650, 300, 780, 600]), want(far)], frame, sight);
    const its = served.find(({ wants }) => wants.some(({ box }) => box === far))!;
    expect((37 * sight.side) / its.region.width).toBeGreaterThan(40);
  });

  it('serves each want once, whole, no smaller than it is found, inside the frame, the most urgent first', () => {
    fc.assert(
      fc.property(someWants, (wants) => {
        const served = cover(wants, frame, sight);
        expect(served.flatMap(({ wants: all }) => all)).toHaveLength(wants.length);
        expect(new Set(served.flatMap(({ wants: all }) => all)).size).toBe(wants.length);
        for (const { region, wants: all } of served) {
          const { x, y, width, height } = region;
          expect(x >= 0 && y >= 0 && x + width <= frame.width && y + height <= frame.height).toBe(true);
          for (const value of [x, y, width, height]) expect(Number.isInteger(value)).toBe(true);
          const side = isWhole(region, frame) ? sight.whole : Math.max(width, height);
          for (const one of all) {
            expect(covered(one.box, boxOf(region))).toBeGreaterThan(0.999);
            const needed = Math.max(one.box[2] - one.box[0], one.box[3] - one.box[1], one.best);
            if (!isWhole(region, frame)) expect(side).toBeLessThanOrEqual(Math.max(one.most, needed) + 2);
          }
        }
        const urgencies = served.map(({ urgency }) => urgency);
        expect(urgencies).toEqual(urgencies.toSorted((a, b) => b - a));
        for (const { wants: all, urgency } of served) expect(urgency).toBe(Math.max(...all.map((one) => one.urgency)));
      }),
    );
  });

  it('does not depend on the order of the wants', () => {
    fc.assert(
      fc.property(someWants, fc.nat(), (wants, seed) => {
        const other = wants.map((one, i) => ({ one, key: (i * 7919 + seed) % 31 })).sort((a, b) => a.key - b.key);
        const regions = (all: readonly Want[]) => cover(all, frame, sight).map(({ region }) => region);
        expect(regions(other.map(({ one }) => one))).toEqual(regions(wants));
      }),
    );
  });
});
