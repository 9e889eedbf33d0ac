import { describe, expect, it } from 'vitest';
import { type Masks, outsideMasks } from '../../sdk/vision/masks.ts';
import { seen } from './fakes.ts';

const size = { width: 200, height: 100 };
const rightHalf: Masks = [
  [
    [0.5, 0],
    [1, 0],
    [1, 1],
    [0.5, 1],
  ],
];

describe('outsideMasks', () => {
  it('drops what stands in a mask, however much of it is outside', () => {
    const all = seen([[0, 0, 190, 50]], [[20, 0, 200, 50]], [[150, 10, 160, 20]]);
    expect([...outsideMasks(all, rightHalf, size).xyxy]).toEqual([0, 0, 190, 50]);
  });

  it('takes a box that reaches the lower edge of the picture as standing on its last row', () => {
    expect(outsideMasks(seen([[120, 10, 180, 100]]), rightHalf, size).length).toBe(0);
  });

  it('leaves everything without a mask', () => {
    const all = seen([[0, 0, 10, 10]]);
    expect(outsideMasks(all, [], size)).toBe(all);
  });
});
