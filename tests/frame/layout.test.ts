import { describe, expect, it } from 'vitest';
import { assertSize, maxSide, pixelFormats, planeLayout, planeSizes } from '../../sdk/frame/layout.ts';

describe('planeSizes', () => {
  it.each([
    {
      format: 'I420',
      size: [4, 2],
      planes: [
        [4, 2],
        [2, 1],
        [2, 1],
      ],
    },
    {
      format: 'I420',
      size: [5, 3],
      planes: [
        [5, 3],
        [3, 2],
        [3, 2],
      ],
    },
    {
      format: 'I420',
      size: [1, 1],
      planes: [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    {
      format: 'NV12',
      size: [5, 3],
      planes: [
        [5, 3],
        [6, 2],
      ],
    },
    { format: 'BGR24', size: [5, 3], planes: [[15, 3]] },
    { format: 'RGB24', size: [5, 3], planes: [[15, 3]] },
    { format: 'GRAY8', size: [5, 3], planes: [[5, 3]] },
  ] as const)('of $format at $size', ({ format, size, planes }) => {
    const sizes = planeSizes(format, size[0], size[1]);
    expect(sizes.map(({ rowBytes, rows }) => [rowBytes, rows])).toEqual(planes);
  });
});

describe('planeLayout', () => {
  it('puts the planes one after the other, without padding unless told', () => {
    const { planes, byteLength } = planeLayout('I420', 5, 3);
    expect(planes).toEqual([
      { offset: 0, stride: 5, rowBytes: 5, rows: 3 },
      { offset: 15, stride: 3, rowBytes: 3, rows: 2 },
      { offset: 21, stride: 3, rowBytes: 3, rows: 2 },
    ]);
    expect(byteLength).toBe(27);
  });

  it('takes the strides of a camera', () => {
    const { planes, byteLength } = planeLayout('NV12', 100, 50, [128, 128]);
    expect(planes.map(({ offset, stride }) => [offset, stride])).toEqual([
      [0, 128],
      [6400, 128],
    ]);
    expect(byteLength).toBe(128 * 75);
  });

  it('refuses a stride that is smaller than a row, naming the plane', () => {
    expect(() => planeLayout('I420', 100, 50, [128, 49, 64])).toThrow(
      'stride of plane 1: expected a whole number of at least 50 bytes, got 49',
    );
  });

  it.each(pixelFormats)('has no plane that reaches into the next one (%s)', (format) => {
    const { planes, byteLength } = planeLayout(format, 7, 5);
    const ends = planes.map(({ offset, stride, rows }) => offset + stride * rows);
    expect(planes.map(({ offset }) => offset)).toEqual([0, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBe(byteLength);
  });
});

describe('assertSize', () => {
  it.each([
    [0, 1],
    [1, -1],
    [1.5, 1],
    [Number.NaN, 1],
    [maxSide + 1, 1],
  ])('refuses %s x %s', (width, height) => {
    expect(() => assertSize(width, height)).toThrow(
      /frame (width|height): expected a whole number of pixels from 1 to/,
    );
  });

  it('takes the smallest and the largest', () => {
    expect(() => assertSize(1, maxSide)).not.toThrow();
  });
});
