import { describe, expect, it } from 'vitest';
import { type BuiltInDecoder, makeDecoder } from '../../../sdk/core/decoders/registry.ts';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';
import { card } from '../cards.ts';
import { complaint, decode, misfit, type Output } from './decode.ts';

const decoder: BuiltInDecoder = {
  type: 'blazeface',
  strides: [8, 16],
  anchors: [2, 6],
  outputs: { boxes: 'regressors', scores: 'classificators' },
};
const keypoints = { names: ['eye', 'nose'], edges: [[0, 1]] };
const change = { labels: ['face'], keypoints };
/** Of 32 x 32 pixels: 4 x 4 cells of 2, then 2 x 2 cells of 6. */
const count = 4 * 4 * 2 + 2 * 2 * 6;

function outputs(rows: Record<number, [score: number, numbers: number[]]>, width = 8): Output[] {
  const boxes = new Array<number>(count * width).fill(0);
  const scores = new Array<number>(count).fill(0);
  for (const [i, [score, numbers]] of Object.entries(rows)) {
    scores[Number(i)] = score;
    numbers.forEach((value, j) => void (boxes[Number(i) * width + j] = value));
  }
  return [
    { name: 'regressors', shape: [1, count, width], data: boxes },
    { name: 'classificators', shape: [1, count, 1], data: scores },
  ];
}

/** Boxes and points of what the decoder finds. */
function found(rows: Record<number, [score: number, numbers: number[]]>) {
  const all = outputs(rows);
  const tensors = new Map(all.map(({ name, shape, data }) => [name, { shape, data: Float32Array.from(data) }]));
  const infos = all.map(({ name, shape }) => ({ name, type: 'float32', shape }));
  const made = makeDecoder(decoder, card(decoder, change), infos);
  const candidates = new Candidates();
  made.decode(tensors, 0.5, false, candidates);
  return { boxes: [...candidates.boxes.subarray(0, 4 * candidates.length)], ...made.shapes!(tensors, candidates) };
}

describe('blazeface', () => {
  it('reads offsets from the middle of cells, of which each has several anchors', () => {
    const rows: Parameters<typeof outputs>[0] = {
      // The second cell of the first row of stride 8, its second anchor; the last cell of stride 16.
      3: [0.9, [1, -1, 4, 6, 2, 3, -2, -3]],
      [count - 1]: [0.75, [0, 0, 8, 8, 1, 1, 2, 2]],
    };
    expect(decode(decoder, outputs(rows), change)).toEqual([
      { box: [11, 0, 15, 6], score: 0.9, classId: 0 },
      { box: [20, 20, 28, 28], score: 0.75, classId: 0 },
    ]);
    expect([...found(rows).keypoints!]).toEqual([14, 7, 1, 10, 1, 1, 25, 25, 1, 26, 26, 1]);
  });

  it('blends boxes that overlap, weighted by their scores, with the best score; others stay as they are', () => {
    const rows: Parameters<typeof outputs>[0] = {
      0: [0.5, [1, 0, 8, 8, 0, 0, 0, 0]],
      1: [0.75, [0, 0, 8, 8, 0, 0, 1, 1]],
      6: [0.6, [0, 0, 8, 8, 0, 0, 0, 0]],
      // Below the threshold it has no weight.
      2: [0.4, [-8, 0, 8, 8, 9, 9, 9, 9]],
    };
    // (0.75 x 0 + 0.5 x 1) / 1.25 to the right.
    expect(decode(decoder, outputs(rows), change)).toEqual([
      { box: [0.4, 0, 8.4, 8], score: 0.75, classId: 0 },
      { box: [24, 0, 32, 8], score: 0.6, classId: 0 },
    ]);
    const { keypoints: points } = found(rows);
    expect([...points!.subarray(0, 6)]).toEqual([4, 4, 1, expect.closeTo(4.6, 5), expect.closeTo(4.6, 5), 1]);
    expect(decode({ ...decoder, overlap: 0.9 }, outputs(rows), change)).toHaveLength(3);
  });

  it('applies the sigmoid where the scores are logits, however large they are', () => {
    const rows: Parameters<typeof outputs>[0] = {
      0: [1000, [0, 0, 8, 8]],
      6: [Math.log(3), [0, 0, 8, 8]],
      7: [-1000, []],
    };
    const scores = decode({ ...decoder, logits: true }, outputs(rows), { ...change, threshold: 0.6 });
    expect(scores.map(({ score }) => score)).toEqual([1, 0.75]);
    expect(complaint(decoder, outputs(rows), change)).toContain('expected scores of 0 to 1, got 1000');
  });

  it('says what does not fit', () => {
    expect(misfit({ ...decoder, anchors: [2] }, outputs({}), change)).toContain(
      'decoder.anchors: expected 2, one for each stride, got 1',
    );
    expect(misfit(decoder, outputs({}), { keypoints })).toContain('labels: expected one');
    expect(misfit(decoder, outputs({}, 16), change)).toContain(
      `expected output regressors (box and keypoints per anchor) to be [1, ${count}, 8], it is [1, ${count}, 16]`,
    );
  });
});
