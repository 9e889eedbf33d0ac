import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { defaultModel } from '../../../sdk/config/schema.ts';
import { OpenCvEngine } from '../../../sdk/core/engines/opencv.ts';
import { listModels, loadModel, type Model } from '../../../sdk/core/model.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import type { Detection } from '../../../sdk/vision/detections.ts';
import { iou } from '../../../sdk/vision/geometry.ts';
import { onnxModel } from '../../core/onnx-builder.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasOpenCv } from '../../support/prepared.ts';
import { yolox, yoloxCard } from '../core/validation.ts';

/** Twice what it gets. */
const doubling = (shape: number[], type?: 'uint8') =>
  onnxModel({
    inputs: [{ name: 'in', type, shape }],
    outputs: [{ name: 'out', type, shape }],
    operations: [{ op: 'Add', inputs: ['in', 'in'], outputs: ['out'] }],
  });

/** Two engines find the same in the scene's photographs. @returns How many boxes. */
async function compare(
  ours: Model,
  theirs: Model,
  most: { threshold: number; scores: number; pixels: number },
): Promise<{ compared: number; inferMs: number[] }> {
  let compared = 0;
  let inferMs: number[] = [];
  for (const name of ['cat', 'cup', 'motorcycle', 'person']) {
    const frame = await readPicture(asset('devices', 'scene', 'photos', `${name}.jpg`));
    const options = { scoreThreshold: most.threshold };
    const found = await Promise.all([ours, theirs].map((model) => model.detectTimed(frame, options)));
    const [a, b] = found.map(({ detections }) => detections);
    inferMs = found.map(({ times }) => times.inferMs);
    expect(b!.length).toBe(a!.length);
    for (const one of a!) {
      const same = [...b!].find((other: Detection) => other.label === one.label && iou(one.box, other.box) > 0.9)!;
      expect(Math.abs(same.score - one.score)).toBeLessThan(most.scores);
      for (let i = 0; i < 4; i++) expect(Math.abs(same.box[i]! - one.box[i]!)).toBeLessThan(most.pixels);
      compared++;
    }
  }
  return { compared, inferMs };
}

// One engine a process: its bindings are this thread's own copy.
const isReady = await hasOpenCv();
const engine = new OpenCvEngine();
afterEach(() => engine.close());

describe.skipIf(!isReady)('OpenCvEngine (needs npm run opencv)', () => {
  it('tells what goes in and what comes out, and runs on the buffer that bind() gave', async () => {
    await engine.load(doubling([1, 2, 2, 3]), { threads: 1 });
    expect(engine.inputs).toEqual([{ name: 'in', type: 'float32', shape: [1, 2, 2, 3] }]);
    expect(engine.outputs).toEqual([{ name: 'out', type: 'float32', shape: [1, 2, 2, 3] }]);
    const buffer = engine.bind('in', 'float32', [1, 2, 2, 3]);
    buffer.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const first = (await engine.run()).get('out')!;
    expect([...first.data]).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
    expect(first.shape).toEqual([1, 2, 2, 3]);
    buffer.fill(5);
    const second = (await engine.run()).get('out')!;
    expect(second.data).toBe(first.data);
    expect([...second.data]).toEqual(Array(12).fill(10));
  });

  it('refuses what it cannot read, bind or run', async () => {
    await expect(engine.load(new Uint8Array(40), { threads: 1 })).rejects.toThrow(InputError);
    expect(() => engine.inputs).toThrow('the engine has no model: call load() first');
    await expect(engine.run()).rejects.toThrow('the engine has no model');
    await engine.load(doubling([1, 2, 2, 3]), { threads: 1 });
    await expect(engine.run()).rejects.toThrow('the engine has no input buffer');
    expect(() => engine.bind('other', 'float32', [1, 2, 2, 3])).toThrow('input: expected one of in, got other');
    expect(() => engine.bind('in', 'uint8', [1, 2, 2, 3])).toThrow("the model's input in is float32");
    await engine.load(doubling([1, 3, 1, 1], 'uint8'), { threads: 1 });
    expect(() => engine.bind('in', 'uint8', [1, 3, 1, 1])).toThrow('expects a multiple of 4 bytes, got 3');
  });

  it('says of a model that it cannot read that another engine may load it', async () => {
    const inputs = [{ name: 'in', shape: [1, 2, 2, 3] }];
    const outputs = [{ name: 'out', shape: [1, 2, 2, 3] }];
    const unknown = onnxModel({ inputs, outputs, operations: [{ op: 'Abacus', inputs: ['in'], outputs: ['out'] }] });
    await expect(engine.load(unknown, { threads: 1 })).rejects.toThrow(
      /^OpenCV's dnn module cannot load the model: .*the engine onnxruntime may/s,
    );
  });

  it('finds with a quantised model what onnxruntime does; OpenCV 4.6 says that it cannot read it', async () => {
    const quantised = 'nanodet-g-416-int8';
    const theirs = await loadModel(quantised, { engine: 'opencv' }).catch((error: Error) => error);
    if (theirs instanceof Error) {
      expect(theirs.message).toMatch(
        /^model nanodet-g-416-int8: OpenCV's dnn module cannot load the model: .*the engine onnxruntime may/s,
      );
      return;
    }
    const ours = await loadModel(quantised, { engine: 'onnxruntime' });
    // OpenCV does its sums in 8 bits another way: measured with 4.10, scores differ by 0.057, boxes by 4 pixels.
    const { compared } = await compare(ours, theirs, { threshold: 0.5, scores: 0.08, pixels: 6 });
    expect(compared).toBeGreaterThanOrEqual(3);
    await Promise.all([ours.close(), theirs.close()]);
  });

  it('refuses an engine that is none', async () => {
    await expect(loadModel(defaultModel, { engine: 'abacus' as 'opencv' })).rejects.toThrow(
      'engine: expected auto or native or onnxruntime or opencv, got abacus',
    );
  });
});

describe.skipIf(!isReady || !yolox)('YOLOX-nano on both engines (needs npm run opencv and ../shared/data)', () => {
  it('finds the same: boxes to a pixel, scores to 0.002', async () => {
    const folder = temporaryFolder();
    await symlink(yolox!, join(folder, 'yolox-nano.onnx'));
    const { labels } = (await listModels()).find(({ name }) => name === defaultModel)!;
    await writeFile(join(folder, 'yolox-nano.card.json'), JSON.stringify(yoloxCard(labels)));
    const path = join(folder, 'yolox-nano.onnx');
    const [ours, theirs] = await Promise.all([
      loadModel(path, { engine: 'onnxruntime' }),
      loadModel(path, { engine: 'opencv' }),
    ]);
    const { compared, inferMs } = await compare(ours, theirs, { threshold: 0.1, scores: 0.002, pixels: 1 });
    expect(compared).toBeGreaterThanOrEqual(4);
    console.log(`${compared} boxes alike; ms: onnxruntime ${inferMs[0]!.toFixed(1)}, OpenCV ${inferMs[1]!.toFixed(1)}`);
    await Promise.all([ours.close(), theirs.close()]);
  });

  it('loads several models at once, each in a thread of its own', async () => {
    const folder = temporaryFolder();
    await symlink(yolox!, join(folder, 'yolox-nano.onnx'));
    const { labels } = (await listModels()).find(({ name }) => name === defaultModel)!;
    await writeFile(join(folder, 'yolox-nano.card.json'), JSON.stringify(yoloxCard(labels)));
    const frame = await readPicture(asset('devices', 'scene', 'photos', 'cat.jpg'));
    for (let round = 0; round < 3; round++) {
      const models = await Promise.all(
        [0, 1].map(() => loadModel(join(folder, 'yolox-nano.onnx'), { engine: 'opencv', threads: 1 })),
      );
      for (const model of models) expect([...(await model.detect(frame))][0]!.label).toBe('cat');
      await Promise.all(models.map((model) => model.close()));
    }
  });
});
