import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { farRegions } from '../../sdk/vision/far-regions.ts';

const input = { width: 416, height: 416 };

describe('farRegions', () => {
  it('begins with the whole, then goes from coarse to fine', () => {
    const regions = farRegions({ width: 1920, height: 1080 }, input);
    expect(regions[0]).toEqual({ x: 0, y: 0, width: 1920, height: 1080 });
    expect(regions.map(({ width, height }) => [width, height])).toEqual([
      [1920, 1080],
      ...Array(6).fill([832, 832]),
      ...Array(24).fill([416, 416]),
    ]);
    expect(regions.at(-1)).toEqual({ x: 1504, y: 664, width: 416, height: 416 });
  });

  it('leaves out the finest that would make too many', () => {
    const picture = { width: 1920, height: 1080 };
    expect(farRegions(picture, input, { maxRegions: 256 })).toHaveLength(31 + 84);
    expect(farRegions(picture, input, { maxRegions: 30 })).toHaveLength(7);
    expect(farRegions(picture, input, { maxRegions: 1 })).toHaveLength(1);
  });

  it('is the whole alone where there is nothing more to see', () => {
    expect(farRegions({ width: 200, height: 150 }, input)).toHaveLength(1);
    expect(farRegions(input, input, { magnify: 1 })).toHaveLength(1);
  });

  it.each([
    [{ overlap: 1 }, 'farRegions: overlap: expected 0..0.9, got 1'],
    [{ maxRegions: 0 }, 'farRegions: maxRegions: expected a whole number, 1..256, got 0'],
    [{ magnify: 0 }, 'farRegions: magnify: expected a number above 0, got 0'],
  ])('refuses %j', (options, message) => {
    expect(() => farRegions({ width: 640, height: 480 }, input, options)).toThrow(message);
  });

  it('covers the picture at each size, and has all that is smaller than the overlap whole in one region of it', () => {
    const size = fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) });
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 0.1, max: 0.5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (picture, overlap, atX, atY) => {
          const regions = farRegions(picture, input, { overlap, maxRegions: 256 });
          const sizes = new Map(regions.map(({ width, height }) => [`${width}x${height}`, { width, height }]));
          for (const { width, height } of sizes.values()) {
            // Rounding may take a pixel.
            const [w, h] = [Math.max(0, width * overlap - 2), Math.max(0, height * overlap - 2)];
            const [x, y] = [atX * (picture.width - w), atY * (picture.height - h)];
            const holds = regions.some(
              (one) =>
                one.width === width &&
                one.height === height &&
                one.x <= x &&
                one.y <= y &&
                one.x + width >= x + w &&
                one.y + height >= y + h,
            );
            expect(holds).toBe(true);
          }
          for (const { x, y, width, height } of regions) {
            expect(x >= 0 && y >= 0 && x + width <= picture.width && y + height <= picture.height).toBe(true);
          }
          expect(regions.length).toBeLessThanOrEqual(256);
        },
      ),
    );
  });
});
