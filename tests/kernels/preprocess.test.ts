import { describe, expect, it } from 'vitest';
import type { Letterbox } from '../../sdk/core/letterbox.ts';
import { pixelFormats, planeSizes } from '../../sdk/frame/layout.ts';
import type { PixelSource, PreprocessTarget, Quality } from '../../sdk/kernels/preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from '../../sdk/kernels/preprocess/typescript.ts';
import { noise } from './pictures.ts';

/** The same in exact arithmetic: bilinear of means of boxes, half-pixel centres, edges repeated. */
function sample(
  source: PixelSource,
  plane: number,
  channel: number,
  step: number,
  shrunk: number,
  geometry: Letterbox,
  quality: Quality,
  column: number,
  row: number,
): number {
  const { data, stride } = source.planes[plane]!;
  const { region } = geometry;
  const axis = (out: number, outSize: number, start: number, size: number, limit: number) => {
    const scale = size / outSize / shrunk;
    const box = quality === 'area' ? Math.max(1, Math.min(16, Math.floor(scale + 1e-9))) : 1;
    const first = Math.floor(start / shrunk);
    const pixels = Math.min(limit, Math.ceil((start + size) / shrunk)) - first;
    const elements = Math.ceil(pixels / box);
    const position = (start / shrunk + (out + 0.5) * scale - first) / box - 0.5;
    const inside = Math.min(elements - 1, Math.max(0, position));
    const lower = Math.floor(inside);
    return { box, first, pixels, lower, upper: Math.min(elements - 1, lower + 1), weight: inside - lower };
  };
  const x = axis(column, geometry.width, region.x, region.width, Math.ceil(source.width / shrunk));
  const y = axis(row, geometry.height, region.y, region.height, Math.ceil(source.height / shrunk));
  const element = (ex: number, ey: number) => {
    let sum = 0;
    let count = 0;
    for (let j = ey * y.box; j < Math.min(y.pixels, (ey + 1) * y.box); j++) {
      for (let i = ex * x.box; i < Math.min(x.pixels, (ex + 1) * x.box); i++) {
        sum += data[(y.first + j) * stride + (x.first + i) * step + channel]!;
        count++;
      }
    }
    return sum / count;
  };
  const top = element(x.lower, y.lower) * (1 - x.weight) + element(x.upper, y.lower) * x.weight;
  const bottom = element(x.lower, y.upper) * (1 - x.weight) + element(x.upper, y.upper) * x.weight;
  return top * (1 - y.weight) + bottom * y.weight;
}

function exactPixel(source: PixelSource, geometry: Letterbox, quality: Quality, column: number, row: number): number[] {
  const at = (plane: number, channel: number, step: number, shrunk: number) =>
    sample(source, plane, channel, step, shrunk, geometry, quality, column, row);
  const { format, colour } = source;
  if (format === 'GRAY8') return [at(0, 0, 1, 1), at(0, 0, 1, 1), at(0, 0, 1, 1)];
  if (format === 'RGB24') return [at(0, 0, 3, 1), at(0, 1, 3, 1), at(0, 2, 3, 1)];
  if (format === 'BGR24') return [at(0, 2, 3, 1), at(0, 1, 3, 1), at(0, 0, 3, 1)];
  const limited = colour.range === 'limited';
  const [kr, kb] = colour.matrix === 'bt709' ? [0.2126, 0.0722] : [0.299, 0.114];
  const y = limited ? ((at(0, 0, 1, 1) - 16) * 255) / 219 : at(0, 0, 1, 1);
  const chroma = limited ? 255 / 224 : 1;
  const cb = ((format === 'NV12' ? at(1, 0, 2, 2) : at(1, 0, 1, 2)) - 128) * chroma;
  const cr = ((format === 'NV12' ? at(1, 1, 2, 2) : at(2, 0, 1, 2)) - 128) * chroma;
  const r = y + 2 * (1 - kr) * cr;
  const b = y + 2 * (1 - kb) * cb;
  return [r, (y - kr * r - kb * b) / (1 - kr - kb), b].map((value) => Math.min(255, Math.max(0, value)));
}

function target(width: number, height: number, more: Partial<PreprocessTarget> = {}): PreprocessTarget {
  return {
    ...{ width, height, layout: 'NHWC', type: 'uint8', channels: 'RGB' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1], pad: 114 },
    ...more,
  };
}

/** The largest distance from exact arithmetic, in levels, on noise. */
function worst(source: PixelSource, geometry: Letterbox, quality: Quality): number {
  const { inputWidth, inputHeight, left, top, width, height } = geometry;
  const out = new Uint8Array(3 * inputWidth * inputHeight);
  new TypeScriptPreprocessor(target(inputWidth, inputHeight, { quality })).run(source, geometry, out);
  let most = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const expected = exactPixel(source, geometry, quality, column, row);
      for (let c = 0; c < 3; c++) {
        const given = out[3 * ((top + row) * inputWidth + left + column) + c]!;
        most = Math.max(most, Math.abs(given - expected[c]!));
      }
    }
  }
  return most;
}

const colours = (['bt601', 'bt709'] as const).flatMap((matrix) =>
  (['limited', 'full'] as const).map((range) => ({ matrix, range })),
);

describe('the preprocessor', () => {
  it.each(pixelFormats)('is within 2 levels of exact arithmetic for noise as %s', (format) => {
    for (const [index, colour] of colours.entries()) {
      const source = noise(format, 157, 91, index, index, colour, index + 1);
      const region = { x: 3, y: 5, width: 149, height: 83 };
      for (const [width, height] of [
        [48, 27],
        [90, 33],
        [200, 120],
        [11, 40],
      ] as const) {
        const geometry = { inputWidth: width + 2, inputHeight: height + 1, left: 1, top: 1, width, height, region };
        expect(worst(source, geometry, 'bilinear')).toBeLessThan(2);
        // A mean is rounded before it is blended, and chroma is spread to more than twice its range.
        expect(worst(source, geometry, 'area')).toBeLessThan(3);
      }
    }
  });

  it('gives a picture that is not resized each pixel’s nearest chroma', () => {
    const colour = { matrix: 'bt601', range: 'full' } as const;
    const source = noise('I420', 6, 4, 0, 0, colour, 2);
    const region = { x: 0, y: 0, width: 6, height: 4 };
    const geometry = { inputWidth: 6, inputHeight: 4, left: 0, top: 0, width: 6, height: 4, region };
    const out = new Uint8Array(72);
    new TypeScriptPreprocessor(target(6, 4)).run(source, geometry, out);
    const [y, , v] = source.planes;
    for (let i = 0; i < 24; i++) {
      const nearest = v!.data[((i % 6) >> 1) + 3 * (Math.floor(i / 6) >> 1)]!;
      const red = Math.min(255, Math.max(0, y!.data[i]! + 1.402 * (nearest - 128)));
      expect(Math.abs(out[3 * i]! - red)).toBeLessThanOrEqual(0.51);
    }
  });

  it('writes layouts, channel orders and normalised floats of the same pixels, and padding around', () => {
    const source = noise('NV12', 64, 40, 3, 1, { matrix: 'bt709', range: 'limited' }, 4);
    const region = { x: 0, y: 0, width: 64, height: 40 };
    const geometry = { inputWidth: 20, inputHeight: 16, left: 2, top: 3, width: 16, height: 10, region };
    const run = (more: Partial<PreprocessTarget>) => {
      const out = more.type === 'float32' ? new Float32Array(960) : new Uint8Array(960);
      new TypeScriptPreprocessor(target(20, 16, more)).run(source, geometry, out);
      return out;
    };
    const base = run({});
    const mean = [10, 20, 30] as const;
    const std = [50, 60, 70] as const;
    for (const layout of ['NHWC', 'NCHW'] as const) {
      for (const channels of ['RGB', 'BGR'] as const) {
        const bytes = run({ layout, channels });
        const floats = run({ layout, channels, type: 'float32', mean, std });
        for (let pixel = 0; pixel < 320; pixel++) {
          for (let c = 0; c < 3; c++) {
            const at = layout === 'NHWC' ? 3 * pixel + c : 320 * c + pixel;
            const value = base[3 * pixel + (channels === 'RGB' ? c : 2 - c)]!;
            expect(bytes[at]).toBe(value);
            expect(floats[at]).toBeCloseTo((value - mean[c]!) / std[c]!, 5);
          }
        }
      }
    }
    expect([...base.subarray(0, 3 * (3 * 20 + 2))].every((value) => value === 114)).toBe(true);
  });

  it('has no trace of what was around the region', () => {
    const colour = { matrix: 'bt601', range: 'limited' } as const;
    for (const format of pixelFormats) {
      const [a, b] = [noise(format, 60, 44, 0, 0, colour, 1), noise(format, 60, 44, 0, 0, colour, 2)];
      const region = { x: 10, y: 12, width: 30, height: 20 };
      // The same pixels inside, others outside.
      for (const [plane, { rowBytes }] of planeSizes(format, 60, 44).entries()) {
        const half = plane > 0 ? 2 : 1;
        const perPixel = Math.round((rowBytes * half) / 60);
        const from = ((region.x / half) * perPixel) | 0;
        const bytes = (region.width / half) * perPixel;
        for (let row = region.y / half; row < (region.y + region.height) / half; row++) {
          const start = row * a.planes[plane]!.stride + from;
          b.planes[plane]!.data.set(a.planes[plane]!.data.subarray(start, start + bytes), start);
        }
      }
      const geometry = { inputWidth: 16, inputHeight: 12, left: 0, top: 0, width: 16, height: 12, region };
      const outs = [a, b].map((source) => {
        const out = new Uint8Array(576);
        new TypeScriptPreprocessor(target(16, 12)).run(source, geometry, out);
        return out;
      });
      expect(outs[0]).toEqual(outs[1]);
    }
  });
});
