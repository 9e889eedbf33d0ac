import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  area,
  type Box,
  bottomCentre,
  covered,
  grown,
  iou,
  type Point,
  pointInPolygon,
  segmentsCross,
  sideOf,
} from '../../sdk/vision/geometry.ts';
import { coordinate, someBox } from './fakes.ts';

const point: fc.Arbitrary<Point> = fc.tuple(coordinate(), coordinate());

describe('iou', () => {
  it.each<[string, Box, Box, number]>([
    ['the same', [0, 0, 10, 10], [0, 0, 10, 10], 1],
    ['half beside', [0, 0, 10, 10], [5, 0, 15, 10], 1 / 3],
    ['one in the other', [0, 0, 10, 10], [0, 0, 5, 10], 0.5],
    ['apart', [0, 0, 10, 10], [20, 0, 30, 10], 0],
    ['edge to edge', [0, 0, 10, 10], [10, 0, 20, 10], 0],
    ['both empty', [5, 5, 5, 5], [5, 5, 5, 5], 0],
  ])('of boxes %s', (_, a, b, expected) => {
    expect(iou(a, b)).toBeCloseTo(expected, 12);
  });

  it('is symmetric, from 0 to 1, and 1 with itself', () => {
    fc.assert(
      fc.property(someBox, someBox, (a, b) => {
        expect(iou(a, b)).toBe(iou(b, a));
        expect(iou(a, b)).toBeGreaterThanOrEqual(0);
        expect(iou(a, b)).toBeLessThanOrEqual(1 + 1e-12);
        if (area(a) > 0) expect(iou(a, a)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('does not depend on where and how large the picture is', () => {
    fc.assert(
      fc.property(
        someBox,
        someBox,
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (a, b, by, s) => {
          const moved = (box: Box): Box => [(box[0] + by) * s, (box[1] + by) * s, (box[2] + by) * s, (box[3] + by) * s];
          expect(iou(moved(a), moved(b))).toBeCloseTo(iou(a, b), 6);
        },
      ),
    );
  });
});

describe('covered', () => {
  it('is the share of the first box', () => {
    expect(covered([0, 0, 10, 10], [5, 0, 100, 100])).toBe(0.5);
    expect(covered([5, 0, 100, 100], [0, 0, 10, 10])).toBeCloseTo(50 / 9500, 12);
    expect(covered([0, 0, 0, 10], [0, 0, 10, 10])).toBe(0);
  });

  it('is never less than the overlap', () => {
    fc.assert(
      fc.property(someBox, someBox, (a, b) => {
        expect(covered(a, b)).toBeGreaterThanOrEqual(iou(a, b) - 1e-12);
        expect(covered(a, b)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });
});

it('grown: by a share of each side, around the same centre', () => {
  expect(grown([10, 20, 20, 40], 0.5)).toEqual([5, 10, 25, 50]);
});

it('bottomCentre: where an object stands', () => {
  expect(bottomCentre([10, 20, 20, 40])).toEqual([15, 40]);
});

describe('pointInPolygon', () => {
  const lShape: Point[] = [
    [0, 0],
    [10, 0],
    [10, 5],
    [5, 5],
    [5, 10],
    [0, 10],
  ];
  it.each<[Point, boolean]>([
    [[2, 2], true],
    [[8, 2], true],
    [[2, 8], true],
    [[8, 8], false],
    [[-1, 2], false],
    [[2, 11], false],
  ])('%j in an L: %s', (at, expected) => {
    expect(pointInPolygon(at, lShape)).toBe(expected);
  });

  it('holds a mix of the corners of a triangle, and not what lies beyond', () => {
    const weight = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(point, point, point, weight, weight, weight, (a, b, c, u, v, w) => {
        fc.pre(Math.abs(sideOf(a, b, c)) > 1);
        const sum = u + v + w;
        const mix = (i: 0 | 1) => (u * a[i] + v * b[i] + w * c[i]) / sum;
        expect(pointInPolygon([mix(0), mix(1)], [a, b, c])).toBe(true);
        // Mirrored at a corner's far side.
        const beyond = (i: 0 | 1) => a[i] + (a[i] - mix(i));
        expect(pointInPolygon([beyond(0), beyond(1)], [a, b, c])).toBe(false);
      }),
    );
  });

  it('does not depend on the first corner or on the direction', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 3, maxLength: 8 }), point, fc.nat(7), (polygon, at, by) => {
        const n = polygon.length;
        // On an edge either is right.
        fc.pre(polygon.every((corner, i) => Math.abs(sideOf(corner, polygon[(i + 1) % n]!, at)) > 0));
        const turned = polygon.map((_, i) => polygon[(i + by) % n]!);
        const inside = pointInPolygon(at, polygon);
        expect(pointInPolygon(at, turned)).toBe(inside);
        expect(pointInPolygon(at, [...polygon].reverse())).toBe(inside);
      }),
    );
  });
});

describe('sideOf and segmentsCross', () => {
  it('tell right from left: right of the way down a picture is where x is small', () => {
    expect(sideOf([50, 0], [50, 100], [10, 50])).toBeGreaterThan(0);
    expect(sideOf([50, 0], [50, 100], [90, 50])).toBeLessThan(0);
  });

  it('change sign with the direction of the way', () => {
    fc.assert(
      fc.property(point, point, point, (a, b, p) => {
        expect(sideOf(a, b, p)).toBeCloseTo(-sideOf(b, a, p), 6);
      }),
    );
  });

  it('cross whichever is named first', () => {
    fc.assert(
      fc.property(point, point, point, point, (a, b, c, d) => {
        expect(segmentsCross(a, b, c, d)).toBe(segmentsCross(c, d, a, b));
      }),
    );
    expect(segmentsCross([0, 0], [10, 10], [0, 10], [10, 0])).toBe(true);
    expect(segmentsCross([0, 0], [10, 10], [20, 0], [30, 10])).toBe(false);
  });
});
