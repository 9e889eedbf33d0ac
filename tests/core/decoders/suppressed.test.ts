import { describe, expect, it } from 'vitest';
import { complaint, decode, misfit, type Output } from './decode.ts';

// 32x32 pixels, two labels.
const decoder = { type: 'suppressed' as const };
const relative = { ...decoder, boxes: 'cxcywh' as const, normalised: true };
const output = (rows: readonly (readonly number[])[], declared?: Output['declared']): Output[] => [
  { name: 'output0', shape: [1, rows.length, rows[0]!.length], declared, data: rows.flat() },
];
const nothing = [0, 0, 0, 0, 0, 0];

describe('suppressed', () => {
  const rows = [[4, 5, 14, 25, 0.9, 1], [1, 2, 3, 4, 0.6, 0], [6, 6, 9, 9, 0.3, 1], nothing, nothing]; // biome-ignore format: a row each

  it('reads corners in pixels, score and class, and no row behind the last', () => {
    expect(decode(decoder, output(rows))).toEqual([
      { box: [4, 5, 14, 25], score: 0.9, classId: 1 },
      { box: [1, 2, 3, 4], score: 0.6, classId: 0 },
    ]);
    expect(decode(decoder, output(rows), { threshold: 0 })).toHaveLength(3);
    expect(decode(decoder, output([nothing]), { threshold: 0 })).toEqual([]);
  });

  it('reads centre and size in shares of the input', () => {
    expect(decode(relative, output([[0.5, 0.25, 0.25, 0.5, 0.8, 1]]))).toEqual([
      { box: [12, 0, 20, 16], score: 0.8, classId: 1 },
    ]);
  });

  it('leaves out what stands behind: mask coefficients, key points', () => {
    const extra = output([[4, 5, 14, 25, 0.9, 1, -7, 7]]);
    expect(decode({ ...decoder, extra: 2 }, extra)).toEqual([{ box: [4, 5, 14, 25], score: 0.9, classId: 1 }]);
    expect(misfit(decoder, extra)).toContain('to be [1, any, 6], it is [1, 1, 8]');
  });

  it('takes a class that float16 has moved by a hair, and refuses one that is none', () => {
    expect(decode(decoder, output([[4, 5, 14, 25, 0.9, 0.9995]]))).toMatchObject([{ classId: 1 }]);
    for (const classId of [2, -1, 0.4, Number.NaN]) {
      const text = `expected the sixth number of a row to be a class from 0 to 1, got ${classId}`;
      expect(() => decode(decoder, output([[4, 5, 14, 25, 0.9, classId]]))).toThrow(text);
      expect(complaint(decoder, output([nothing, [4, 5, 14, 25, 0.1, classId]]))).toContain(text);
    }
  });

  it('takes the rows behind the last as exporters fill them: zeros, -1, or -1 as the class alone', () => {
    for (const filler of [
      [0, 0, 0, 0, 0, -1],
      [-1, -1, -1, -1, -1, -1],
      [0, 0, 0, 0, -1, 0],
    ]) {
      // biome-ignore format: a row each
      const filled = output([[4, 5, 14, 25, 0.9, 1], filler, filler]);
      expect(complaint(decoder, filled)).toBe('nothing');
      expect(complaint(decoder, output([filler]))).toBe('nothing');
      expect(decode(decoder, filled, { threshold: 0 })).toEqual([{ box: [4, 5, 14, 25], score: 0.9, classId: 1 }]);
    }
  });

  it('tells pixels from shares by their numbers', () => {
    expect(complaint(decoder, output(rows))).toBe('nothing');
    expect(complaint(decoder, output([nothing]))).toBe('nothing');
    expect(complaint(decoder, output([[0.5, 0.25, 0.25, 0.5, 0.8, 1]]))).toContain(
      'expected boxes in input pixels, their greatest number is 0.5',
    );
    expect(complaint(relative, output([[0.5, 0.25, 0.25, 1.02, 0.8, 1]]))).toBe('nothing');
    expect(complaint(relative, output(rows))).toContain('expected boxes in fractions of the input, 0 to 1');
  });
});
