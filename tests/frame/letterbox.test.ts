import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boxesToFrame,
  clipRegion,
  letterboxGeometry,
  type Region,
  toFrame,
  toInput,
} from '../../sdk/frame/letterbox.ts';

const square = { width: 416, height: 416, resize: 'letterbox', align: 'center' } as const;

describe('letterboxGeometry', () => {
  it.each([
    { name: 'the same size', frame: [416, 416], to: square, place: [0, 0, 416, 416] },
    { name: 'a wide frame: bars above and below', frame: [1920, 1080], to: square, place: [0, 91, 416, 234] },
    { name: 'a tall frame: bars at the sides', frame: [1080, 1920], to: square, place: [91, 0, 234, 416] },
    { name: 'a small frame: enlarged', frame: [104, 52], to: square, place: [0, 104, 416, 208] },
    { name: 'top-left', frame: [1920, 1080], to: { ...square, align: 'top-left' }, place: [0, 0, 416, 234] },
    { name: 'stretched', frame: [1920, 1080], to: { ...square, resize: 'stretch' }, place: [0, 0, 416, 416] },
    {
      name: 'an odd rest: the larger bar is below',
      frame: [100, 53],
      to: { ...square, width: 100, height: 100 },
      place: [0, 23, 100, 53],
    },
    { name: 'a line of pixels: at least one stays', frame: [5000, 1], to: square, place: [0, 207, 416, 1] },
    {
      name: 'an input that is no square',
      frame: [640, 480],
      to: { ...square, width: 320, height: 192 },
      place: [32, 0, 256, 192],
    },
  ] as const)('of $name', ({ frame, to, place }) => {
    const geometry = letterboxGeometry({ width: frame[0], height: frame[1] }, to);
    const { left, top, width, height, region } = geometry;
    expect([left, top, width, height]).toEqual(place);
    expect(region).toEqual({ x: 0, y: 0, width: frame[0], height: frame[1] });
  });

  it.each([
    { name: 'a wide frame', frame: [1920, 1080], region: undefined, seen: [420, 0, 1080, 1080] },
    { name: 'a tall frame', frame: [301, 400], region: undefined, seen: [0, 49, 301, 301] },
    { name: 'the same proportions', frame: [100, 100], region: undefined, seen: [0, 0, 100, 100] },
    { name: 'a line of pixels', frame: [5000, 1], region: undefined, seen: [2499, 0, 1, 1] },
    {
      name: 'a region over the edge',
      frame: [100, 50],
      region: { x: 60, y: 0, width: 60, height: 20 },
      seen: [70, 0, 20, 20],
    },
  ] as const)('crops the middle of $name', ({ frame: [width, height], region, seen }) => {
    const to = { ...square, resize: 'crop' } as const;
    const [x, y, w, h] = seen;
    expect(letterboxGeometry({ width, height }, to, region)).toEqual({
      inputWidth: 416,
      inputHeight: 416,
      left: 0,
      top: 0,
      width: 416,
      height: 416,
      region: { x, y, width: w, height: h },
    });
  });

  it('of a region keeps the aspect ratio of the region', () => {
    const region = { x: 100, y: 50, width: 200, height: 100 };
    expect(letterboxGeometry({ width: 1000, height: 1000 }, square, region)).toMatchObject({
      left: 0,
      top: 104,
      width: 416,
      height: 208,
      region,
    });
  });
});

describe('clipRegion', () => {
  const frame = { width: 100, height: 60 };

  it.each([
    [
      { x: 10, y: 10, width: 20, height: 20 },
      { x: 10, y: 10, width: 20, height: 20 },
    ],
    [
      { x: -5, y: -5, width: 20, height: 20 },
      { x: 0, y: 0, width: 15, height: 15 },
    ],
    [
      { x: 90, y: 50, width: 99, height: 99 },
      { x: 90, y: 50, width: 10, height: 10 },
    ],
    // Whole pixels that hold all of it.
    [
      { x: 1.4, y: 1.6, width: 2, height: 2 },
      { x: 1, y: 1, width: 3, height: 3 },
    ],
  ])('of %o is %o', (region, clipped) => {
    expect(clipRegion(frame, region)).toEqual(clipped);
  });

  it.each([
    { x: 100, y: 0, width: 5, height: 5 },
    { x: 0, y: -5, width: 5, height: 5 },
    { x: 5, y: 5, width: 0, height: 5 },
    { x: 5, y: 5, width: -9, height: 5 },
    { x: Number.NaN, y: 5, width: 9, height: 5 },
  ])('refuses %o', (region) => {
    expect(() => clipRegion(frame, region)).toThrow('region: expected one that touches the 100x60 frame, got x ');
  });
});

describe('toInput and toFrame', () => {
  const side = fc.integer({ min: 1, max: 4000 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const placed = fc
    .record({
      width: side,
      height: side,
      inputWidth: fc.integer({ min: 1, max: 1280 }),
      inputHeight: fc.integer({ min: 1, max: 1280 }),
      resize: fc.constantFrom('letterbox' as const, 'stretch' as const),
      align: fc.constantFrom('center' as const, 'top-left' as const),
      corners: fc.tuple(share, share, share, share),
    })
    .map(({ width, height, inputWidth, inputHeight, resize, align, corners: [a, b, c, d] }) => {
      const region: Region = {
        x: Math.min(width - 1, Math.floor(Math.min(a, c) * width)),
        y: Math.min(height - 1, Math.floor(Math.min(b, d) * height)),
        width: Math.max(1, Math.floor(Math.abs(a - c) * width)),
        height: Math.max(1, Math.floor(Math.abs(b - d) * height)),
      };
      return letterboxGeometry({ width, height }, { width: inputWidth, height: inputHeight, resize, align }, region);
    });

  it('undo each other for boxes inside the region', () => {
    fc.assert(
      fc.property(placed, fc.tuple(share, share, share, share), (geometry, [a, b, c, d]) => {
        const { region } = geometry;
        const box = [
          region.x + Math.min(a, c) * region.width,
          region.y + Math.min(b, d) * region.height,
          region.x + Math.max(a, c) * region.width,
          region.y + Math.max(b, d) * region.height,
        ] as const;
        const back = toFrame(geometry, toInput(geometry, box));
        box.forEach((value, i) => void expect(Math.abs(back[i]! - value)).toBeLessThan(1e-6 * (1 + value)));
      }),
    );
  });

  it('map the region onto the picture’s place in the input, which lies inside the input', () => {
    fc.assert(
      fc.property(placed, (geometry) => {
        const { left, top, width, height, region, inputWidth, inputHeight } = geometry;
        const box = [region.x, region.y, region.x + region.width, region.y + region.height] as const;
        const [x1, y1, x2, y2] = toInput(geometry, box);
        expect(x1).toBe(left);
        expect(y1).toBe(top);
        expect(x2).toBeCloseTo(left + width, 6);
        expect(y2).toBeCloseTo(top + height, 6);
        expect(left + width).toBeLessThanOrEqual(inputWidth);
        expect(top + height).toBeLessThanOrEqual(inputHeight);
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('keep the aspect ratio to a pixel', () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 64, max: 1280 }), (width, height, size) => {
        const to = letterboxGeometry({ width, height }, { ...square, width: size, height: size });
        const scale = size / Math.max(width, height);
        expect(Math.abs(to.width - Math.max(1, width * scale))).toBeLessThanOrEqual(0.5);
        expect(Math.abs(to.height - Math.max(1, height * scale))).toBeLessThanOrEqual(0.5);
      }),
    );
  });

  it('clip what a network found in the padding to the region', () => {
    fc.assert(
      fc.property(
        placed,
        fc.array(fc.integer({ min: -3000, max: 3000 }), { minLength: 4, maxLength: 4 }),
        (to, box) => {
          const [x1, y1, x2, y2] = toFrame(to, box as unknown as [number, number, number, number]);
          const { x, y, width, height } = to.region;
          for (const value of [x1, x2]) {
            expect(value).toBeGreaterThanOrEqual(x);
            expect(value).toBeLessThanOrEqual(x + width);
          }
          for (const value of [y1, y2]) {
            expect(value).toBeGreaterThanOrEqual(y);
            expect(value).toBeLessThanOrEqual(y + height);
          }
        },
      ),
    );
  });

  it('do the same for many boxes in place, and leave what is beyond them', () => {
    const geometry = letterboxGeometry({ width: 832, height: 416 }, square);
    const boxes = Float32Array.of(0, 104, 416, 312, 10, 114, 20, 124, 7, 7, 7, 7);
    boxesToFrame(geometry, boxes, 2);
    expect([...boxes]).toEqual([0, 0, 832, 416, 20, 20, 40, 40, 7, 7, 7, 7]);
  });
});
