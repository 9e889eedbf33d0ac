import { expect, it } from 'vitest';
import type { DetectorCard } from '../../../sdk/core/cards/card.ts';
import { Reference } from '../../../sdk/core/quantise/agreement.ts';
import type { Outputs, RunningNetwork } from '../../../sdk/core/quantise/networks.ts';
import { PixelMaker } from '../../../sdk/core/quantise/pictures.ts';
import { Frame } from '../../../sdk/frame/frame.ts';

const side = 32;
const card: DetectorCard = {
  ...{ name: 'boxes', task: 'detect', labels: ['cup', 'cat'], thresholds: {} },
  input: {
    ...{ name: 'images', width: side, height: side, layout: 'NCHW', type: 'float32', channels: 'RGB' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1], resize: 'letterbox', region_resize: 'letterbox', align: 'center', pad: 114 },
  },
  decoder: { type: 'yolov8', output: 'output0' },
} as unknown as DetectorCard;

/** Finds these boxes, [centre x, centre y, width, height, score of a cup, score of a cat], in each picture. */
function finding(...boxes: number[][]): RunningNetwork {
  const cells = 21;
  const data = new Float32Array(6 * cells);
  boxes.forEach((box, i) => {
    box.forEach((value, row) => {
      data[row * cells + i] = value;
    });
  });
  const outputs: Outputs = new Map([['output0', { data, shape: [1, 6, cells] }]]);
  return { run: async () => outputs, close: async () => {} };
}

it('measures a detector by labels in pixels of the frame, which are cut at its edge', async () => {
  const maker = new PixelMaker(card);
  // Twice as wide as high: it fills the middle rows of the input, at half its size.
  const planes = [{ data: new Uint8Array(64 * 32 * 3), stride: 64 * 3 }];
  const about = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'RGB24', width: 64, height: 32 } as const;
  const frame = new Frame({ ...about, planes });
  const { pixels, labels } = maker.withObjects(frame, [{ classId: 0, box: [0, 0, 32, 32] }]);
  frame.release();
  expect(labels).toEqual({ objects: [{ classId: 0, box: [0, 8, 16, 24] }], within: [0, 8, 32, 24] });
  // It reaches into the padding above and below: of what is in the picture it is right.
  const right = finding([8, 16, 16, 32, 0.9, 0]);
  const reference = await Reference.of(card, right, [pixels], [labels]);
  expect(reference.accuracy).toBe(1);
  expect((await reference.compare(finding([8, 16, 16, 32, 0, 0.9]))).accuracy).toBe(0);
  // Without labels only the float network is a measure.
  const alone = await Reference.of(card, right, [pixels]);
  expect(await alone.compare(right)).toEqual({ agreement: 1, objects: 1, error: 0, pictures: 1 });
  await expect(Reference.of(card, right, [pixels], [{ objects: [], within: [0, 8, 32, 24] }])).rejects.toThrow(
    'expected objects in the labelled pictures, found none in 1 of them',
  );
});
