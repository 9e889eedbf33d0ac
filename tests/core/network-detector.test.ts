import { afterEach, describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import type { DetectorCard } from '../../sdk/core/cards/card.ts';
import { type BuiltInDecoder, makeDecoder } from '../../sdk/core/decoders/registry.ts';
import { OnnxRuntimeEngine } from '../../sdk/core/engines/onnxruntime.ts';
import type { DetectRequest } from '../../sdk/core/messages.ts';
import { NetworkDetector } from '../../sdk/core/network-detector.ts';
import { card, input } from './cards.ts';
import { constantModel } from './onnx-builder.ts';

const engines: OnnxRuntimeEngine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** A detector that finds these rows (centre, size, scores of two classes; input pixels) in every picture. */
async function detectorOf(
  rows: number[][],
  options: DetectorCard = card({ type: 'yolov8' }),
  others: Parameters<typeof constantModel>[1] = [],
): Promise<NetworkDetector> {
  const channels = rows[0]!.map((_, channel) => rows.map((row) => row[channel]!));
  const model = constantModel(input, [
    { name: 'output0', shape: [1, channels.length, rows.length], data: channels.flat() },
    ...others,
  ]);
  const engine = new OnnxRuntimeEngine();
  engines.push(engine);
  await engine.load(model, { threads: 1 });
  return new NetworkDetector(engine, options, (card, outputs) =>
    makeDecoder(card.decoder as BuiltInDecoder, card, outputs),
  );
}

const request = (change: Partial<DetectRequest> = {}): DetectRequest => ({
  type: 'detect',
  // 64x32: half as large in the input, with bars of 8 above and below.
  frame: {
    format: 'GRAY8',
    width: 64,
    height: 32,
    planes: [{ data: new Uint8Array(64 * 32), stride: 64 }],
    colour: { matrix: 'bt601', range: 'full' },
  },
  regions: undefined,
  scoreThreshold: 0.5,
  iouThreshold: 0.5,
  maxDetections: 100,
  multiLabel: false,
  ...change,
});

describe('NetworkDetector', () => {
  it('gives boxes in frame pixels, best first, without overlaps of a class', async () => {
    const detector = await detectorOf([
      [8, 16, 8, 8, 0.6, 0],
      [24, 16, 8, 8, 0, 0.9],
      [8.5, 16, 8, 8, 0.7, 0],
      [8, 16, 8, 8, 0, 0.55],
      [8, 16, 8, 8, 0.4, 0],
    ]);
    const { xyxy, score, classId, times } = await detector.detect(request());
    expect([...classId]).toEqual([1, 0, 1]);
    expect([...score]).toEqual([0.9, 0.7, 0.55].map(Math.fround));
    expect([...xyxy]).toEqual([40, 8, 56, 24, 9, 8, 25, 24, 8, 8, 24, 24]);
    expect(Math.min(times.preprocessMs, times.inferMs, times.decodeMs)).toBeGreaterThanOrEqual(0);
  });

  it('gives keypoints in frame pixels, beyond the frame too, of what suppression left alone', async () => {
    const keypoints = { names: ['head', 'tail'], edges: [[0, 1]] };
    const detector = await detectorOf(
      [
        [8, 16, 8, 8, 0.6, 0, 1, 1, 1, 1, 1, 1],
        [24, 16, 8, 8, 0, 0.9, 20, 16, 0.5, 40, 4, 1.1],
        [8.5, 16, 8, 8, 0.7, 0, 8, 17, 0.25, 9, 15, -0.1],
        [16, 16, 8, 8, 0.8, 0, Number.NaN, 17, 0.25, 9, 15, 0],
      ],
      card({ type: 'yolov8', extra: 6 }, { keypoints }),
    );
    const found = await detector.detect(request());
    expect([...found.score]).toEqual([0.9, 0.7].map(Math.fround));
    expect([...found.keypoints!]).toEqual([40, 16, 0.5, 80, -8, 1, 16, 18, 0.25, 18, 14, 0]);
    const region = { x: 32, y: 0, width: 32, height: 32 };
    const both = await detector.detect(request({ regions: [region, { ...region, x: 0 }] }));
    expect([...both.keypoints!].filter((_, i) => i % 6 === 0).sort((a, b) => a - b)).toEqual([8, 20, 40, 52]);
  });

  it('gives masks in frame pixels, cut off where the frame ends', async () => {
    const all = { name: 'output1', shape: [1, 1, 8, 8], data: new Array<number>(64).fill(1) };
    const options = card({ type: 'yolov8', output: 'output0', extra: 1, prototypes: 'output1' });
    const detector = await detectorOf([[16, 16, 16, 32, 0.9, 0, 1]], options, [all]);
    const { masks } = await detector.detect(request());
    expect(masks).toHaveLength(1);
    expect([...masks![0]![0]!].sort()).toEqual([[16, 0], [16, 32], [48, 0], [48, 32]]); // biome-ignore format: a line
  });

  it('refuses a skeleton with lines to nowhere', async () => {
    const keypoints = { names: ['head', 'tail'], edges: [[0, 2]] };
    const made = detectorOf([[8, 16, 8, 8, 0.6, 0, 1, 1, 1, 1]], card({ type: 'yolov8', extra: 4 }, { keypoints }));
    await expect(made).rejects.toThrow(
      'keypoints.edges: expected pairs of two different points from 0 to 1, got [0, 2]',
    );
  });

  it('gives boxes of a region in frame pixels too', async () => {
    const detector = await detectorOf([[16, 16, 32, 32, 0.9, 0]]);
    const { xyxy } = await detector.detect(request({ regions: [{ x: 32, y: 0, width: 32, height: 32 }] }));
    expect([...xyxy]).toEqual([32, 0, 64, 32]);
  });

  it('looks at each region in turn, and gives each object once, whole where a region has it whole', async () => {
    // In the middle of each region, as large as half of it.
    const detector = await detectorOf([[16, 16, 16, 16, 0.9, 0]]);
    const left = { x: 0, y: 0, width: 32, height: 32 };
    const right = { x: 32, y: 0, width: 32, height: 32 };
    const { xyxy, cut, times } = await detector.detect(request({ regions: [right, left, left] }));
    expect([...xyxy]).toEqual([8, 8, 24, 24, 40, 8, 56, 24]);
    expect(cut).toEqual([false, false]);
    expect(Math.min(times.preprocessMs, times.inferMs, times.decodeMs)).toBeGreaterThanOrEqual(0);
    expect(await detector.detect(request({ regions: [left, right] }))).toMatchObject({ xyxy, cut });
  });

  it('says what a region cuts, also of a single one', async () => {
    const detector = await detectorOf([
      [24, 16, 16, 8, 0.9, 0],
      [4, 16, 8, 8, 0.8, 0],
    ]);
    const left = await detector.detect(request({ regions: [{ x: 0, y: 0, width: 32, height: 32 }] }));
    expect([...left.xyxy]).toEqual([16, 12, 32, 20, 0, 12, 8, 20]);
    expect(left.cut).toEqual([true, false]);
    expect((await detector.detect(request())).cut).toEqual([false, false]);
  });

  it('puts together what is larger than each region', async () => {
    const detector = await detectorOf([[16, 16, 32, 16, 0.9, 0]]);
    const regions = [0, 24, 32].map((x) => ({ x, y: 0, width: 32, height: 32 }));
    const { xyxy, cut } = await detector.detect(request({ regions }));
    expect([...xyxy]).toEqual([0, 8, 64, 24]);
    expect(cut).toEqual([false]);
  });

  it('clips boxes to the frame, and leaves out those in the padding and those that are no numbers', async () => {
    const detector = await detectorOf([
      [16, 16, 400, 400, 0.9, 0],
      [16, 3, 4, 4, 0.8, 0],
      [Number.NaN, 16, 4, 4, 0, 0.7],
      [16, 16, Number.POSITIVE_INFINITY, 4, 0, 0.6],
    ]);
    const { xyxy, score } = await detector.detect(request());
    expect([...score]).toEqual([0.9, 0.6].map(Math.fround));
    expect([...xyxy]).toEqual([0, 0, 64, 32, 0, 12, 64, 20]);
  });

  it('takes the best so many, and no score above 1', async () => {
    const detector = await detectorOf([
      [4, 16, 4, 4, 0.6, 0],
      [14, 16, 4, 4, 1.004, 0],
      [24, 16, 4, 4, 0.8, 0],
    ]);
    const { score } = await detector.detect(request({ maxDetections: 2 }));
    expect([...score]).toEqual([1, Math.fround(0.8)]);
  });

  it('gives each class that passes when asked to', async () => {
    const detector = await detectorOf([[16, 16, 8, 8, 0.9, 0.8]]);
    expect([...(await detector.detect(request({ multiLabel: true }))).classId]).toEqual([0, 1]);
  });

  it.each([
    {
      name: 'another input size',
      change: { input: { width: 64, height: 32 } },
      message: "input: the model's input images is [1, 3, 32, 32]",
    },
    {
      name: 'another layout',
      change: { input: { width: 32, height: 32, layout: 'NHWC' } },
      message: 'give [1, 32, 32, 3]',
    },
    { name: 'another type', change: { input: { width: 32, height: 32, type: 'uint8' } }, message: 'input.type: ' },
    {
      name: 'a mean that bytes cannot have',
      change: { input: { width: 32, height: 32, type: 'uint8', mean: [1, 2, 3] } },
      message: 'input: expected mean 0 and std 1 for the type uint8, got [1, 2, 3] and [1, 1, 1]',
    },
    {
      name: 'another input name',
      change: { input: { width: 32, height: 32, name: 'x' } },
      message: 'input: expected one of images, got x',
    },
    { name: 'other labels', change: { labels: ['cat'] }, message: 'decoder: expected output output0' },
  ])('refuses a card with $name', async ({ change, message }) => {
    const making = detectorOf([[16, 16, 8, 8, 0.9, 0.8]], card({ type: 'yolov8' }, change));
    await expect(making).rejects.toThrow(InputError);
    await expect(making).rejects.toThrow(message);
  });
});
