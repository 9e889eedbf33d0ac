import { describe, expect, it } from 'vitest';
import { complaint, decode, misfit, type Output } from './decode.ts';

const decoder = { type: 'efficientdet' as const };
const output = (...rows: readonly (readonly number[])[]): Output[] => [
  { name: 'detections', shape: [1, rows.length, 7], data: rows.flat() },
];
const cat = [0, 8, 4, 24, 16, 0.9, 1];
const dog = [0, 0, 0, 16, 8, 0.8, 2];
const padding = [0, 0, 0, 0, 0, 0, 0];

describe('efficientdet', () => {
  it('reads rows of picture, y1, x1, y2, x2, score and class, which counts from 1', () => {
    expect(decode(decoder, output(cat, dog, padding))).toEqual([
      { box: [4, 8, 16, 24], score: 0.9, classId: 0 },
      { box: [0, 0, 8, 16], score: 0.8, classId: 1 },
    ]);
    expect(decode({ ...decoder, first_class: 2 }, output(cat, dog))).toMatchObject([{ score: 0.8, classId: 0 }]);
    expect(decode(decoder, output(cat, dog), { labels: ['cat'] })).toHaveLength(1);
    expect(decode(decoder, output(cat, dog), { threshold: 0.85 })).toHaveLength(1);
    // Neither padding nor what is no number is a detection.
    expect(decode(decoder, output([0, 1, 1, 2, 2, Number.NaN, 1], padding), { threshold: 0 })).toEqual([]);
  });

  it('says what the rows are not', () => {
    expect(complaint(decoder, output(cat, dog, padding))).toBe('nothing');
    expect(complaint(decoder, output([0, 8, 4, 24, 16, 5.5, 1]))).toContain('expected scores of 0 to 1, got 5.5');
    expect(complaint(decoder, output([0, 0.1, 0.1, 0.5, 0.5, 0.9, 1]))).toContain('these are fractions of the input');
    expect(complaint(decoder, output([3, 8, 4, 24, 16, 0.9, 1]))).toContain('got one of picture 3 and class 1');
    expect(complaint(decoder, output([0, 8, 4, 24, 16, 0.9, 1.5]))).toContain('got one of picture 0 and class 1.5');
    // x, y, width, height, as versions of before 2021 have it.
    expect(complaint(decoder, output([0, 20, 18, 8, 6, 0.9, 1]))).toContain('whose end is before its beginning');
    expect(misfit(decoder, [{ name: 'detections', shape: [1, 2, 6], data: [] }])).toContain(
      'to be [1, any, 7], it is [1, 2, 6]',
    );
  });
});
