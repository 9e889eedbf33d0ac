import { describe, expect, it } from 'vitest';
import { complaint, decode, misfit, type Output } from './decode.ts';

const decoder = { type: 'yolov8' as const };

/** Boxes as rows, turned into channels with the cells last. */
function output(rows: number[][], declared?: Output['declared']): Output[] {
  const channels = rows[0]!.map((_, channel) => rows.map((row) => row[channel]!));
  return [{ name: 'output0', shape: [1, channels.length, rows.length], declared, data: channels.flat() }];
}

describe('yolov8', () => {
  const rows = [
    [16, 8, 10, 4, 0.8, 0.1],
    [16, 8, 10, 4, 0.49, 0.4],
    [1, 2, 4, 4, 0.6, 0.7],
  ];

  it('reads centre and size in pixels and the best class, cells last', () => {
    expect(decode(decoder, output(rows))).toEqual([
      { box: [11, 6, 21, 10], score: 0.8, classId: 0 },
      { box: [-1, 0, 3, 4], score: 0.7, classId: 1 },
    ]);
  });

  it('gives a box for each class that passes when asked to', () => {
    expect(decode(decoder, output(rows), { multiLabel: true }).map(({ score, classId }) => [classId, score])).toEqual([
      [0, 0.8],
      [0, 0.6],
      [1, 0.7],
    ]);
  });

  it('leaves out what stands behind, and applies the sigmoid where it was left out', () => {
    const before = rows.map(([x, y, w, h, ...shares]) => [
      ...[x!, y!, w!, h!],
      ...shares.map((share) => Math.log(share / (1 - share))),
      ...[-7, 7],
    ]);
    expect(decode({ ...decoder, extra: 2, logits: true }, output(before))).toEqual(decode(decoder, output(rows)));
  });

  it('says what its numbers tell against it', () => {
    expect(complaint(decoder, output(rows))).toBe('nothing');
    expect(complaint(decoder, output([[0.5, 0.2, 0.4, 0.1, 0.9, 0.8]]))).toContain('these are fractions of the input');
    expect(complaint(decoder, output([[16, 8, 10, 4, 0.1, -2]]))).toContain('expected scores of 0 to 1, got -2');
    // What rounding to 8 bits may give.
    expect(complaint(decoder, output([[16, 8, 10, 4, 1.004, -0.02]]))).toBe('nothing');
  });

  it('takes no number for no object', () => {
    expect(decode(decoder, output([[1, 1, 1, 1, Number.NaN, Number.NaN]]))).toEqual([]);
    expect(decode(decoder, output([[1, 1, 1, 1, Number.NaN, Number.NaN]]), { multiLabel: true })).toEqual([]);
  });

  it('takes any number of cells, also one that is not known before it runs', () => {
    expect(decode(decoder, output(rows, ['batch', 6, 'anchors']))).toHaveLength(2);
  });

  it('says what does not fit', () => {
    expect(misfit(decoder, output(rows), { labels: ['cat'] })).toContain('to be [1, 5, any], it is [1, 6, 3]');
    expect(misfit(decoder, [{ name: 'o', shape: [1, 2], data: [] }])).toContain('to be [1, 6, any], it is [1, 2]');
  });
});
