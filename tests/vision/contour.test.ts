import { describe, expect, it } from 'vitest';
import { contours, signedArea, simplified } from '../../sdk/vision/contour.ts';
import type { Point } from '../../sdk/vision/geometry.ts';

/** A field of so many columns and rows, one apart. */
function field(columns: number, rows: number, value: (x: number, y: number) => number) {
  const values = Float32Array.from({ length: columns * rows }, (_, i) => value(i % columns, Math.floor(i / columns)));
  return {
    values,
    xs: Float64Array.from({ length: columns }, (_, i) => i),
    ys: Float64Array.from({ length: rows }, (_, i) => i),
  };
}

const area = (rings: readonly (readonly Point[])[]) =>
  Math.abs(rings.reduce((sum, ring) => sum + signedArea(ring) / 2, 0));
const round = (ring: readonly Point[]) => ring.map(([x, y]) => [Math.round(x * 1e4) / 1e4, Math.round(y * 1e4) / 1e4]);

describe('contours', () => {
  it('puts corners where the field is 0 between two crossings', () => {
    const rings = contours(field(3, 3, (x, y) => (x === 1 && y === 1 ? 1 : -3)));
    expect(rings).toHaveLength(1);
    expect(round(rings[0]!).sort()).toEqual(
      [
        [0.75, 1],
        [1, 0.75],
        [1, 1.25],
        [1.25, 1],
      ].sort(),
    );
  });

  it('ends at the edges what reaches them', () => {
    const rings = contours(field(4, 3, () => 1));
    expect(rings).toHaveLength(1);
    expect(area(rings)).toBe(6);
  });

  it('measures a disc, and a ring with its hole the other way round', () => {
    const disc = contours(field(41, 41, (x, y) => 15 - Math.hypot(x - 20, y - 20)));
    expect(area(disc)).toBeCloseTo(Math.PI * 15 ** 2, -0.5);
    const ring = contours(field(41, 41, (x, y) => 5 - Math.abs(Math.hypot(x - 20, y - 20) - 10)));
    expect(ring).toHaveLength(2);
    expect(Math.sign(signedArea(ring[0]!))).toBe(-Math.sign(signedArea(ring[1]!)));
    expect(area(ring)).toBeCloseTo(Math.PI * (15 ** 2 - 5 ** 2), -1);
  });

  it('joins two opposite corners if the mean of the square is above 0', () => {
    const corners = (other: number) => contours(field(2, 2, (x, y) => (x === y ? 1 : other)));
    expect(corners(-0.5)).toHaveLength(1);
    expect(corners(-2)).toHaveLength(2);
  });

  it('finds nothing where nothing, or no number, is above 0', () => {
    expect(contours(field(5, 5, () => -1))).toEqual([]);
    expect(contours(field(5, 5, () => Number.NaN))).toEqual([]);
  });

  it('closes each ring, whatever the field', () => {
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5;
    const noise = field(30, 20, random);
    for (const ring of contours(noise)) {
      expect(ring.length).toBeGreaterThanOrEqual(3);
      // Neighbours are on sides of one square.
      ring.forEach(([x, y], i) => {
        const [nextX, nextY] = ring[(i + 1) % ring.length]!;
        expect(Math.hypot(nextX - x, nextY - y)).toBeLessThanOrEqual(Math.SQRT2);
      });
    }
    // Each crossing that is above 0 is inside, no other is.
    for (let i = 0; i < 600; i++) {
      const [x, y] = [i % 30, Math.floor(i / 30)];
      if (x === 0 || y === 0 || x === 29 || y === 19) continue;
      expect(winding(contours(noise), [x, y]) !== 0).toBe(noise.values[i]! > 0);
      i += 6;
    }
  });
});

/** How often rings go round a point. */
function winding(rings: readonly (readonly Point[])[], [x, y]: Point): number {
  let turns = 0;
  for (const ring of rings) {
    ring.forEach(([ax, ay], i) => {
      const [bx, by] = ring[(i + 1) % ring.length]!;
      if (ay <= y === by <= y) return;
      if (ax + ((y - ay) / (by - ay)) * (bx - ax) > x) turns += by > ay ? 1 : -1;
    });
  }
  return turns;
}

describe('simplified', () => {
  const circle = contours(field(201, 201, (x, y) => 90 - Math.hypot(x - 100, y - 100)));

  it('moves no border by more than the tolerance', () => {
    const [ring] = simplified(circle, 1, 1000);
    expect(ring!.length).toBeLessThan(50);
    for (const [x, y] of ring!) expect(Math.abs(Math.hypot(x - 100, y - 100) - 90)).toBeLessThan(0.1);
    expect(area([ring!]) / area(circle)).toBeGreaterThan(1 - 2 / 90);
  });

  it('has no more corners than asked for, the largest polygons first', () => {
    const many = contours(field(100, 100, (x, y) => Math.sin(x) * Math.sin(y)));
    const bounded = simplified([...many, ...circle], 0.1, 24);
    expect(bounded.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(24);
    expect(area([bounded[0]!]) / area(circle)).toBeGreaterThan(0.8);
  });

  it('drops what has no area', () => {
    expect(
      simplified(
        [
          [
            [0, 0],
            [10, 0],
            [5, 0],
          ],
        ],
        0.5,
        100,
      ),
    ).toEqual([]);
  });
});
