import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pixelFormats } from '../../../sdk/frame/layout.ts';
import { letterboxGeometry } from '../../../sdk/frame/letterbox.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { anyFormat, noise } from '../sources.ts';

describe('TypeScriptConverter', () => {
  it('copies RGB24 as it is, without the padding', () => {
    const source = noise({ format: 'RGB24', width: 13, height: 7, padding: [5] });
    const tight = noise({ format: 'RGB24', width: 13, height: 7 });
    const { data, width, height } = kernels.converter().convert(source);
    expect([width, height]).toEqual([13, 7]);
    expect(data).toEqual(tight.planes[0]!.data);
  });

  it('swaps BGR24, and RGB24 where BGR is asked for', () => {
    const source = noise({ format: 'BGR24', width: 5, height: 3 });
    const { data } = kernels.converter().convert(source);
    const { data: swapped } = kernels.converter().convert(source, { channels: 'BGR' });
    const original = source.planes[0]!.data;
    expect(swapped).toEqual(original);
    expect([...data.subarray(0, 3)]).toEqual([original[2], original[1], original[0]]);
  });

  it('gives what the preprocessor gives for the same size', () => {
    for (const format of pixelFormats) {
      const source = noise({ format, width: 90, height: 61 });
      const { data, width, height } = kernels.converter().convert(source, { maxHeight: 20 });
      expect([width, height]).toEqual([30, 20]);
      const out = new Uint8Array(width * height * 3);
      kernels
        .preprocessor({
          width,
          height,
          layout: 'NHWC',
          type: 'uint8',
          channels: 'RGB',
          mean: [0, 0, 0],
          std: [1, 1, 1],
          pad: 0,
        })
        .run(source, letterboxGeometry(source, { width, height, resize: 'stretch', align: 'center' }), out);
      expect(data).toEqual(out);
    }
  });

  it('never enlarges, keeps the aspect ratio to a pixel, and gives at least one pixel', () => {
    const side = fc.integer({ min: 1, max: 200 });
    const limit = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
    fc.assert(
      fc.property(anyFormat, side, side, limit, limit, (format, w, h, maxWidth, maxHeight) => {
        const source = noise({ format, width: w, height: h });
        const { data, width, height } = kernels.converter().convert(source, { maxWidth, maxHeight });
        expect(data).toHaveLength(width * height * 3);
        expect(width).toBeGreaterThanOrEqual(1);
        expect(height).toBeGreaterThanOrEqual(1);
        expect(width).toBeLessThanOrEqual(Math.min(w, maxWidth ?? w));
        expect(height).toBeLessThanOrEqual(Math.min(h, maxHeight ?? h));
        const scale = Math.min(1, (maxWidth ?? w) / w, (maxHeight ?? h) / h);
        expect(Math.abs(width - w * scale)).toBeLessThan(1);
        expect(Math.abs(height - h * scale)).toBeLessThan(1);
      }),
    );
  });

  it('takes a region, clipped to the picture', () => {
    const source = noise({ format: 'RGB24', width: 10, height: 10 });
    const { data, width, height } = kernels
      .converter()
      .convert(source, { region: { x: 8, y: -3, width: 50, height: 5 } });
    expect([width, height]).toEqual([2, 2]);
    const original = source.planes[0]!.data;
    expect([...data]).toEqual([...original.subarray(24, 30), ...original.subarray(54, 60)]);
    expect(() => kernels.converter().convert(source, { region: { x: 10, y: 0, width: 1, height: 1 } })).toThrow(
      'region: expected one that touches the 10x10 frame',
    );
  });

  it('uses the buffers of the last few sizes again, and only those', () => {
    const converter = kernels.converter();
    const convert = (size: number) => converter.convert(noise({ format: 'GRAY8', width: size, height: size })).data;
    const first = convert(8);
    expect(convert(8)).toBe(first);
    const others = [convert(9), convert(10)];
    expect(convert(8)).toBe(first);
    expect([convert(9), convert(10)].every((data, i) => data === others[i])).toBe(true);
    convert(11);
    expect(convert(8)).not.toBe(first);
  });
});
