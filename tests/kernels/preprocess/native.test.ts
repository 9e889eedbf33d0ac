import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pixelFormats } from '../../../sdk/frame/layout.ts';
import type { Letterbox } from '../../../sdk/frame/letterbox.ts';
import { type Addon, loadAddon } from '../../../sdk/kernels/native.ts';
import { NativePreprocessor } from '../../../sdk/kernels/preprocess/native.ts';
import type { PixelSource, Preprocessor, PreprocessTarget } from '../../../sdk/kernels/preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from '../../../sdk/kernels/preprocess/typescript.ts';
import { detached, errorOf, noise } from '../pictures.ts';

const { addon } = loadAddon();
const variants = addon?.variants ?? [];

function makeNative(variant: string, target: PreprocessTarget): Preprocessor {
  return new NativePreprocessor((addon as Addon).kernels(variant), target);
}

function makeOut({ width, height, type }: PreprocessTarget): Uint8Array | Float32Array {
  const values = 3 * width * height;
  return type === 'float32' ? new Float32Array(values) : new Uint8Array(values);
}

/** Bytes, so that floats are compared bit for bit. */
function bytesOf(out: Uint8Array | Float32Array): Buffer {
  return Buffer.from(out.buffer, out.byteOffset, out.byteLength);
}

const colours = fc.record({
  matrix: fc.constantFrom('bt601' as const, 'bt709' as const),
  range: fc.constantFrom('limited' as const, 'full' as const),
});
const triple = (low: number, high: number) =>
  fc.tuple(...[0, 1, 2].map(() => fc.double({ min: low, max: high, noNaN: true }))) as fc.Arbitrary<
    [number, number, number]
  >;
const targets: fc.Arbitrary<PreprocessTarget> = fc.record({
  width: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 40 }),
  layout: fc.constantFrom('NCHW', 'NHWC'),
  type: fc.constantFrom('uint8', 'float32'),
  channels: fc.constantFrom('RGB', 'BGR'),
  mean: triple(0, 255),
  std: triple(0.1, 255),
  pad: fc.integer({ min: 0, max: 255 }),
  quality: fc.constantFrom('area', 'bilinear'),
});
const sources = fc
  .record({
    format: fc.constantFrom(...pixelFormats),
    width: fc.integer({ min: 1, max: 260 }),
    height: fc.integer({ min: 1, max: 90 }),
    padding: fc.integer({ min: 0, max: 40 }),
    offset: fc.integer({ min: 0, max: 9 }),
    colour: colours,
    seed: fc.integer(),
  })
  .map(({ format, width, height, padding, offset, colour, seed }) =>
    noise(format, width, height, padding, offset, colour, seed),
  );

/** A part of [0, size) from two fractions. */
function part(size: number, at: number, share: number): [number, number] {
  const start = Math.min(size - 1, Math.floor(at * size));
  return [start, 1 + Math.floor(share * (size - start - 1))];
}

const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });

function place(source: PixelSource, target: PreprocessTarget, f: readonly number[]): Letterbox {
  const [left, width] = part(target.width, f[0]!, f[1]!);
  const [top, height] = part(target.height, f[2]!, f[3]!);
  const [x, w] = part(source.width, f[4]!, f[5]!);
  const [y, h] = part(source.height, f[6]!, f[7]!);
  const region = { x, y, width: w, height: h };
  return { inputWidth: target.width, inputHeight: target.height, left, top, width, height, region };
}

const suffix = addon ? '' : ' (needs the native kernels: npm run kernels)';

describe.skipIf(!addon).each(variants.length > 0 ? variants : ['native'])(
  `the native preprocessor, %s${suffix}`,
  (variant) => {
    it('gives the bits of the TypeScript twin', () => {
      fc.assert(
        fc.property(sources, targets, fractions, (source, target, f) => {
          const geometry = place(source, target, f);
          const expected = makeOut(target);
          new TypeScriptPreprocessor(target).run(source, geometry, expected);
          const out = makeOut(target);
          makeNative(variant, target).run(source, geometry, out);
          expect(bytesOf(out).equals(bytesOf(expected))).toBe(true);
        }),
        { numRuns: 1500 },
      );
    });

    it('gives the bits of the TypeScript twin for a camera’s frame', () => {
      for (const format of pixelFormats) {
        for (const quality of ['area', 'bilinear'] as const) {
          const colour = { matrix: 'bt709', range: 'limited' } as const;
          const source = noise(format, 1280, 720, 0, 0, colour, 5);
          const target: PreprocessTarget = {
            ...{ width: 416, height: 416, layout: 'NHWC', type: 'uint8', channels: 'BGR' },
            ...{ mean: [0, 0, 0], std: [1, 1, 1], pad: 114, quality },
          };
          const region = { x: 0, y: 0, width: 1280, height: 720 };
          const geometry = { inputWidth: 416, inputHeight: 416, left: 0, top: 91, width: 416, height: 234, region };
          const expected = makeOut(target);
          new TypeScriptPreprocessor(target).run(source, geometry, expected);
          const out = makeOut(target);
          makeNative(variant, target).run(source, geometry, out);
          expect(bytesOf(out).equals(bytesOf(expected))).toBe(true);
        }
      }
    });

    it('does a batch as it does single calls, with plans that come and go, and pads again where it must', () => {
      fc.assert(
        fc.property(sources, targets, fc.array(fractions, { maxLength: 12 }), (source, target, places) => {
          const geometries = places.map((f) => place(source, target, f));
          for (const preprocessor of [makeNative(variant, target), new TypeScriptPreprocessor(target)]) {
            const outs = geometries.map(() => makeOut(target));
            preprocessor.runBatch(source, geometries, outs);
            const reused = makeOut(target);
            for (const [i, geometry] of geometries.entries()) {
              preprocessor.run(source, geometry, reused);
              expect(bytesOf(outs[i]!).equals(bytesOf(reused))).toBe(true);
            }
          }
        }),
        { numRuns: 200 },
      );
    });

    it('works with shared memory', () => {
      const colour = { matrix: 'bt601', range: 'full' } as const;
      const target: PreprocessTarget = {
        ...{ width: 24, height: 24, layout: 'NHWC', type: 'uint8', channels: 'RGB' },
        ...{ mean: [0, 0, 0], std: [1, 1, 1], pad: 0 },
      };
      const geometry = place({ width: 50, height: 40 } as PixelSource, target, [0, 1, 0, 1, 0, 1, 0, 1]);
      const source = noise('NV12', 50, 40, 3, 1, colour, 9, SharedArrayBuffer);
      const expected = makeOut(target);
      new TypeScriptPreprocessor(target).run(source, geometry, expected);
      const out = new Uint8Array(new SharedArrayBuffer(24 * 24 * 3));
      makeNative(variant, target).run(source, geometry, out);
      expect(Buffer.from(out).equals(bytesOf(expected))).toBe(true);
    });
  },
);

/** What no caller should pass, beside what one might. */
const junk = fc.oneof(
  fc.anything(),
  fc.integer({ min: -3, max: 20 }),
  fc.double(),
  fc.constantFrom(NaN, Infinity, -1, 2 ** 31, 2 ** 53, 1.5, undefined, null),
  fc.uint8Array({ maxLength: 300 }),
  fc.float32Array({ maxLength: 30 }),
  fc.float64Array({ maxLength: 20 }),
  fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 3 }),
);

describe.skipIf(!addon)(`what the native preprocessor refuses${suffix}`, () => {
  const target: PreprocessTarget = {
    ...{ width: 8, height: 6, layout: 'NCHW', type: 'uint8', channels: 'RGB' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1], pad: 7 },
  };
  const colour = { matrix: 'bt601', range: 'limited' } as const;
  const source = noise('I420', 10, 9, 2, 0, colour, 3);
  const geometry = place(source, target, [0, 1, 0, 1, 0, 1, 0, 1]);

  it('throws what the TypeScript twin throws, and never writes', () => {
    const wrongSources = [
      { ...source, width: 0 },
      { ...source, width: 11 },
      { ...source, height: 16385 },
      { ...source, planes: source.planes.slice(0, 2) },
      { ...source, planes: source.planes.map(({ data, stride }) => ({ data, stride: stride - 3 })) },
      { ...source, planes: source.planes.map(({ data, stride }) => ({ data: data.subarray(1), stride })) },
      { ...source, planes: source.planes.map(({ data, stride }) => ({ data: detached(data.length), stride })) },
      { ...source, planes: source.planes.map(({ stride }) => ({ data: new Uint16Array(999), stride })) },
      { ...source, planes: source.planes.map(({ data }) => ({ data, stride: NaN })) },
    ] as PixelSource[];
    const { region } = geometry;
    const wrongPlaces = [
      { ...geometry, inputWidth: 9 },
      { ...geometry, left: -1 },
      { ...geometry, left: 1 },
      { ...geometry, top: 0.5 },
      { ...geometry, width: 0 },
      { ...geometry, region: { ...region, x: 1 } },
      { ...geometry, region: { ...region, y: -1 } },
      { ...geometry, region: { ...region, width: 0 } },
      { ...geometry, region: { ...region, height: NaN } },
    ];
    const wrongOuts = [new Uint8Array(143), new Float32Array(144), detached(144), new Int8Array(144)] as Uint8Array[];
    const out = new Uint8Array(144);
    const native = makeNative('scalar', target);
    const twin = new TypeScriptPreprocessor(target);
    const both = (act: (one: Preprocessor) => void) => {
      expect(errorOf(() => act(native))).toMatch(/^(Type|Range)Error$/);
      expect(errorOf(() => act(native))).toBe(errorOf(() => act(twin)));
    };
    for (const one of wrongSources) both((preprocessor) => preprocessor.run(one, geometry, out));
    for (const one of wrongPlaces) both((preprocessor) => preprocessor.run(source, one, out));
    for (const one of wrongOuts) both((preprocessor) => preprocessor.run(source, geometry, one));
    both((preprocessor) => preprocessor.runBatch(source, [geometry], []));
    both((preprocessor) => preprocessor.runBatch(source, [geometry, geometry], [out, new Uint8Array(1)]));
    expect(out.every((value) => value === 0)).toBe(true);
  });

  it('throws for a target that is none', () => {
    for (const wrong of [
      { width: 0 },
      { height: 1.5 },
      { width: 16385 },
      { pad: 256 },
      { layout: 'CHW' },
      { type: 'int8' },
      { channels: 'YUV' },
      { quality: 'best' },
      { mean: [1, 2] },
      { std: undefined },
    ]) {
      const bad = { ...target, ...wrong } as unknown as PreprocessTarget;
      expect(errorOf(() => makeNative('scalar', bad))).toMatch(/^(Type|Range)Error$/);
      expect(errorOf(() => makeNative('scalar', bad))).toBe(errorOf(() => new TypeScriptPreprocessor(bad)));
    }
  });

  it('throws for whatever the binding’s functions are called with, and lives', () => {
    const functions = (addon as Addon).kernels((addon as Addon).variants.at(-1)!) as unknown as {
      preprocessor(...args: unknown[]): (...args: unknown[]) => void;
    };
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 14 }), (args) => {
        expect(errorOf(() => functions.preprocessor(...args))).toMatch(/^(Type|Range)Error$/);
      }),
      { numRuns: 3000 },
    );
    const one = new Float32Array([1, 1, 1]);
    const run = functions.preprocessor(8, 6, true, false, false, true, 7, one, one);
    const good: unknown[] = [
      new Float64Array([0, 10, 9, 12, 7, 7, 0, 1]),
      ...source.planes.map(({ data }) => data),
      new Float64Array([1, 0, 0, 8, 6, 0, 0, 10, 9]),
      new Uint8Array(144),
    ];
    run(...good);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), junk, (at, value) => {
        // One argument is junk, the others are right.
        fc.pre(!(Array.isArray(value) && value.length === 1 && at === 5));
        expect(errorOf(() => run(...good.with(at, value)))).toMatch(/^(Type|Range)Error$|^none$/);
      }),
      { numRuns: 5000 },
    );
    // One number of the descriptions is junk.
    fc.assert(
      fc.property(fc.constantFrom(0, 4), fc.nat(8), fc.double(), (at, index, value) => {
        const numbers = (good[at] as Float64Array).slice();
        numbers[index % numbers.length] = value;
        const name = errorOf(() => run(...good.with(at, numbers)));
        expect(name).toMatch(Number.isInteger(value) ? /^RangeError$|^none$/ : /^RangeError$/);
      }),
      { numRuns: 5000 },
    );
  });

  it('looks at memory only after the getters of what it was given have run', () => {
    const native = makeNative('scalar', target);
    const outs: Uint8Array[] = [];
    const data = source.planes[0]!.data.slice();
    let reads = 0;
    Object.defineProperty(outs, 0, {
      get: () => {
        // The second look is the addon's own.
        if (++reads === 2) structuredClone(data.buffer, { transfer: [data.buffer] });
        return new Uint8Array(144);
      },
    });
    const planes = source.planes.map((plane, i) => (i === 0 ? { ...plane, data } : plane));
    expect(() => native.runBatch({ ...source, planes }, [geometry], outs)).toThrow(/plane 0: expected at least/);
  });
});
