import { describe, expect, it } from 'vitest';
import { decode, misfit, type Output, sparse } from './decode.ts';

// 32x32 pixels: 16 cells of stride 8, then 4 of stride 16. Distributions of 3 bins: 12 logits a cell.
const together = {
  type: 'nanodet',
  strides: [8, 16],
  bins: 3,
  outputs: { scores: ['scores'], boxes: ['boxes'] },
} as const;
const apart = { ...together, outputs: { scores: ['s8', 's16'], boxes: ['b8', 'b16'] } } as const;
const decoderOf = (value: typeof together | typeof apart) => structuredClone(value) as never;

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

  it('says what does not fit', () => {
    const outputs: Output[] = [
      { name: 'scores', shape: [1, 20, 2], data: [] },
      { name: 'boxes', shape: [1, 20, 44], data: [] },
    ];
    expect(misfit(decoderOf(together), outputs)).toBe(
      "decoder: expected output boxes (distributions) to be [1, 20, 12], it is [1, 20, 44]; check the card's input size, strides and number of labels",
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
