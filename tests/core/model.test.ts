import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError, ModelError } from '../../sdk/base/errors.ts';
import { defaultModel } from '../../sdk/config/schema.ts';
import { loadModel, type Model } from '../../sdk/core/model.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { input, meansModel, modelFolder, rawCard, rawClassifierCard } from './cards.ts';
import { constantModel, onnxModel } from './onnx-builder.ts';

const folder = modelFolder();
const yolov8Numbers = { name: 'output0', shape: [1, 6, 1], data: [16, 16, 16, 8, 0.9, 0.1] };

function grey(width = 64, height = 32, onFree?: () => void): Frame {
  const planes = [{ data: new Uint8Array(width * height).fill(90), stride: width }];
  return new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'GRAY8', width, height, planes }, onFree);
}

async function using<T>(loading: Promise<Model>, work: (model: Model) => Promise<T>): Promise<T> {
  const model = await loading;
  try {
    return await work(model);
  } finally {
    await model.close();
  }
}

/** Multiplies matrices for a while, and then finds what `yolov8Numbers` says. */
function slowModel(products = 60): Uint8Array {
  const side = 512;
  const steps = Array.from({ length: products }, (_, i) => ({
    op: 'MatMul',
    inputs: [`m${i}`, 'matrix'],
    outputs: [`m${i + 1}`],
  }));
  return onnxModel({
    inputs: [input],
    outputs: [{ name: 'output0', shape: yolov8Numbers.shape }],
    constants: [
      { name: 'matrix', shape: [side, side], data: new Array(side * side).fill(1 / side) },
      { name: 'zero', shape: [1], data: [0] },
      { ...yolov8Numbers, name: 'numbers' },
    ],
    operations: [
      // Depends on the picture, or it would be computed once, when the model is loaded.
      { op: 'ReduceMean', inputs: ['images'], outputs: ['mean'], ints: { keepdims: 0 } },
      { op: 'Mul', inputs: ['matrix', 'mean'], outputs: ['m0'] },
      ...steps,
      { op: 'ReduceMean', inputs: [`m${products}`], outputs: ['last'], ints: { keepdims: 0 } },
      { op: 'Mul', inputs: ['last', 'zero'], outputs: ['nothing'] },
      { op: 'Add', inputs: ['numbers', 'nothing'], outputs: ['output0'] },
    ],
  });
}

async function loadSlow(products?: number): Promise<Model> {
  await folder.write('slow.card.json', rawCard({ type: 'yolov8' }));
  return loadModel(await folder.write('slow.onnx', slowModel(products)), { threads: 1 });
}

describe('loadModel and detect', () => {
  // The input is 32x32, the frame 64x32: one pixel of the input is two of the frame, and the bars are 8 high.
  const cat = { label: 'cat', box: [16, 8, 48, 24] };

  it.each([
    { name: 'a yolov8 card', decoder: { type: 'yolov8' }, outputs: [yolov8Numbers] },
    {
      name: 'a yolov5 card',
      decoder: { type: 'yolov5', output: 'output0' },
      outputs: [
        { name: 'output0', shape: [1, 1, 7], data: [16, 16, 16, 8, 1, 0.9, 0.1] },
        { name: 'other', shape: [1], data: [0] },
      ],
    },
    {
      name: 'an ssd card',
      decoder: { type: 'ssd', outputs: { boxes: 'boxes', classes: 'classes', scores: 'scores', count: 'count' } },
      outputs: [
        { name: 'boxes', shape: [1, 2, 4], data: [0.375, 0.25, 0.625, 0.75, 0, 0, 1, 1] },
        { name: 'classes', shape: [1, 2], data: [0, 1], type: 'int64' },
        { name: 'scores', shape: [1, 2], data: [0.9, 0.8] },
        { name: 'count', shape: [1], data: [1], type: 'int32' },
      ],
    },
    {
      name: 'a yolox card',
      decoder: { type: 'yolox', strides: [32] },
      outputs: [{ name: 'o', shape: [1, 1, 7], data: [0.5, 0.5, Math.log(0.5), Math.log(0.25), 1, 0.9, 0] }],
    },
  ] as const)('use a model with $name', async ({ decoder, outputs }) => {
    await folder.write('own.card.json', rawCard(decoder as never));
    const path = await folder.write('own.onnx', constantModel(input, outputs));
    await using(loadModel(path), async (model) => {
      const found = [...(await model.detect(grey()))];
      expect(found).toMatchObject([cat]);
      expect(found[0]!.score).toBeCloseTo(0.9);
    });
  });

  /** Boxes that a network gives as shares, and scales to the size it is told. */
  const scaled = (type: 'int64' | 'float32', boxes: readonly number[], side = 32) =>
    onnxModel({
      inputs: [
        // The size may come first.
        { name: 'orig_target_sizes', type, shape: ['N', 2] },
        { name: 'images', shape: [1, 3, side, 32] },
      ],
      outputs: [
        { name: 'labels', type: 'int64', shape: [1, 2] },
        { name: 'boxes', shape: [1, 2, 4] },
        { name: 'scores', shape: [1, 2] },
      ],
      constants: [
        { name: 'ids', type: 'int64', shape: [1, 2], data: [0, 0] },
        { name: 'shares', shape: [1, 2, 4], data: [...boxes, ...boxes] },
        { name: 'sure', shape: [1, 2], data: [0.9, 0.6] },
      ],
      operations: [
        { op: 'Identity', inputs: ['ids'], outputs: ['labels'] },
        { op: 'Identity', inputs: ['sure'], outputs: ['scores'] },
        { op: 'Cast', inputs: ['orig_target_sizes'], outputs: ['size'], ints: { to: 1 } },
        { op: 'Concat', inputs: ['size', 'size'], outputs: ['sizes'], ints: { axis: 1 } },
        { op: 'Mul', inputs: ['shares', 'sizes'], outputs: ['boxes'] },
      ],
    });
  const detr = {
    type: 'ssd',
    outputs: { boxes: 'boxes', classes: 'labels', scores: 'scores' },
    box_order: 'xyxy',
    normalised: false,
  } as const;

  it.each([
    { name: 'RT-DETR and D-FINE', type: 'int64', sizes: undefined, boxes: [0.25, 0.125, 0.75, 0.375] },
    { name: 'one that takes h, w', type: 'float32', sizes: 'hw', boxes: [0.125, 0.25, 0.375, 0.75] },
  ] as const)(
    'tell $name the size that boxes are scaled to, and suppress none of them',
    async ({ type, sizes, boxes }) => {
      // 32 wide and 64 high: w and h are not the same.
      const order = sizes && { sizes: { name: 'orig_target_sizes', order: sizes } };
      await folder.write(
        'detr.card.json',
        rawCard(detr as never, { input: { width: 32, height: 64, resize: 'stretch', ...order } }),
      );
      const path = await folder.write('detr.onnx', scaled(type, boxes, 64));
      await using(loadModel(path), async (model) => {
        // Two boxes at the same place: the network has chosen both.
        const expected = [16, 4, 48, 12];
        expect([...(await model.detect(grey()))]).toMatchObject([{ box: expected }, { box: expected }]);
        expect(await model.detect(grey(), { iouThreshold: 0.5 })).toHaveLength(1);
      });
    },
  );

  it('use torchvision’s detectors, whose input is a picture and no batch, and whose class 0 is the background', async () => {
    const vision = { ...detr, first_class: 1 };
    await folder.write('vision.card.json', rawCard(vision as never));
    const model = constantModel({ name: 'image', shape: [3, 'height', 'width'] }, [
      { name: 'boxes', shape: [2, 4], declared: ['n', 4], data: [8, 12, 24, 20, 0, 0, 32, 32] },
      { name: 'labels', type: 'int64', shape: [2], declared: ['n'], data: [1, 0] },
      { name: 'scores', shape: [2], declared: ['n'], data: [0.9, 0.8] },
    ]);
    await using(loadModel(await folder.write('vision.onnx', model)), async (model) => {
      expect([...(await model.detect(grey()))]).toMatchObject([cat]);
    });
  });

  it.each([
    { name: 'one class, nms inside', keys: { names: "{0: 'cat'}", args: "{'nms': True}" } },
    { name: 'one class, no suppression needed', keys: { names: "{0: 'cat'}", end2end: 'True' } },
    { name: 'two classes', keys: { names: "{0: 'cat', 1: 'dog'}", end2end: 'True' } },
  ])('use what Ultralytics exported with its suppression: $name', async ({ keys }) => {
    const row = [8, 12, 24, 20, 0.9, 0];
    const output = { name: 'output0', shape: [1, 4, 6], data: [...row, ...row.with(4, 0.6), ...new Array(12).fill(0)] };
    const metadata = { ...keys, task: 'detect', imgsz: '[32, 32]' };
    const path = await folder.write('nms.onnx', constantModel(input, [output], metadata as never));
    await using(loadModel(path), async (model) => {
      expect([...(await model.detect(grey()))]).toMatchObject([cat, cat]);
      expect(await model.detect(grey(), { iouThreshold: 0.5 })).toHaveLength(1);
    });
  });

  it('use Ultralytics’ RT-DETR, whose pictures fill its input', async () => {
    const output = { name: 'output0', shape: [1, 1, 6], data: [0.5, 0.5, 0.5, 0.5, 0.9, 0] };
    const metadata = { names: "{0: 'cat'}", imgsz: '[32, 32]', task: 'detect', head: 'RTDETRDecoder' };
    const path = await folder.write('rtdetr.onnx', constantModel(input, [output], metadata));
    await using(loadModel(path), async (model) => {
      expect([...(await model.detect(grey()))]).toMatchObject([{ label: 'cat', box: [16, 8, 48, 24] }]);
    });
  });

  it.each([
    { name: 'YOLOv8', keys: { task: 'detect', imgsz: '[32, 32]' } as Record<string, string>, output: yolov8Numbers },
    {
      name: 'YOLOv5',
      keys: { stride: '32' },
      output: { name: 'output0', shape: [1, 1, 7], data: [16, 16, 16, 8, 1, 0.9, 0.1] },
    },
  ])('use Ultralytics’ export of $name without a card', async ({ keys, output }) => {
    const path = await folder.write(
      'export.onnx',
      constantModel(input, [output], { ...keys, names: "{0: 'cat', 1: 'dog'}" }),
    );
    await using(loadModel(path), async (model) => {
      expect(model.card.name).toBe('export');
      expect([...(await model.detect(grey()))]).toMatchObject([cat]);
    });
  });

  it.each([
    { name: 'a file of 0 bytes', bytes: new Uint8Array(0), message: 'onnxruntime cannot load the model' },
    {
      name: 'half a model',
      bytes: constantModel(input, [yolov8Numbers]).slice(0, 90),
      message: 'onnxruntime cannot load the model',
    },
    {
      name: 'a model the card does not fit',
      bytes: constantModel({ name: 'images', shape: [1, 3, 64, 64] }, [yolov8Numbers]),
      message: "input: the model's input images is [1, 3, 64, 64], the card's size and layout give [1, 3, 32, 32]",
    },
    {
      name: 'a model with other outputs',
      bytes: constantModel(input, [{ ...yolov8Numbers, shape: [1, 2, 3] }]),
      message: 'decoder: expected output output0',
    },
  ])('refuse $name, naming it, and load the next', async ({ bytes, message }) => {
    await folder.write('bad.card.json', rawCard({ type: 'yolov8' }));
    const path = await folder.write('bad.onnx', bytes);
    const loading = loadModel(path);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(`model ${path}: `);
    await expect(loading).rejects.toThrow(message);
    await folder.write('bad.onnx', constantModel(input, [yolov8Numbers]));
    await using(loadModel(path), async (model) => expect(await model.detect(grey())).toHaveLength(1));
  });

  it('refuse a model in 8 bits whose scores share their scale with the boxes, and take one whose scores have their own', async () => {
    await folder.write('int8.card.json', rawCard({ type: 'yolov8' }));
    const middle = { name: 'middle', type: 'uint8', shape: [], data: [0] } as const;
    const bytes = (data: number[]) => ({ type: 'uint8', shape: [1, data.length, 1], data }) as const;
    const joint = onnxModel({
      inputs: [input],
      outputs: [{ name: 'output0', shape: [1, 6, 1] }],
      constants: [middle, { name: 'scale', shape: [], data: [2.5] }, { name: 'all', ...bytes([6, 6, 6, 3, 0, 0]) }],
      operations: [
        { op: 'DequantizeLinear', inputs: ['all', 'scale', 'middle'], outputs: ['floats'] },
        { op: 'Identity', inputs: ['floats'], outputs: ['output0'] },
      ],
    });
    const path = await folder.write('int8.onnx', joint);
    await expect(loadModel(path)).rejects.toThrow(InputError);
    await expect(loadModel(path)).rejects.toThrow(
      "the model's output output0 has steps of 2.5, so of the scores from 0 to 1 it can hold only 0: boxes and scores share one scale",
    );
    const apart = onnxModel({
      inputs: [input],
      outputs: [{ name: 'output0', shape: [1, 6, 1] }],
      constants: [
        middle,
        { name: 'coarse', shape: [], data: [2] },
        { name: 'fine', shape: [], data: [1 / 255] },
        { name: 'boxes', ...bytes([8, 8, 8, 4]) },
        { name: 'scores', ...bytes([230, 25]) },
      ],
      operations: [
        { op: 'DequantizeLinear', inputs: ['boxes', 'coarse', 'middle'], outputs: ['a'] },
        { op: 'DequantizeLinear', inputs: ['scores', 'fine', 'middle'], outputs: ['b'] },
        { op: 'Concat', inputs: ['a', 'b'], outputs: ['output0'], ints: { axis: 1 } },
      ],
    });
    await folder.write('int8.onnx', apart);
    await using(loadModel(path), async (model) => expect([...(await model.detect(grey()))]).toMatchObject([cat]));
  });

  it('refuse a model of a fixed batch, and say how to export it', async () => {
    const metadata = { names: "{0: 'cat', 1: 'dog'}", imgsz: '[32, 32]', task: 'detect', batch: '4' };
    const four = constantModel(
      { ...input, shape: [4, 3, 32, 32] },
      [{ name: 'output0', shape: [4, 6, 1], data: new Array(24).fill(0) }],
      metadata,
    );
    await expect(loadModel(await folder.write('batch.onnx', four))).rejects.toThrow(
      'images is [4, 3, 32, 32], 4 pictures at once; one is given at a time: export it with a batch of 1, or an open one',
    );
  });

  it('refuse a classifier, and say who takes it', async () => {
    await folder.write('means.card.json', rawClassifierCard());
    const path = await folder.write('means.onnx', meansModel());
    await expect(loadModel(path)).rejects.toThrow(
      'expected a model of the task detect, its card says classify: `ocellus classify` and loadClassifier() accept it',
    );
  });

  it('refuse a model that is not there, and a number of threads that cannot be', async () => {
    await expect(loadModel('/nowhere/x.onnx')).rejects.toThrow('model /nowhere/x.onnx: ');
    for (const threads of [0, 65, 1.5, Number.NaN]) {
      await expect(loadModel(defaultModel, { threads })).rejects.toThrow(
        'threads: expected a whole number from 1 to 64',
      );
    }
  });
});

describe('Model', () => {
  it('gives each frame back, and leaves no buffer of a pool in use', async () => {
    await using(loadSlow(1), async (model) => {
      const pool = new FramePool({ format: 'I420', width: 64, height: 32, capacity: 2 });
      for (let sequence = 0; sequence < 10; sequence++) {
        const frame = pool.frame(pool.take()!, { sequence, captureTimeNs: 0, wallTimeMs: 0 });
        const detecting = model.detect(frame);
        frame.release();
        expect(frame.references).toBe(1);
        await detecting;
        expect(frame.references).toBe(0);
      }
      expect([pool.inUse, pool.allocated]).toEqual([0, 1]);
    });
  });

  it('answers in order, and is busy meanwhile', async () => {
    await using(loadSlow(), async (model) => {
      const done: number[] = [];
      expect(model.busy).toBe(false);
      const all = [0, 1, 2].map((i) => model.detect(grey()).then(() => done.push(i)));
      expect(model.busy).toBe(true);
      await Promise.all(all);
      expect(done).toEqual([0, 1, 2]);
      await expect.poll(() => model.busy).toBe(false);
      const { times } = await model.detectTimed(grey());
      expect(times.inferMs).toBeGreaterThan(0);
    });
  });

  it('refuses options out of range, and keeps no frame then', async () => {
    await using(loadSlow(1), async (model) => {
      const frame = grey();
      for (const [options, message] of [
        [{ scoreThreshold: 1.1 }, 'scoreThreshold: expected 0..1, got 1.1'],
        [{ iouThreshold: Number.NaN }, 'iouThreshold: expected 0..1, got NaN'],
        [{ maxDetections: 0 }, 'maxDetections: expected a whole number of at least 1, got 0'],
        [{ region: { x: 64, y: 0, width: 1, height: 1 } }, 'region: expected one that touches the 64x32 frame'],
        [{ regions: [{ x: 64, y: 0, width: 1, height: 1 }] }, 'region: expected one that touches the 64x32 frame'],
        [{ regions: [] }, 'regions: expected 1 to 256, got 0'],
        [{ regions: Array(257).fill({ x: 0, y: 0, width: 1, height: 1 }) }, 'regions: expected 1 to 256, got 257'],
      ] as const) {
        const detecting = model.detect(frame, options);
        await expect(detecting).rejects.toThrow(RangeError);
        await expect(detecting).rejects.toThrow(message);
      }
      expect(frame.references).toBe(1);
      frame.release();
      await expect(model.detect(frame)).rejects.toThrow('frame 0 was released');
    });
  });

  it('refuses a frame when the model’s outputs turn out wrong, and lives on', async () => {
    await folder.write('open.card.json', rawCard({ type: 'yolov8' }));
    // The output's shape is computed from the picture, so nobody can know it before.
    const model = onnxModel({
      inputs: [input],
      outputs: [{ name: 'output0', shape: ['a', 'b', 'c'] }],
      constants: [
        { name: 'zeros', shape: [3], data: [0, 0, 0] },
        { name: 'sides', shape: [3], data: [1, 2, 3] },
        { ...yolov8Numbers, name: 'numbers' },
      ],
      operations: [
        { op: 'ReduceMean', inputs: ['images'], outputs: ['mean'], ints: { keepdims: 0 } },
        { op: 'Mul', inputs: ['zeros', 'mean'], outputs: ['nothing'] },
        { op: 'Add', inputs: ['sides', 'nothing'], outputs: ['floats'] },
        { op: 'Cast', inputs: ['floats'], outputs: ['shape'], ints: { to: 7 } },
        { op: 'Reshape', inputs: ['numbers', 'shape'], outputs: ['output0'] },
      ],
    });
    const path = await folder.write('open.onnx', model);
    await using(loadModel(path), async (model) => {
      let freed = 0;
      for (let i = 0; i < 2; i++) {
        const frame = grey(64, 32, () => freed++);
        const detecting = model.detect(frame);
        frame.release();
        await expect(detecting).rejects.toThrow(ModelError);
        await expect(detecting).rejects.toThrow(/^model tiny: .* to be \[1, 6, any\], it is \[1, 2, 3\]/);
      }
      expect(freed).toBe(2);
    });
  });

  it.each([
    [{ type: 'yolov8' }, [16, 16, 16, 8, 3.5, -2], 'expected scores of 0 to 1, got 3.5'],
    [{ type: 'yolov8' }, [0.5, 0.5, 0.5, 0.25, 0.9, 0.1], 'these are fractions of the input'],
  ] as const)(
    'says at the first frame what the numbers of %j %j tell against its card',
    async (decoder, data, message) => {
      await folder.write('numbers.card.json', rawCard(decoder as never));
      const path = await folder.write('numbers.onnx', constantModel(input, [{ ...yolov8Numbers, data }]));
      await using(loadModel(path), async (model) => {
        for (let i = 0; i < 2; i++) {
          await expect(model.detect(grey())).rejects.toThrow(ModelError);
          await expect(model.detect(grey())).rejects.toThrow(`model tiny: decoder: `);
          await expect(model.detect(grey())).rejects.toThrow(message);
        }
      });
    },
  );

  it('looks only at the region', async () => {
    await using(loadSlow(1), async (model) => {
      const region = { x: 32, y: 0, width: 32, height: 32 };
      expect([...(await model.detect(grey(), { region }))]).toMatchObject([{ box: [40, 12, 56, 20] }]);
      // What hangs over the edge is cut off.
      const hanging = { x: 32, y: -16, width: 64, height: 48 };
      expect([...(await model.detect(grey(), { region: hanging }))]).toMatchObject([{ box: [40, 12, 56, 20] }]);
    });
  });

  it('looks at several regions in one call, and says how many', async () => {
    await using(loadSlow(1), async (model) => {
      const regions = [
        { x: 32, y: 0, width: 32, height: 32 },
        { x: 0, y: 0, width: 32, height: 64 },
      ];
      const found = await model.detectTimed(grey(), { regions });
      expect([...found.detections].map(({ box }) => box)).toEqual([
        [8, 12, 24, 20],
        [40, 12, 56, 20],
      ]);
      expect(found).toMatchObject({ cut: [false, false], regions: 2 });
      expect((await model.detectTimed(grey())).regions).toBe(1);
      await expect(model.detect(grey(), { regions, region: regions[0]! })).rejects.toThrow(
        'detect: expected region or regions, got both',
      );
    });
  });

  it('when closed, finishes the frame it looks at, refuses those that wait, and gives all back', async () => {
    const model = await loadSlow();
    let freed = 0;
    const jobs = [0, 1, 2].map(() => {
      const frame = grey(64, 32, () => freed++);
      const detecting = model.detect(frame);
      frame.release();
      return detecting;
    });
    const settled = Promise.allSettled(jobs);
    await Promise.all([model.close(), model.close()]);
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(jobs[1]).rejects.toThrow('the model tiny was closed');
    await expect(model.detect(grey())).rejects.toThrow('the model tiny was closed');
    expect(freed).toBe(3);
  });

  it('refuses a frame when 64 wait already', async () => {
    const model = await loadSlow();
    const jobs = Array.from({ length: 66 }, () => model.detect(grey()));
    const settled = Promise.allSettled(jobs);
    await expect(jobs[65]).rejects.toThrow('64 frames wait for the model tiny: it cannot keep up');
    await model.close();
    expect((await settled).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('never blocks the main thread: the event loop turns all the while that the network runs', async () => {
    await using(loadSlow(200), async (model) => {
      let isOver = false;
      let turns = 0;
      const detecting = model.detect(grey()).then(() => (isOver = true));
      while (!isOver) {
        await new Promise(setImmediate);
        turns++;
      }
      await detecting;
      // Of one that runs on the main thread: a handful, before and after it.
      expect(turns).toBeGreaterThan(100);
    });
  });
});

describe('the default detector', () => {
  it('finds what is in the photographs, in any size, format of pixels and format of file', async () => {
    await using(loadModel(), async (model) => {
      const cat = await readPicture(asset('devices', 'scene', 'photos', 'cat.jpg'));
      const [found] = [...(await model.detect(cat))];
      expect(found).toMatchObject({ label: 'cat' });
      for (const [width, height] of [
        [451, 299],
        [320, 213],
        // 20 megapixels.
        [5472, 3648],
      ] as const) {
        const resized = await sharp(asset('devices', 'scene', 'photos', 'cat.jpg'))
          .resize(width, height, { fit: 'fill' })
          .png({ compressionLevel: 1 })
          .toBuffer();
        const labels = [...(await model.detect(await readPicture(resized)))].map(({ label }) => label);
        expect(labels).toContain('cat');
      }
    });
  });

  it('finds nothing in 1x1, in lines, and in nothing but noise, without an error', async () => {
    await using(loadModel(), async (model) => {
      for (const [width, height] of [
        [1, 1],
        [2, 1],
        [1, 999],
        [9999, 1],
        [33, 77],
      ] as const) {
        expect(await model.detect(grey(width, height))).toHaveLength(0);
      }
    });
  });
});
