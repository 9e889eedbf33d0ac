import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { YuvConverter } from '../../sdk/kernels/convert/convert.ts';
import { nativeYuvConverter } from '../../sdk/kernels/convert/native.ts';
import { toYuv } from '../../sdk/kernels/convert/typescript.ts';
import { type Addon, loadAddon } from '../../sdk/kernels/native.ts';
import type { PixelSource } from '../../sdk/kernels/preprocess/preprocess.ts';
import { detached, errorOf, noise } from './pictures.ts';

const { addon } = loadAddon();
const colour = { matrix: 'bt601', range: 'limited' } as const;

describe('a picture to YUV', () => {
  it('is within a level of exact arithmetic, with chroma as the mean of its pixels', () => {
    for (const matrix of ['bt601', 'bt709'] as const) {
      for (const range of ['limited', 'full'] as const) {
        const [kr, kb] = matrix === 'bt709' ? [0.2126, 0.0722] : [0.299, 0.114];
        const source = noise('BGR24', 33, 17, 2, 1, colour, 3);
        const out = noise('I420', 33, 17, 5, 0, { matrix, range }, 4);
        toYuv(source, out);
        const { data, stride } = source.planes[0]!;
        const mean = (x: number, y: number, size: number) => {
          const sums = [0, 0, 0];
          for (let j = 0; j < size; j++) {
            for (let i = 0; i < size; i++) {
              const at = Math.min(16, y + j) * stride + 3 * Math.min(32, x + i);
              for (let c = 0; c < 3; c++) sums[c]! += data[at + c]! / size / size;
            }
          }
          const [b, g, r] = sums as [number, number, number];
          const luma = kr * r + (1 - kr - kb) * g + kb * b;
          return { luma, u: (b - luma) / (2 * (1 - kb)), v: (r - luma) / (2 * (1 - kr)) };
        };
        const [lumaScale, chromaScale, black] = range === 'limited' ? [219 / 255, 224 / 255, 16] : [1, 1, 0];
        const [y, u, v] = out.planes;
        for (let row = 0; row < 17; row++) {
          for (let x = 0; x < 33; x++) {
            const expected = mean(x, row, 1).luma * lumaScale + black;
            expect(Math.abs(y!.data[row * y!.stride + x]! - expected)).toBeLessThan(1);
            if (x % 2 === 1 || row % 2 === 1) continue;
            const chroma = mean(x, row, 2);
            const at = (row / 2) * u!.stride + x / 2;
            expect(Math.abs(u!.data[at]! - (chroma.u * chromaScale + 128))).toBeLessThan(1);
            expect(Math.abs(v!.data[at]! - (chroma.v * chromaScale + 128))).toBeLessThan(1);
          }
        }
      }
    }
  });

  it('goes from I420 to NV12 and back', () => {
    const source = noise('I420', 35, 21, 3, 1, colour, 8);
    const packed = noise('NV12', 35, 21, 2, 0, colour, 9);
    const back = noise('I420', 35, 21, 3, 1, colour, 10);
    toYuv(source, packed);
    toYuv(packed, back);
    for (const [plane, { data, stride }] of source.planes.entries()) {
      const [columns, rows] = plane === 0 ? [35, 21] : [18, 11];
      for (let row = 0; row < rows; row++) {
        expect(back.planes[plane]!.data.subarray(row * stride, row * stride + columns)).toEqual(
          data.subarray(row * stride, row * stride + columns),
        );
      }
    }
  });

  it('refuses what does not fit', () => {
    const out = noise('I420', 8, 6, 0, 0, colour, 1);
    const wrong: [PixelSource, unknown][] = [
      [noise('GRAY8', 8, 6, 0, 0, colour, 1), out],
      [noise('RGB24', 9, 6, 0, 0, colour, 1), out],
      [noise('RGB24', 8, 6, 0, 0, colour, 1), noise('RGB24', 8, 6, 0, 0, colour, 1)],
      [noise('RGB24', 8, 6, 0, 0, colour, 1), { ...out, planes: out.planes.slice(1) }],
      [noise('RGB24', 8, 6, 0, 0, colour, 1), { ...out, planes: [{ data: detached(48), stride: 8 }] }],
    ];
    const converters: YuvConverter[] = [toYuv];
    if (addon) converters.push(nativeYuvConverter(addon.kernels('scalar')));
    for (const [source, target] of wrong) {
      const names = converters.map((convert) => errorOf(() => convert(source, target as typeof out)));
      expect(names[0]).toMatch(/^(Type|Range)Error$/);
      expect(new Set(names).size).toBe(1);
    }
  });
});

const suffix = addon ? '' : ' (needs the native kernels: npm run kernels)';

describe.skipIf(!addon).each(addon ? addon.variants : ['native'])(
  `the native converter to YUV, %s${suffix}`,
  (variant) => {
    it('gives the bytes of the TypeScript twin', () => {
      const native = nativeYuvConverter((addon as Addon).kernels(variant));
      fc.assert(
        fc.property(
          fc.constantFrom('RGB24' as const, 'BGR24' as const, 'I420' as const, 'NV12' as const),
          fc.constantFrom('I420' as const, 'NV12' as const),
          fc.integer({ min: 1, max: 90 }),
          fc.integer({ min: 1, max: 20 }),
          fc.nat(9),
          fc.record({
            matrix: fc.constantFrom('bt601' as const, 'bt709' as const),
            range: fc.constantFrom('limited' as const, 'full' as const),
          }),
          fc.integer(),
          (from, to, width, height, padding, space, seed) => {
            const source = noise(from, width, height, padding, padding % 3, space, seed);
            // The same bytes around the picture before.
            const [expected, given] = [0, 1].map(() => noise(to, width, height, padding, 1, space, seed + 1));
            toYuv(source, expected!);
            native(source, given!);
            expect(given!.planes).toEqual(expected!.planes);
          },
        ),
        { numRuns: 500 },
      );
    });
  },
);

describe.skipIf(!addon)(`the binding of the converter to YUV${suffix}`, () => {
  it('throws for whatever it is called with, and lives', () => {
    const { toYuv: convert } = (addon as Addon).kernels('scalar') as unknown as { toYuv(...args: unknown[]): void };
    const plane = new Uint8Array(64);
    const good: unknown[] = [
      new Float64Array([3, 4, 4, 12, 0, 0, 0, 4, 4, 4, 2, 2, 0, 1]),
      plane,
      plane,
      plane,
      plane,
      plane,
      plane,
    ];
    convert(...good);
    const junk = fc.oneof(fc.anything(), fc.uint8Array({ maxLength: 20 }), fc.float64Array({ maxLength: 16 }));
    fc.assert(
      fc.property(fc.nat(6), junk, (at, value) => {
        expect(errorOf(() => convert(...good.with(at, value)))).toMatch(/^(Type|Range)Error$|^none$/);
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.nat(13), fc.double(), (index, value) => {
        const numbers = (good[0] as Float64Array).slice();
        numbers[index] = value;
        expect(errorOf(() => convert(...good.with(0, numbers)))).toMatch(/^(Type|Range)Error$|^none$/);
      }),
      { numRuns: 3000 },
    );
  });
});
