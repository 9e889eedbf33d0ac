import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectorKernels as twin } from '../../../sdk/kernels/dot/typescript.ts';
import { needsAddon, variants } from '../variants.ts';

const floats = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true, min: -1e4, max: 1e4 });
const bytes = (length: number) => fc.int8Array({ minLength: length, maxLength: length });
/** Around the widths of vectors more often than not. */
const sizes = fc.oneof(fc.nat(200), fc.constantFrom(0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1280));
const pairs = sizes.chain((n) => fc.record({ x: floats(n), y: floats(n), a: bytes(n), b: bytes(n) }));

describe('dot: the TypeScript twin', () => {
  it('adds and multiplies', () => {
    expect(twin.dotI8(Int8Array.of(1, -2, 3), Int8Array.of(4, 5, -6))).toBe(-24);
    expect(twin.dotF32(Float32Array.of(1, -2, 3), Float32Array.of(4, 5, -6))).toBe(-24);
    expect(twin.squaredDistanceF32(Float32Array.of(1, 2, 3), Float32Array.of(1, 4, 0))).toBe(13);
    expect(twin.normF32(Float32Array.of(3, 4))).toBe(5);
    expect(twin.dotF32(new Float32Array(), new Float32Array())).toBe(0);
  });

  it('is exact up to 131,071 values', () => {
    const low = new Int8Array(131_071).fill(-128);
    expect(twin.dotI8(low, low)).toBe(131_071 * 16_384);
  });

  it('is near the exact sum of floats', () => {
    fc.assert(
      fc.property(pairs, ({ x, y }) => {
        const exact = x.reduce((sum, value, i) => sum + value * y[i]!, 0);
        const size = x.reduce((sum, value, i) => sum + Math.abs(value * y[i]!), 0);
        expect(Math.abs(twin.dotF32(x, y) - exact)).toBeLessThanOrEqual(1e-6 * size + 1e-40);
      }),
    );
  });

  it('multiplies a matrix row by row', () => {
    const out = new Int32Array(2);
    twin.matVecI8(Int8Array.of(1, 2, 3, 4, 5, 6), Int8Array.of(1, 0, -1), out);
    expect([...out]).toEqual([-2, -2]);
  });
});

describe.skipIf(variants.length === 0)(`dot: native${needsAddon}`, () => {
  it.each(variants)('$name gives the bits of the twin', ({ functions }) => {
    fc.assert(
      fc.property(pairs, ({ x, y, a, b }) => {
        expect(functions.dotI8(a, b)).toBe(twin.dotI8(a, b));
        expect(functions.dotF32(x, y)).toBe(twin.dotF32(x, y));
        expect(functions.squaredDistanceF32(x, y)).toBe(twin.squaredDistanceF32(x, y));
        expect(functions.normF32(x)).toBe(twin.normF32(x));
      }),
      { numRuns: 300 },
    );
  });

  it.each(variants)('$name multiplies matrices as the twin does, at any offset', ({ functions }) => {
    const cases = fc
      .record({ rows: fc.nat(5), columns: fc.nat(70), offset: fc.nat(7) })
      .chain(({ rows, columns, offset }) =>
        fc.record({
          rows: fc.constant(rows),
          offset: fc.constant(offset),
          matrix: floats(rows * columns + offset),
          vector: floats(columns),
          byteMatrix: bytes(rows * columns + offset),
          byteVector: bytes(columns),
        }),
      );
    fc.assert(
      fc.property(cases, ({ rows, offset, matrix, vector, byteMatrix, byteVector }) => {
        const [expected, got] = [new Float32Array(rows), new Float32Array(rows)];
        twin.matVecF32(matrix.subarray(offset), vector, expected);
        functions.matVecF32(matrix.subarray(offset), vector, got);
        expect(got).toEqual(expected);
        const [expectedBytes, gotBytes] = [new Int32Array(rows), new Int32Array(rows)];
        twin.matVecI8(byteMatrix.subarray(offset), byteVector, expectedBytes);
        functions.matVecI8(byteMatrix.subarray(offset), byteVector, gotBytes);
        expect(gotBytes).toEqual(expectedBytes);
      }),
    );
  });

  it.each([{ name: 'twin', functions: twin }, ...variants])('$name refuses sizes that do not fit', ({ functions }) => {
    expect(() => functions.dotI8(new Int8Array(3), new Int8Array(2))).toThrow('b: expected 3 values as a has, got 2');
    expect(() => functions.matVecF32(new Float32Array(5), new Float32Array(2), new Float32Array(2))).toThrow(
      'matrix: expected 2 rows (length of out) of 2 values, got 5 values',
    );
  });
});
