import { describe, expect, it } from 'vitest';
import { complaint, decode, misfit, type Output, sparse } from './decode.ts';

// 32x32 pixels: 16 cells of stride 8, then 4 of stride 16; 7 numbers a cell.
const decoder = { type: 'yolox' as const, strides: [8, 16] };
const output = (values: Record<number, number[]>): Output[] => [
  { name: 'output', shape: [1, 20, 7], data: sparse(140, values) },
];

describe('yolox', () => {
  it('reads offsets from the cell’s corner and the logarithm of the size, in strides', () => {
    const found = decode(
      decoder,
      output({
        // Row 1, column 2 of stride 8: centre (20, 12), 8 e x 8.
        [6 * 7]: [0.5, 0.5, 1, 0, 0.8, 0.9, 0.2],
        // Row 1, column 0 of stride 16: centre (4, 28), 16 x 32.
        [18 * 7]: [0.25, 0.75, 0, Math.log(2), 1, 0, 0.6],
      }),
    );
    const half = (8 * Math.E) / 2;
    const round = (value: number) => Math.round(value * 1000) / 1000;
    expect(found).toEqual([
      { box: [round(20 - half), 8, round(20 + half), 16], score: 0.72, classId: 0 },
      { box: [-4, 12, 12, 44], score: 0.6, classId: 1 },
    ]);
  });

  it('multiplies objectness and class score, and takes what reaches the threshold', () => {
    const values = { 0: [0, 0, 0, 0, 0.7, 0.7, 0.71] };
    expect(decode(decoder, output(values))).toEqual([]);
    expect(decode(decoder, output(values), { threshold: 0.49 })).toMatchObject([{ classId: 1, score: 0.497 }]);
    expect(decode(decoder, output(values), { threshold: 0.489, multiLabel: true })).toMatchObject([
      { classId: 0, score: 0.49 },
      { classId: 1, score: 0.497 },
    ]);
  });

  it('takes no number for no object', () => {
    expect(
      decode(decoder, output({ 0: [0, 0, 0, 0, Number.NaN, 1, 1], 7: [0, 0, 0, 0, 1, Number.NaN, 0.6] })),
    ).toMatchObject([{ classId: 1, score: 0.6 }]);
  });

  /** Every cell with its centre, in pixels or as an offset, and its size. */
  const everywhere = (decoded: boolean, offset = 0.5, size = 1) =>
    [
      [8, 4],
      [16, 2],
    ].flatMap(([stride, side]) =>
      Array.from({ length: side! ** 2 }, (_, i) => [
        ...[i % side!, Math.floor(i / side!)].map((place) => (decoded ? (place + offset) * stride! : offset)),
        ...(decoded ? [size * stride!, size * stride!] : [Math.log(size), Math.log(size)]),
        ...[0.9, 0.8, 0.1],
      ]),
    );
  const all = (rows: number[][]): Output[] => [{ name: 'output', shape: [1, 20, 7], data: rows.flat() }];

  it.each([
    [0.5, 1],
    [0.1, 3],
    [-0.8, 0.3],
    [2.5, 1.5],
  ])('sees that an output is decoded already (offset %d, size %d)', (offset, size) => {
    const raw = decode(decoder, all(everywhere(false, offset, size)));
    expect(raw).toHaveLength(20);
    expect(decode(decoder, all(everywhere(true, offset, size)))).toEqual(raw);
    expect(decode({ ...decoder, decoded: true }, all(everywhere(true, offset, size)))).toEqual(raw);
    expect(decode({ ...decoder, decoded: false }, all(everywhere(true, offset, size)))).not.toEqual(raw);
  });

  it('applies the sigmoid where it was left out, and says so where it was not told', () => {
    const before = everywhere(false).map(([x, y, w, h]) => [x!, y!, w!, h!, Math.log(9), Math.log(4), -3]);
    expect(decode({ ...decoder, logits: true }, all(before))[0]).toMatchObject({ score: 0.72, classId: 0 });
    expect(complaint(decoder, all(before))).toContain('expected scores of 0 to 1');
    expect(complaint({ ...decoder, logits: true }, all(before))).toBe('nothing');
  });

  it('says what does not fit', () => {
    expect(misfit({ ...decoder, strides: [8, 16, 32] }, output({}))).toContain(
      'to be [1, 21, 7], it is [1, 20, 7]; check the card',
    );
    expect(misfit({ ...decoder, output: 'boxes' }, output({}))).toBe(
      'decoder: the model has no output boxes; it has output',
    );
    const two = [...output({}), { name: 'other', shape: [1], data: [0] }];
    expect(misfit(decoder, two)).toBe(
      'decoder.output: the model has the outputs output, other; name the one that holds the x, y, log w, log h, objectness and class scores per cell',
    );
    expect(misfit({ ...decoder, output: 'output' }, two)).toBe('it fits');
    expect(misfit(decoder, [{ ...output({})[0]!, type: 'float16' }])).toContain('to be float32, it is float16');
  });
});
