import { expect, it } from 'vitest';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';

it('Candidates grows as it must, keeps what it holds, and is used again', () => {
  const candidates = new Candidates();
  for (let i = 0; i < 1000; i++) candidates.push(i, i + 1, i + 2, i + 3, i / 1000, i % 80);
  expect(candidates).toHaveLength(1000);
  for (const i of [0, 255, 256, 511, 512, 999]) {
    expect([...candidates.boxes.subarray(i * 4, i * 4 + 4)]).toEqual([i, i + 1, i + 2, i + 3]);
    expect(candidates.scores[i]).toBe(Math.fround(i / 1000));
    expect(candidates.classIds[i]).toBe(i % 80);
  }
  const { boxes } = candidates;
  candidates.clear();
  expect(candidates).toHaveLength(0);
  candidates.push(1, 2, 3, 4, 0.5, 6);
  expect(candidates.boxes).toBe(boxes);
  expect([...boxes.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
});
