import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import type { ModelCard } from '../../../sdk/core/cards/card.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { planeLayout } from '../../../sdk/frame/layout.ts';
import { letterboxGeometry } from '../../../sdk/frame/letterbox.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import type { PreprocessTarget, Quality } from '../../../sdk/kernels/preprocess/preprocess.ts';
import { OpenCvPreprocessor } from '../../../sdk/opencv/preprocessor.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { card } from '../../core/cards.ts';
import { hasOpenCv } from '../../support/prepared.ts';

const input = (change: Partial<ModelCard['input']>): ModelCard['input'] =>
  card({ type: 'yolov8' }, { input: { width: 416, height: 416, ...change } }).input;

interface Case {
  readonly change?: Partial<ModelCard['input']>;
  readonly quality?: Quality;
  readonly yuv?: boolean;
  readonly region?: { x: number; y: number; width: number; height: number };
}

async function photograph(yuv: boolean): Promise<Frame> {
  const picture = await readPicture(asset('devices', 'scene', 'photos', 'cat.jpg'));
  if (!yuv) return picture;
  const { width, height } = picture;
  const { planes, byteLength } = planeLayout('I420', width, height);
  const bytes = new Uint8Array(byteLength);
  const frame = new Frame({
    format: 'I420',
    width,
    height,
    sequence: 0,
    captureTimeNs: 0,
    wallTimeMs: 0,
    planes: planes.map(({ offset, stride, rows }) => ({
      data: bytes.subarray(offset, offset + stride * rows),
      stride,
    })),
  });
  kernels.toYuv(picture, { format: 'I420', width, height, planes: frame.planes, colour: frame.colour });
  return frame;
}

/** How far the two are apart, in levels of a pixel. */
async function difference({ change = {}, quality, yuv = false, region }: Case) {
  const target: PreprocessTarget = { ...input(change), quality };
  const frame = await photograph(yuv);
  const geometry = letterboxGeometry(frame, input(change), region);
  const [ours, theirs] = [0, 0].map(() =>
    target.type === 'uint8'
      ? new Uint8Array(3 * target.width * target.height).fill(77)
      : new Float32Array(3 * target.width * target.height).fill(77),
  );
  kernels.preprocessor(target).run(frame, geometry, ours!);
  new OpenCvPreprocessor(target).run(frame, geometry, theirs!);
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < ours!.length; i++) {
    const size = Math.abs(ours![i]! - theirs![i]!) * Math.max(...target.std);
    largest = Math.max(largest, size);
    sum += size;
  }
  return { largest, mean: sum / ours!.length };
}

const floats = { type: 'float32', mean: [123, 117, 104], std: [58, 57, 57] } as const;

describe.skipIf(!(await hasOpenCv()))('OpenCvPreprocessor beside the kernels (needs npm run opencv)', () => {
  it.each<[string, Case, number]>([
    ['bytes, NCHW', { change: { type: 'uint8' } }, 1.01],
    ['bytes, NHWC, BGR', { change: { type: 'uint8', layout: 'NHWC', channels: 'BGR' } }, 1.01],
    ['floats, NCHW', { change: { ...floats, mean: [...floats.mean], std: [...floats.std] } }, 1.2],
    ['floats, NHWC', { change: { ...floats, mean: [...floats.mean], std: [...floats.std], layout: 'NHWC' } }, 1.2],
    ['stretched', { change: { type: 'uint8', resize: 'stretch' } }, 1.01],
    ['enlarged, at the top left', { change: { type: 'uint8', width: 1024, height: 1024, align: 'top-left' } }, 1.01],
    ['a region', { change: { type: 'uint8' }, region: { x: 101, y: 51, width: 333, height: 222 } }, 1.01],
    ['shrunk, bilinear', { change: { type: 'uint8', width: 128, height: 96 }, quality: 'bilinear' }, 1.01],
    ['YUV', { change: { type: 'uint8' }, yuv: true }, 8],
  ])('gives the same: %s', async (_name, one, most) => {
    const { largest, mean } = await difference(one);
    expect(largest).toBeLessThanOrEqual(most);
    expect(mean).toBeLessThan(0.25);
  });

  it('is near where boxes of pixels are averaged', async () => {
    const { largest, mean } = await difference({ change: { type: 'uint8', width: 128, height: 96 } });
    expect(largest).toBeLessThanOrEqual(25);
    expect(mean).toBeLessThan(1.5);
  });

  it('refuses what does not fit', async () => {
    const frame = await photograph(false);
    const target = input({ type: 'uint8' });
    const geometry = letterboxGeometry(frame, target);
    const preprocessor = new OpenCvPreprocessor(target);
    expect(() => preprocessor.run(frame, geometry, new Uint8Array(5))).toThrow(
      'expected 519168 values for 416x416, got 5',
    );
    expect(() => preprocessor.run(frame, geometry, new Float32Array(519168))).toThrow('out: expected a Uint8Array');
    expect(() => preprocessor.run(frame, { ...geometry, inputWidth: 8 }, new Uint8Array(519168))).toThrow(
      'geometry: expected an input of 416x416, got 8x416',
    );
  });
});
