import { describe, expect, it } from 'vitest';
import { type BuiltInDecoder, makeDecoder } from '../../../sdk/core/decoders/registry.ts';
import type { Tensor } from '../../../sdk/core/engines/engine.ts';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';
import { signedArea } from '../../../sdk/vision/contour.ts';
import { maxMaskPoints } from '../../../sdk/vision/shape.ts';
import { card } from '../cards.ts';
import { misfit, type Output } from './decode.ts';

const points = { names: ['head', 'tail'], edges: [[0, 1]] };

/** What a decoder tells of all candidates, in their order. */
function shapes(decoder: BuiltInDecoder, outputs: readonly Output[], change: Record<string, unknown> = {}) {
  const infos = outputs.map(({ name, shape }) => ({ name, type: 'float32', shape }));
  const tensors = new Map<string, Tensor>(
    outputs.map(({ name, shape, data }) => [name, { shape, data: Float32Array.from(data) }]),
  );
  const made = makeDecoder(decoder, card(decoder, change), infos);
  const candidates = new Candidates();
  made.decode(tensors, 0.5, false, candidates);
  return made.shapes!(tensors, candidates);
}

/** Rows of numbers; with their cells last for YOLOv8. */
function output({ type }: BuiltInDecoder, rows: number[][]): Output {
  const [n, width] = [rows.length, rows[0]!.length];
  if (type !== 'yolov8') return { name: 'output0', shape: [1, n, width], data: rows.flat() };
  return { name: 'output0', shape: [1, width, n], data: rows[0]!.flatMap((_, i) => rows.map((row) => row[i]!)) };
}

/** A box of the first class, as each decoder has it, and what stands behind. */
const rowOf: Partial<Record<BuiltInDecoder['type'], (box: number[], score: number, behind: number[]) => number[]>> = {
  yolov5: ([x1, y1, x2, y2], score, behind) => [...middle(x1!, y1!, x2!, y2!), 1, score, 0.1, ...behind],
  yolov8: ([x1, y1, x2, y2], score, behind) => [...middle(x1!, y1!, x2!, y2!), score, 0.1, ...behind],
  suppressed: (box, score, behind) => [...box, score, 0, ...behind],
};
const middle = (x1: number, y1: number, x2: number, y2: number) => [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1];

describe.each(['yolov5', 'yolov8', 'suppressed'] as const)('numbers after the classes of %s', (type) => {
  const rows = (...behind: number[][]) =>
    behind.map((numbers, i) => rowOf[type]!([4, 4, 28, 20], i === 1 ? 0.2 : 0.9, numbers));

  it('are keypoints: x and y in input pixels, and a score', () => {
    const decoder = { type, output: 'output0', extra: 6 };
    const all = rows([1, 2, 0.25, 3, 4, 0.5], [9, 9, 9, 9, 9, 9], [5, 6, 0.75, 7, 8, 1]);
    const { keypoints } = shapes(decoder, [output(decoder, all)], { keypoints: points });
    expect([...keypoints!]).toEqual([1, 2, 0.25, 3, 4, 0.5, 5, 6, 0.75, 7, 8, 1]);
  });

  it('are keypoints without scores, which are sure', () => {
    const decoder = { type, output: 'output0', extra: 4 };
    const { keypoints } = shapes(decoder, [output(decoder, rows([1, 2, 3, 4]))], { keypoints: points });
    expect([...keypoints!]).toEqual([1, 2, 1, 3, 4, 1]);
  });

  it('weight prototypes: a mask is where their sum is above 0, inside the box', () => {
    const decoder = { type, output: 'output0', extra: 2, prototypes: 'output1' };
    // Two prototypes of 8 x 8 cells of 4 pixels: the first grows to the right, the second down, both 0 in the middle.
    const centre = (i: number) => (i + 0.5) * 4 - 16;
    const prototypes = [0, 1].flatMap((axis) =>
      Array.from({ length: 64 }, (_, i) => centre(axis === 0 ? i % 8 : Math.floor(i / 8))),
    );
    const outputs = (...behind: number[][]): Output[] => [
      output(decoder, rows(...behind)),
      { name: 'output1', shape: [1, 2, 8, 8], data: prototypes },
    ];
    const { masks } = shapes(decoder, outputs([1, 0], [0, 0], [0, -1]));
    const corners = (mask: (typeof masks & object)[number]) =>
      mask.map((ring) => [...ring].map(([x, y]) => [x, y].map(Math.round)).sort());
    // The right half of the box, and its upper three quarters.
    expect(corners(masks![0]!)).toEqual([
      [
        [16, 20],
        [16, 4],
        [28, 20],
        [28, 4],
      ],
    ]);
    expect(corners(masks![1]!)).toEqual([
      [
        [28, 16],
        [28, 4],
        [4, 16],
        [4, 4],
      ],
    ]);
    // Nothing of it is above 0.
    expect(shapes(decoder, outputs([0, 0])).masks).toEqual([[]]);
  });

  it('is refused where the card says other things than the model', () => {
    const out = (behind: number[]) => [output({ type }, rows(behind))];
    const wrong = (fields: object, outputs: Output[], change: object = {}) =>
      misfit({ type, output: 'output0', ...fields } as BuiltInDecoder, outputs, change);
    expect(wrong({ extra: 5 }, out([1, 2, 3, 4, 5]), { keypoints: points })).toContain(
      'decoder.extra: expected 4 or 6 numbers for 2 keypoints',
    );
    const prototypes: Output = { name: 'output1', shape: [1, 3, 8, 8], data: new Array(192).fill(0) };
    expect(wrong({ extra: 2, prototypes: 'output1' }, [...out([1, 2]), prototypes])).toContain(
      'expected output output1 (mask prototypes, one for each of the extra numbers) to be [1, 2, any, any], it is [1, 3, 8, 8]',
    );
    expect(wrong({ extra: 2, prototypes: 'gone' }, [...out([1, 2]), prototypes])).toContain(
      'the model has no output gone',
    );
    expect(wrong({ extra: 2, prototypes: 'output1' }, out([1, 2]), { keypoints: points })).toContain(
      'expected a card with masks or with keypoints, got both',
    );
  });
});

it('bounds the corners of a mask, and follows a disc to a fraction of a cell', () => {
  const decoder = { type: 'yolov8' as const, output: 'output0', extra: 1, prototypes: 'output1' };
  const disc = Array.from(
    { length: 1024 },
    (_, i) => 10 - Math.hypot((i % 32) + 0.5 - 16, Math.floor(i / 32) + 0.5 - 16),
  );
  const outputs: Output[] = [
    { name: 'output0', shape: [1, 7, 1], data: [16, 16, 32, 32, 0.9, 0.1, 1] },
    { name: 'output1', shape: [1, 1, 32, 32], data: disc },
  ];
  const [mask] = shapes(decoder, outputs).masks!;
  expect(mask).toHaveLength(1);
  expect(mask![0]!.length).toBeLessThanOrEqual(maxMaskPoints);
  expect(Math.abs(signedArea(mask![0]!)) / 2 / (Math.PI * 100)).toBeGreaterThan(0.97);
  const noise = Array.from({ length: 1024 }, (_, i) => Math.sin(i * i));
  const [busy] = shapes(decoder, [outputs[0]!, { ...outputs[1]!, data: noise }]).masks!;
  expect(busy!.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(maxMaskPoints);
});

it('refuses keypoints of a decoder that reads none', () => {
  const raw = [{ name: 'output0', shape: [1, 21, 7], data: new Array(147).fill(0) }];
  expect(misfit({ type: 'yolox', strides: [8, 16, 32] }, raw, { keypoints: points })).toContain(
    'keypoints: the decoder yolox reads none',
  );
});
