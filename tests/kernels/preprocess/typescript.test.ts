import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pixelFormats } from '../../../sdk/frame/layout.ts';
import { letterboxGeometry, type Region } from '../../../sdk/frame/letterbox.ts';
import type { PixelSource, PreprocessTarget } from '../../../sdk/kernels/preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from '../../../sdk/kernels/preprocess/typescript.ts';
import { anyColour, anyFormat, anyPadding, noise } from '../sources.ts';
import { referenceInput } from './reference.ts';

interface Fit {
  readonly resize?: 'letterbox' | 'stretch';
  readonly align?: 'center' | 'top-left';
  readonly region?: Region;
}

const target = (change: Partial<PreprocessTarget> = {}): PreprocessTarget => ({
  width: 32,
  height: 32,
  layout: 'NCHW',
  type: 'uint8',
  channels: 'RGB',
  mean: [0, 0, 0],
  std: [1, 1, 1],
  pad: 114,
  ...change,
});

function geometryOf(source: PixelSource, to: PreprocessTarget, fit: Fit = {}) {
  const { resize = 'letterbox', align = 'center', region } = fit;
  return letterboxGeometry(source, { width: to.width, height: to.height, resize, align }, region);
}

function run(source: PixelSource, to: PreprocessTarget, fit: Fit = {}): Uint8Array | Float32Array {
  const length = to.width * to.height * 3;
  const out = to.type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  new TypeScriptPreprocessor(to).run(source, geometryOf(source, to, fit), out);
  return out;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/**
 * On noise, the worst case: the result is rounded, and so is a mean before it is blended; a colour conversion stretches
 * what came before, U by up to 2.1.
 */
const tolerance = { bilinear: 2, area: 3 };
const qualities = ['bilinear', 'area'] as const;

const anyTarget = fc.record({
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 40 }),
  layout: fc.constantFrom('NCHW' as const, 'NHWC' as const),
  channels: fc.constantFrom('RGB' as const, 'BGR' as const),
  quality: fc.constantFrom(...qualities),
  pad: fc.nat(255),
});
const anySource = fc
  .record({
    format: anyFormat,
    width: fc.integer({ min: 1, max: 90 }),
    height: fc.integer({ min: 1, max: 90 }),
    seed: fc.nat(1000),
    padding: anyPadding,
    shift: fc.nat(3),
    colour: anyColour,
  })
  .map(noise);
const anyFit = fc.record({
  resize: fc.constantFrom('letterbox' as const, 'stretch' as const),
  align: fc.constantFrom('center' as const, 'top-left' as const),
});
/** The mean error, with its sign: what rounds to both sides is near 0. */
function bias(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! - b[i]!;
  return sum / a.length;
}

/** Shares of the picture, made a region of at least one pixel. */
const anyShares = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99));
function regionOf({ width, height }: PixelSource, [x, y, w, h]: readonly [number, number, number, number]): Region {
  const left = Math.floor((x * width) / 100);
  const top = Math.floor((y * height) / 100);
  return {
    x: left,
    y: top,
    width: Math.max(1, Math.floor((w * (width - left)) / 100)),
    height: Math.max(1, Math.floor((h * (height - top)) / 100)),
  };
}

describe('TypeScriptPreprocessor', () => {
  describe.each(pixelFormats)('%s beside the reference', (format) => {
    it.each([
      { name: 'as it is', size: [32, 32] },
      { name: 'wider: bars above and below', size: [40, 22] },
      { name: 'taller: bars at the sides', size: [21, 47] },
      { name: 'twice as large: boxes', size: [64, 64] },
      { name: 'three times: boxes of 3', size: [96, 96] },
      { name: 'large and odd', size: [325, 183] },
      { name: '20 times: beyond the largest box', size: [640, 640] },
      { name: 'smaller: enlarged', size: [11, 9] },
      { name: 'one pixel', size: [1, 1] },
      { name: 'one row', size: [77, 1] },
      { name: 'one column', size: [1, 77] },
    ])('$name ($size)', ({ size }) => {
      const source = noise({ format, width: size[0]!, height: size[1]!, padding: [13, 7, 1] });
      for (const quality of qualities) {
        const to = target({ quality });
        const expected = referenceInput(source, geometryOf(source, to), to);
        const actual = run(source, to);
        expect(largestDifference(actual, expected), quality).toBeLessThan(tolerance[quality]);
        // Halves go up: the mean of 2x2 pixels is an eighth too bright.
        expect(Math.abs(bias(actual, expected)), quality).toBeLessThan(0.2);
      }
    });
  });

  it('agrees with the reference for any picture, region, input and alignment', () => {
    fc.assert(
      fc.property(anySource, anyTarget, anyFit, fc.option(anyShares), (source, changes, fit, shares) => {
        const to = target(changes);
        const whole = { ...fit, ...(shares && { region: regionOf(source, shares) }) };
        const expected = referenceInput(source, geometryOf(source, to, whole), to);
        expect(largestDifference(run(source, to, whole), expected)).toBeLessThan(tolerance[changes.quality]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same for any stride and any alignment in memory', () => {
    const init = fc.record({
      format: anyFormat,
      width: fc.integer({ min: 1, max: 90 }),
      height: fc.integer({ min: 1, max: 90 }),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(init, anyTarget, anyPadding, fc.nat(3), (picture, changes, padding, shift) => {
        const to = target(changes);
        expect(run(noise({ ...picture, padding, shift }), to)).toEqual(run(noise(picture), to));
      }),
    );
  });

  it('gives in float32 what it gives in uint8, normalised', () => {
    fc.assert(
      fc.property(anySource, anyTarget, (source, changes) => {
        const normalised = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } as const;
        const to = target({ ...changes, ...normalised });
        const bytes = run(source, to);
        const floats = run(source, { ...to, type: 'float32' });
        const channelOf = (i: number) => (to.layout === 'NCHW' ? Math.floor(i / (to.width * to.height)) : i % 3);
        const expected = Array.from(
          bytes,
          (value, i) => (value - normalised.mean[channelOf(i)]!) / normalised.std[channelOf(i)]!,
        );
        // One product and one sum in 32 bits.
        expect(largestDifference(floats, expected)).toBeLessThan(1e-6);
      }),
    );
  });

  it('gives the same values in NHWC as in NCHW, and in BGR as in RGB', () => {
    fc.assert(
      fc.property(anySource, anyTarget, (source, changes) => {
        const to = target({ ...changes, layout: 'NCHW', channels: 'RGB' });
        const planar = run(source, to);
        const interleaved = run(source, { ...to, layout: 'NHWC', channels: 'BGR' });
        const pixels = to.width * to.height;
        const expected = Uint8Array.from(interleaved, (_, i) => planar[(2 - (i % 3)) * pixels + Math.floor(i / 3)]!);
        expect(interleaved).toEqual(expected);
      }),
    );
  });

  it('gives the same for I420 and NV12, and for RGB24 and BGR24, of one picture', () => {
    const size = { width: 61, height: 43 };
    const planar = noise({ format: 'I420', ...size });
    const [y, u, v] = planar.planes;
    const chroma = new Uint8Array(u!.data.length * 2).map((_, i) => (i % 2 === 0 ? u : v)!.data[i >> 1]!);
    const interleaved = { ...planar, format: 'NV12' as const, planes: [y!, { data: chroma, stride: u!.stride * 2 }] };
    expect(run(interleaved, target())).toEqual(run(planar, target()));

    const rgb = noise({ format: 'RGB24', ...size });
    const swapped = rgb.planes[0]!.data.map((_, i, data) => data[i - (i % 3) + 2 - (i % 3)]!);
    const bgr = { ...rgb, format: 'BGR24' as const, planes: [{ data: swapped, stride: rgb.planes[0]!.stride }] };
    expect(run(bgr, target())).toEqual(run(rgb, target()));
  });

  it.each([
    { name: 'black of limited range', yuv: [16, 128, 128], range: 'limited', rgb: [0, 0, 0] },
    { name: 'white of limited range', yuv: [235, 128, 128], range: 'limited', rgb: [255, 255, 255] },
    { name: 'beyond white', yuv: [255, 128, 128], range: 'limited', rgb: [255, 255, 255] },
    { name: 'black of full range', yuv: [0, 128, 128], range: 'full', rgb: [0, 0, 0] },
    { name: 'grey of full range', yuv: [99, 128, 128], range: 'full', rgb: [99, 99, 99] },
    // ITU-R BT.601 and BT.709: pure red at 100 %.
    { name: 'red of BT.601', yuv: [81, 90, 240], range: 'limited', rgb: [254, 0, 0] },
    { name: 'red of BT.709', yuv: [63, 102, 240], range: 'limited', matrix: 'bt709', rgb: [255, 1, 0] },
  ] as const)('knows $name', ({ yuv, range, rgb, ...rest }) => {
    const { matrix = 'bt601' } = rest as { matrix?: 'bt709' };
    const planes = [16, 4, 4].map((length, i) => ({
      data: new Uint8Array(length).fill(yuv[i]!),
      stride: Math.sqrt(length),
    }));
    const source: PixelSource = { format: 'I420', width: 4, height: 4, planes, colour: { matrix, range } };
    for (const side of [4, 7]) {
      const out = run(source, target({ width: side, height: side, layout: 'NHWC' }));
      for (let i = 0; i < out.length; i++) expect(Math.abs(out[i]! - rgb[i % 3]!)).toBeLessThanOrEqual(1);
    }
  });

  it('does not let the surroundings of a region into it', () => {
    const data = new Uint8Array(40 * 40).fill(255);
    for (let y = 10; y < 30; y++) data.fill(9, y * 40 + 10, y * 40 + 30);
    const source: PixelSource = {
      format: 'GRAY8',
      width: 40,
      height: 40,
      planes: [{ data, stride: 40 }],
      colour: { matrix: 'bt601', range: 'full' },
    };
    for (const side of [5, 13, 20, 50]) {
      const to = target({ width: side, height: side });
      const out = run(source, to, { region: { x: 10, y: 10, width: 20, height: 20 } });
      expect(new Set(out)).toEqual(new Set([9]));
    }
  });

  it('keeps the padding between calls with the same buffer, and renews it when the geometry changes', () => {
    const to = target();
    const preprocessor = new TypeScriptPreprocessor(to);
    const out = new Uint8Array(to.width * to.height * 3);
    const wide = noise({ format: 'RGB24', width: 64, height: 20, seed: 3 });
    const tall = noise({ format: 'RGB24', width: 20, height: 64, seed: 4 });
    for (const source of [wide, wide, tall, wide, noise({ format: 'RGB24', width: 64, height: 20, seed: 5 })]) {
      preprocessor.run(source, geometryOf(source, to), out);
      expect(out).toEqual(run(source, to));
    }
  });

  it('serves sources of many sizes and formats in turn, twice', () => {
    const to = target({ type: 'float32' });
    const preprocessor = new TypeScriptPreprocessor(to);
    const out = new Float32Array(to.width * to.height * 3);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 12; i++) {
        const source = noise({ format: pixelFormats[i % 5]!, width: 20 + 9 * i, height: 90 - 5 * i, seed: i });
        preprocessor.run(source, geometryOf(source, to), out);
        expect(out).toEqual(run(source, to));
      }
    }
  });

  it('refuses a buffer or a geometry of another size', () => {
    const to = target();
    const source = noise({ format: 'GRAY8', width: 8, height: 8 });
    const preprocessor = new TypeScriptPreprocessor(to);
    expect(() => preprocessor.run(source, geometryOf(source, to), new Uint8Array(10))).toThrow(
      'out: expected 3072 values, got 10',
    );
    const other = geometryOf(source, target({ width: 16, height: 192 }));
    expect(() => preprocessor.run(source, other, new Uint8Array(3072))).toThrow(
      'geometry: expected an input of 32x32, got 16x192',
    );
  });
});
