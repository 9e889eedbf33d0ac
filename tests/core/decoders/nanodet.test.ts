import { describe, expect, it } from 'vitest';
import type { DetectorCard } from '../../../sdk/core/cards/card.ts';
import { complaint, decode, misfit, type Output, sparse } from './decode.ts';

// 32x32 pixels: 16 cells of stride 8, then 4 of stride 16. Distributions of 3 bins: 12 logits a cell.
const together = {
  type: 'nanodet',
  strides: [8, 16],
  bins: 3,
  outputs: { scores: ['scores'], boxes: ['boxes'] },
} as const;
const apart = { ...together, outputs: { scores: ['s8', 's16'], boxes: ['b8', 'b16'] } } as const;
type NanoDet = Extract<DetectorCard['decoder'], { type: 'nanodet' }>;
const decoderOf = (value: typeof together | typeof apart) => structuredClone(value) as unknown as NanoDet;

const far = [-50, -50, 50];
const near = [-50, 50, -50];
const box = [...near, ...near, ...far, ...far];

const scores = sparse(20 * 2, { [5 * 2]: [0.9, 0.1], [18 * 2]: [0, 0.7] });
const logits = sparse(20 * 12, { [5 * 12]: box, [18 * 12]: box });
// Cell 5 of stride 8: centre (12, 12). Cell 2 of stride 16: centre (8, 24).
const found = [
  { box: [4, 4, 28, 28], score: 0.9, classId: 0 },
  { box: [-8, 8, 40, 56], score: 0.7, classId: 1 },
];

describe('nanodet', () => {
  it('reads all strides from one pair of tensors', () => {
    const outputs = [
      { name: 'scores', shape: [1, 20, 2], data: scores },
      { name: 'boxes', shape: [1, 20, 12], data: logits },
    ];
    expect(decode(decoderOf(together), outputs)).toEqual(found);
  });

  it('reads each stride from a pair of its own', () => {
    const outputs: Output[] = [
      { name: 'b16', shape: [1, 4, 12], data: logits.slice(16 * 12) },
      { name: 's8', shape: [1, 16, 2], data: scores.slice(0, 32) },
      { name: 'b8', shape: [1, 16, 12], data: logits.slice(0, 16 * 12) },
      { name: 's16', shape: [1, 4, 2], data: scores.slice(32) },
    ];
    expect(decode(decoderOf(apart), outputs)).toEqual(found);
  });

  it('counts each class of a cell that passes where strides have tensors of their own, as PicoDet’s do', () => {
    const two = sparse(20 * 2, { [5 * 2]: [0.9, 0.6], [18 * 2]: [0, 0.7] });
    const outputs: Output[] = [
      { name: 's8', shape: [1, 16, 2], data: two.slice(0, 32) },
      { name: 's16', shape: [1, 4, 2], data: two.slice(32) },
      { name: 'b8', shape: [1, 16, 12], data: logits.slice(0, 16 * 12) },
      { name: 'b16', shape: [1, 4, 12], data: logits.slice(16 * 12) },
    ];
    const all = [found[0], { ...found[0], score: 0.6, classId: 1 }, found[1]];
    expect(decode(decoderOf(apart), outputs)).toEqual(all);
    expect(decode({ ...decoderOf(apart), classes: 'best' }, outputs)).toEqual(found);
    const pair: Output[] = [
      { name: 'scores', shape: [1, 20, 2], data: two },
      { name: 'boxes', shape: [1, 20, 12], data: logits },
    ];
    expect(decode(decoderOf(together), pair)).toEqual(found);
    expect(decode({ ...decoderOf(together), classes: 'all' }, pair)).toEqual(all);
  });

  const single = { type: 'nanodet' as const, strides: [8, 16], bins: 3 };
  /** Class scores and distributions in one tensor, as NanoDet's and NanoDet-Plus' own exporter writes them. */
  const merged = (classScores: readonly number[]): Output[] => [
    {
      name: 'output',
      shape: [1, 20, 14],
      data: Array.from({ length: 20 }, (_, i) => [
        ...classScores.slice(i * 2, i * 2 + 2),
        ...logits.slice(i * 12, i * 12 + 12),
      ]).flat(),
    },
  ];

  it('reads scores and distributions from one tensor', () => {
    expect(decode(single, merged(scores))).toEqual(found);
    expect(decode({ ...single, output: 'output' }, [...merged(scores), { name: 'x', shape: [1], data: [0] }])).toEqual(
      found,
    );
    // A cell that does not pass is not read again from an earlier picture.
    expect(decode(single, merged(scores), { threshold: 0.8 })).toEqual([found[0]]);
  });

  it('takes NanoDet-Plus’ centres to lie at the corners of their cells', () => {
    const corner = found.map((one, i) => ({ ...one, box: one.box.map((side) => side - [4, 8][i]!) }));
    expect(decode({ ...single, centre: 0 }, merged(scores))).toEqual(corner);
    const pair: Output[] = [
      { name: 'scores', shape: [1, 20, 2], data: scores },
      { name: 'boxes', shape: [1, 20, 12], data: logits },
    ];
    expect(decode({ ...decoderOf(together), centre: 0 }, pair)).toEqual(corner);
  });

  it('has to be told whose four strides in one tensor are: NanoDet-Plus’ look the same', () => {
    const four = { ...single, strides: [8, 16, 32, 64] };
    const outputs: Output[] = [{ name: 'output', shape: [1, 22, 14], data: new Array(22 * 14).fill(0) }];
    expect(misfit(four, outputs)).toContain('decoder.centre: expected 0 (NanoDet-Plus');
    expect(misfit({ ...four, centre: 0 }, outputs)).toBe('it fits');
    expect(misfit({ ...four, centre: 0.5 }, outputs)).toBe('it fits');
  });

  it('applies the sigmoid where it was left out, and says so where it was not told', () => {
    const before = scores.map((share) => Math.log(Math.max(share, 1e-6) / (1 - share)));
    const pair = (data: number[]): Output[] => [
      { name: 'scores', shape: [1, 20, 2], data },
      { name: 'boxes', shape: [1, 20, 12], data: logits },
    ];
    for (const [one, outputs] of [
      [single, merged(before)],
      [decoderOf(together), pair(before)],
    ] as const) {
      expect(decode({ ...one, logits: true }, outputs)).toEqual(found);
      expect(complaint(one, outputs)).toContain('expected scores of 0 to 1, got -13.82');
      expect(complaint({ ...one, logits: true }, outputs)).toBe('nothing');
    }
    expect(complaint(single, merged(scores))).toBe('nothing');
  });

  it('says what does not fit', () => {
    const outputs: Output[] = [
      { name: 'scores', shape: [1, 20, 2], data: [] },
      { name: 'boxes', shape: [1, 20, 44], data: [] },
    ];
    expect(misfit(decoderOf(together), outputs)).toBe(
      "decoder: expected output boxes (distributions) to be [1, 20, 12], it is [1, 20, 44]; check the card's input size, strides and number of labels (it has 2)",
    );
    expect(misfit(decoderOf(together), outputs, { labels: ['cat'] })).toContain(
      'expected output scores (class scores) to be [1, 20, 1], it is [1, 20, 2]',
    );
    expect(misfit(decoderOf(apart), outputs)).toBe('decoder: the model has no output s8; it has scores, boxes');
    const three = { ...together, outputs: { scores: ['a', 'b', 'c'], boxes: ['a', 'b', 'c'] } };
    expect(misfit(three as never, outputs)).toBe(
      'decoder.outputs: expected one tensor of scores and of boxes, or 2 of each (one a stride), got 3 and 3',
    );
  });
});
