import { describe, expect, it } from 'vitest';
import { complaint, decode, misfit, type Output } from './decode.ts';

const decoder = { type: 'yolov5' as const };
const output = (rows: number[][], declared?: Output['declared']): Output[] => [
  { name: 'output0', shape: [1, rows.length, rows[0]!.length], declared, data: rows.flat() },
];

describe('yolov5', () => {
  const rows = [
    [16, 8, 10, 4, 0.9, 0.8, 0.1],
    [16, 8, 10, 4, 0.4, 1, 1],
    [1, 2, 4, 4, 1, 0.6, 0.7],
    [1, 2, 4, 4, 0.6, 0.6, 0.7],
  ];

  it('reads centre and size in pixels, and multiplies objectness and class score', () => {
    expect(decode(decoder, output(rows))).toEqual([
      { box: [11, 6, 21, 10], score: 0.72, classId: 0 },
      { box: [-1, 0, 3, 4], score: 0.7, classId: 1 },
    ]);
  });

  it('leaves out what stands behind, and applies the sigmoid where it was left out', () => {
    const logit = (share: number) => (share === 1 ? 40 : Math.log(share / (1 - share)));
    const before = rows.map(([x, y, w, h, ...shares]) => [x!, y!, w!, h!, ...shares.map(logit), -7, 7]);
    expect(decode({ ...decoder, extra: 2, logits: true }, output(before))).toEqual(decode(decoder, output(rows)));
  });

  it('says what its numbers tell against it', () => {
    expect(complaint(decoder, output(rows))).toBe('nothing');
    expect(complaint(decoder, output([[0.3, 0.2, -0.4, 0.1, 0.9, 0.8, 0.1]]))).toContain('type yolox');
    expect(complaint(decoder, output([[0.3, 0.2, 0.4, 0.1, 0.9, 0.8, 0.1]]))).toContain(
      'these are fractions of the input',
    );
    expect(complaint(decoder, output([[16, 8, 10, 4, 3.2, -2, 0.1]]))).toContain('expected scores of 0 to 1, got 3.2');
    const one = { labels: ['cat'] };
    const suppressedRows = [[4, 5, 14, 25, 0.9, 0], [0, 0, 0, 0, 0, 0]]; // biome-ignore format: a row each
    expect(complaint(decoder, output(suppressedRows), one)).toContain('are of the type suppressed');
    expect(complaint(decoder, output([[16, 8, 10, 4, 0.9, 0.99]]), one)).toBe('nothing');
  });

  it('gives a box for each class that passes when asked to', () => {
    expect(decode(decoder, output(rows), { multiLabel: true }).map(({ score, classId }) => [classId, score])).toEqual([
      [0, 0.72],
      [0, 0.6],
      [1, 0.7],
    ]);
  });

  it('takes any number of rows, also one that is not known before it runs', () => {
    expect(decode(decoder, output(rows, ['batch', 'boxes', 7]))).toHaveLength(2);
  });

  it('says what does not fit, before and while it runs', () => {
    expect(misfit(decoder, output(rows), { labels: ['cat'] })).toContain('to be [1, any, 6], it is [1, 4, 7]');
    expect(() => decode(decoder, output(rows, ['a', 'b', 'c']), { labels: ['a', 'b', 'c'] })).toThrow(
      'to be [1, any, 8], it is [1, 4, 7]',
    );
  });
});
