import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError, ModelError } from '../../sdk/base/errors.ts';
import { defaultModel } from '../../sdk/config/schema.ts';
import { spaceOf } from '../../sdk/core/cards/space.ts';
import { type Classifier, loadClassifier, readClassifierCard } from '../../sdk/core/classifier.ts';
import type { Embedding } from '../../sdk/core/embedding.ts';
import { loadModel } from '../../sdk/core/model.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { needsAddon } from '../kernels/variants.ts';
import { meansModel, modelFolder, rawClassifierCard, sha256 } from './cards.ts';
import { type Constant, constantModel, type Operation, onnxModel } from './onnx-builder.ts';

const folder = modelFolder();

async function using<T>(loading: Promise<Classifier>, work: (classifier: Classifier) => Promise<T>): Promise<T> {
  const classifier = await loading;
  try {
    return await work(classifier);
  } finally {
    await classifier.close();
  }
}

async function load(model = meansModel(), change: Record<string, unknown> = {}): Promise<Classifier> {
  await folder.write('means.card.json', rawClassifierCard(change));
  return loadClassifier(await folder.write('means.onnx', model), { threads: 1 });
}

/** 64x32: the left quarter red, the middle green, the right quarter blue. */
function stripes(onFree?: () => void): Frame {
  const [width, height] = [64, 32];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const x = i % width;
    data[i * 3 + (x < 16 ? 0 : x < 48 ? 1 : 2)] = 200;
  }
  const planes = [{ data, stride: width * 3 }];
  return new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'RGB24', width, height, planes }, onFree);
}

const column = (x: number, width = 8) => ({ x, y: 0, width, height: 32 });
const floats = ({ values, scale }: Embedding) => [...values].map((value) => value * scale);
const rounded = (embedding: Embedding) => floats(embedding).map((value) => Number(value.toFixed(1)));

describe('Classifier', () => {
  it('embeds the middle of a whole frame, and all of a region', async () => {
    await using(load(), async (classifier) => {
      const frame = stripes();
      // The middle square is all green.
      expect((await classifier.embed(frame)).map(rounded)).toEqual([[0, 2, 0]]);
      // Letterboxed with a grey of 114: the picture is half of the input, a quarter of it red and a quarter blue.
      const [all] = await classifier.embed(frame, [{ x: 0, y: 0, width: 64, height: 32 }]);
      expect(rounded(all!)).toEqual([0.8, 1.1, 0.8]);
    });
  });

  it.each([
    { name: 'an open batch', batch: 'batch' },
    { name: 'a batch of one', batch: 1 },
  ])('embeds any number of regions in their order, by $name', async ({ batch }) => {
    await using(
      load(meansModel(batch), { input: { width: 8, height: 8, std: [100, 100, 100], region_resize: 'stretch' } }),
      async (classifier) => {
        const frame = stripes();
        for (const count of [0, 1, 3, 4, 5, 11]) {
          const places = Array.from({ length: count }, (_, i) => (i * 2) % 3);
          const embeddings = await classifier.embed(
            frame,
            places.map((place) => column([0, 28, 56][place]!)),
          );
          expect(embeddings.map(rounded)).toEqual(places.map((place) => [0, 0, 0].with(place, 2)));
        }
      },
    );
  });

  it('classifies: the softmax of the logits, best first', async () => {
    await using(load(), async (classifier) => {
      const found = await classifier.classify(stripes(), { topK: 2 });
      expect(found.map(({ label, classId }) => [label, classId])).toEqual([
        ['green', 1],
        // Of two that tie, the first.
        ['red', 0],
      ]);
      expect(found[0]!.score).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 2), 5);
      const blue = await classifier.classify(stripes(), { region: column(56, 100) });
      expect(blue).toHaveLength(3);
      expect(blue[0]!.label).toBe('blue');
      expect(blue.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1);
    });
  });

  it('gives the times with what they belong to, also when several frames are under way', async () => {
    await using(load(), async (classifier) => {
      const [embedded, classified, none] = await Promise.all([
        classifier.embedTimed(stripes(), [column(0), column(24)]),
        classifier.classifyTimed(stripes()),
        classifier.embedTimed(stripes(), []),
      ]);
      expect(embedded.embeddings.map(rounded)).toHaveLength(2);
      expect(classified.classes[0]!.label).toBe('green');
      for (const { times } of [embedded, classified]) {
        expect(times.inferMs).toBeGreaterThan(0);
        expect(times.preprocessMs).toBeGreaterThan(0);
      }
      // Nothing was asked of the network.
      expect(none).toEqual({ embeddings: [], times: { preprocessMs: 0, inferMs: 0 } });
    });
  });

  /** A classifier without an embedding, whose output these nodes make of the means of red, green and blue. */
  const ending = (operations: readonly Operation[], constants: readonly Constant[] = []) =>
    onnxModel({
      inputs: [{ name: 'images', shape: [1, 3, 8, 8] }],
      outputs: [{ name: 'scores', shape: [1, 3] }],
      constants,
      operations: [
        { op: 'GlobalAveragePool', inputs: ['images'], outputs: ['means'] },
        { op: 'Flatten', inputs: ['means'], outputs: ['logits'] },
        ...operations,
      ],
    });
  const plain = { outputs: { logits: 'scores' }, dimension: undefined };
  const softmaxed = Math.exp(2) / (Math.exp(2) + 2);
  const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));
  const axis = { axis: 1 };

  it.each([
    {
      name: 'ends in a softmax',
      model: ending([{ op: 'Softmax', inputs: ['logits'], outputs: ['scores'], ints: axis }]),
    },
    {
      name: 'ends in a softmax and what changes nothing',
      model: ending(
        [
          { op: 'Softmax', inputs: ['logits'], outputs: ['a'], ints: axis },
          { op: 'QuantizeLinear', inputs: ['a', 'scale', 'least'], outputs: ['b'] },
          { op: 'DequantizeLinear', inputs: ['b', 'scale', 'least'], outputs: ['c'] },
          { op: 'Reshape', inputs: ['c', 'shape'], outputs: ['d'] },
          { op: 'Cast', inputs: ['d'], outputs: ['e'], ints: { to: 1 } },
          { op: 'Identity', inputs: ['e'], outputs: ['scores'] },
        ],
        [
          { name: 'scale', shape: [], data: [1 / 255] },
          { name: 'least', type: 'uint8', shape: [], data: [0] },
          { name: 'shape', type: 'int64', shape: [2], data: [1, 3] },
        ],
      ),
      digits: 2,
    },
    {
      name: 'ends in the parts of a softmax',
      model: ending(
        [
          { op: 'Exp', inputs: ['logits'], outputs: ['a'] },
          { op: 'ReduceSum', inputs: ['a', 'axes'], outputs: ['b'], ints: { keepdims: 1 } },
          { op: 'Div', inputs: ['a', 'b'], outputs: ['scores'] },
        ],
        [{ name: 'axes', type: 'int64', shape: [1], data: [1] }],
      ),
    },
    {
      name: 'ends in the logarithm of a softmax',
      model: ending([{ op: 'LogSoftmax', inputs: ['logits'], outputs: ['scores'], ints: axis }]),
    },
    {
      name: 'has shares, as its numbers tell, where its nodes do not',
      model: ending([
        { op: 'Softmax', inputs: ['logits'], outputs: ['a'], ints: axis },
        { op: 'Relu', inputs: ['a'], outputs: ['scores'] },
      ]),
    },
    {
      name: 'has logits, as its numbers tell, where its nodes do not',
      model: ending([{ op: 'Relu', inputs: ['logits'], outputs: ['scores'] }]),
    },
    {
      name: 'has logits, as its card says',
      model: ending([{ op: 'Relu', inputs: ['logits'], outputs: ['scores'] }]),
      card: { activation: 'softmax' },
    },
    {
      name: 'gives each class a sigmoid',
      model: ending([{ op: 'Sigmoid', inputs: ['logits'], outputs: ['scores'] }]),
      score: sigmoid(2),
    },
    {
      name: 'lacks a sigmoid for each class, as its card says',
      model: ending([{ op: 'Identity', inputs: ['logits'], outputs: ['scores'] }]),
      card: { activation: 'sigmoid' },
      score: sigmoid(2),
    },
  ])('applies what is missing where a network $name', async ({ model, card = {}, score = softmaxed, digits = 5 }) => {
    await using(load(model, { ...plain, ...card }), async (classifier) => {
      const [best] = await classifier.classify(stripes());
      expect(best!.label).toBe('green');
      expect(best!.score).toBeCloseTo(score, digits);
    });
  });

  it('refuses a card that says nothing is missing where something is, and the softmax of one class', async () => {
    const model = ending([{ op: 'Identity', inputs: ['logits'], outputs: ['scores'] }]);
    await using(load(model, { ...plain, activation: 'none' }), async (classifier) => {
      const asking = classifier.classify(stripes());
      await expect(asking).rejects.toThrow(ModelError);
      await expect(asking).rejects.toThrow(
        'model means: expected scores of 0 to 1, got 2: set "activation" in its card',
      );
    });
    const one = onnxModel({
      inputs: [{ name: 'images', shape: [1, 3, 8, 8] }],
      outputs: [{ name: 'scores', shape: [1, 1] }],
      operations: [{ op: 'ReduceMean', inputs: ['images'], outputs: ['scores'], ints: { axes: [2, 3], keepdims: 0 } }],
    });
    await expect(load(one, { ...plain, labels: ['green'] })).rejects.toThrow('the softmax of one is always 1');
  });

  it('classifies without an embedding, and says that there is none', async () => {
    const model = ending([{ op: 'Softmax', inputs: ['logits'], outputs: ['scores'], ints: axis }]);
    await using(load(model, plain), async (classifier) => {
      await expect(classifier.embed(stripes())).rejects.toThrow('card names no embedding');
      expect(() => spaceOf(classifier.card)).toThrow('card names no embedding');
    });
    await expect(readClassifierCard(await folder.write('means.onnx', model))).rejects.toThrow(
      'card names no embedding',
    );
    await expect(load(model, { ...plain, dimension: 3 })).rejects.toThrow('or with neither of them, got one');
  });

  it('uses what Ultralytics exported', async () => {
    const model = constantModel(
      { name: 'images', shape: [1, 3, 8, 8] },
      [{ name: 'output0', shape: [1, 3], data: [0.04, 0.95, 0.01] }],
      { task: 'classify', imgsz: '[8, 8]', stride: '1', names: "{0: 'a', 1: 'caf\\xe9', 2: 'c'}" },
    );
    await using(loadClassifier(await folder.write('yolo-cls.onnx', model)), async (classifier) => {
      const found = await classifier.classify(stripes());
      expect(found.map(({ label, score }) => [label, Number(score.toFixed(4))])).toEqual([
        ['café', 0.95],
        ['a', 0.04],
        ['c', 0.01],
      ]);
    });
    await expect(readClassifierCard(await folder.write('yolo-cls.onnx', model))).rejects.toThrow('names no embedding');
  });

  it('refuses regions that show nothing, too many, and a topK that is none, and keeps no frame then', async () => {
    await using(load(), async (classifier) => {
      const frame = stripes();
      for (const region of [column(64), column(-8), column(8, 0), column(Number.NaN)]) {
        for (const asking of [classifier.embed(frame, [column(0), region]), classifier.classify(frame, { region })]) {
          await expect(asking).rejects.toThrow(InputError);
          await expect(asking).rejects.toThrow('region: expected one that touches the 64x32 frame');
        }
      }
      const many = classifier.embed(frame, new Array(257).fill(column(0)));
      await expect(many).rejects.toThrow('regions: expected at most 256, got 257');
      for (const topK of [0, 1.5, Number.NaN]) {
        await expect(classifier.classify(frame, { topK })).rejects.toThrow('topK: expected a whole number');
      }
      expect(frame.references).toBe(1);
    });
  });

  it('gives each frame back, and refuses those that wait when it is closed', async () => {
    const classifier = await load();
    let freed = 0;
    const jobs = [0, 1, 2].map(() => {
      const frame = stripes(() => freed++);
      const asking = classifier.embed(frame);
      frame.release();
      return asking;
    });
    expect(classifier.busy).toBe(true);
    const settled = Promise.allSettled(jobs);
    await classifier.close();
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(classifier.classify(stripes())).rejects.toThrow('the model means was closed');
    expect(freed).toBe(3);
  });

  it('refuses a network that gives no number, and lives on', async () => {
    const outputs = ['embedding', 'logits'].map((name) => ({ name, shape: [1, 3], data: [1, Number.NaN, 2] }));
    await using(load(constantModel({ name: 'images', shape: [1, 3, 8, 8] }, outputs)), async (classifier) => {
      await expect(classifier.embed(stripes())).rejects.toThrow('embedding: expected finite numbers, got NaN');
      await expect(classifier.classify(stripes())).rejects.toThrow('logits: expected finite numbers');
      await expect(classifier.embed(stripes())).rejects.toThrow(InputError);
    });
  });
});

describe('loadClassifier', () => {
  it('knows the file’s sha256 where its card does not', async () => {
    await using(load(), async ({ card }) => {
      expect(card.sha256).toBe(sha256(meansModel()));
    });
  });

  it.each([
    {
      name: 'another dimension',
      change: { dimension: 4 },
      message: 'outputs.embedding: expected an output embedding float32 [N, 4], the model has',
    },
    {
      name: 'other labels',
      change: { labels: ['a', 'b'] },
      message: 'outputs.logits: expected an output logits float32 [N, 2]',
    },
    {
      name: 'another output',
      change: { outputs: { embedding: 'x', logits: 'logits' } },
      message: 'expected an output x float32',
    },
    {
      name: 'another input',
      change: { input: { width: 9, height: 8 } },
      message: "the card's size and layout give [4, 3, 8, 9]",
    },
  ])('refuses a card with $name', async ({ change, message }) => {
    const loading = load(meansModel(), change);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });

  it('and loadModel refuse a model of the other’s task, and a detector that Ultralytics exported', async () => {
    await expect(loadClassifier(defaultModel)).rejects.toThrow(
      `model ${defaultModel}: expected a model of the task classify, its card says detect`,
    );
    await expect(loadModel('efficientnet-lite0-int8')).rejects.toThrow(
      'model efficientnet-lite0-int8: expected a model of the task detect, its card says classify',
    );
    const theirs = constantModel(
      { name: 'images', shape: [1, 3, 32, 32] },
      [{ name: 'o', shape: [1, 5, 1], data: [0, 0, 0, 0, 0] }],
      {
        imgsz: '[32, 32]',
        names: "{0: 'cat'}",
      },
    );
    await expect(loadClassifier(await folder.write('theirs.onnx', theirs))).rejects.toThrow(
      'its metadata is that of a detector',
    );
  });
});

describe('the default classifier', () => {
  const engines = kernels.programs ? (['native', 'onnxruntime'] as const) : (['onnxruntime'] as const);
  const photos = ['cat', 'cup', 'motorcycle', 'person', 'wall'].map((name) =>
    asset('devices', 'scene', 'photos', `${name}.jpg`),
  );
  /** By the fp32 port: `tools/port/port.sh embed`. */
  const reference = new Float32Array(
    Uint8Array.from(readFileSync(asset('tests', 'core', 'embeddings-fp32.bin'))).buffer,
  );

  it.each(engines)('by %s has embeddings with a cosine of 0.995 or more to fp32', async (engine) => {
    await using(loadClassifier(undefined, { engine }), async (classifier) => {
      const { dimension } = classifier.card;
      expect(reference).toHaveLength(photos.length * dimension);
      for (const [i, photo] of photos.entries()) {
        const [embedding] = await classifier.embed(await readPicture(photo));
        const fp32 = reference.subarray(i * dimension, (i + 1) * dimension);
        expect(cosine(floats(embedding!), fp32), photo).toBeGreaterThan(0.995);
      }
    });
  });

  it.skipIf(!kernels.programs).each(['efficientnet-lite0-int8', 'efficientnet-lite1-int8'])(
    `%s is the same space by either engine${needsAddon}`,
    async (name) => {
      const [ours, theirs] = await Promise.all(
        (['native', 'onnxruntime'] as const).map((engine) => loadClassifier(name, { engine })),
      );
      expect([ours!.engine, theirs!.engine]).toEqual(['native', 'onnxruntime']);
      expect(spaceOf(ours!.card)).toBe(spaceOf(theirs!.card));
      const cosines: number[] = [];
      for (const photo of photos) {
        const frame = await readPicture(photo);
        const [[one], [other]] = await Promise.all([ours!.embed(frame), theirs!.embed(frame)]);
        cosines.push(cosine(floats(one!), floats(other!)));
      }
      expectNear(cosines);
      await Promise.all([ours!.close(), theirs!.close()]);
    },
  );

  it('gives a region the same embedding alone and among others', async () => {
    await using(loadClassifier(), async (classifier) => {
      const cat = await readPicture(photos[0]!);
      const regions = [0, 40, 80, 120, 160].map((x) => ({ x, y: 10, width: 200, height: 250 }));
      const together = await classifier.embed(cat, regions);
      for (const [i, region] of regions.entries()) expect(await classifier.embed(cat, [region])).toEqual([together[i]]);
    });
  });

  it('knows a cat', async () => {
    await using(loadClassifier(), async (classifier) => {
      const [best] = await classifier.classify(await readPicture(photos[0]!));
      expect(best!.label).toMatch(/cat$/);
    });
  });
});

/** 0.998 in the median of many pictures (docs/learning.md); of five, a little less. */
function expectNear(cosines: readonly number[]): void {
  const sorted = cosines.toSorted((a, b) => a - b);
  expect(sorted[2]).toBeGreaterThan(0.997);
  expect(sorted[0]).toBeGreaterThan(0.985);
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
