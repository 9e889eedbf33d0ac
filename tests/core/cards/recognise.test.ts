import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { ModelCard } from '../../../sdk/core/cards/card.ts';
import { readModel } from '../../../sdk/core/cards/model-file.ts';
import { readNetwork } from '../../../sdk/core/cards/network.ts';
import { recognise } from '../../../sdk/core/cards/recognise.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { modelFolder } from '../cards.ts';
import * as networks from '../foreign-networks.ts';
import { randomNumbers, sigmoid } from '../foreign-networks.ts';
import { constantModel, onnxModel } from '../onnx-builder.ts';

const folder = modelFolder();
const two = { path: 'names.txt', labels: ['cat', 'dog'] };
const given = (count: number) => ({
  labels: { path: 'names.txt', labels: Array.from({ length: count }, (_, i) => `class ${i}`) },
});
const known = (bytes: Uint8Array, options: Parameters<typeof recognise>[2] = { labels: two }) =>
  recognise(readNetwork(bytes, 'net.onnx'), 'net', options);

interface Box {
  readonly box: readonly number[];
  readonly score: number;
  readonly label: string;
}

const rounded = (found: Iterable<Box>) =>
  [...found]
    .map(({ box, score, label }) => ({
      box: box.map((side) => Math.round(side * 100) / 100),
      score: Math.round(score * 1e4) / 1e4,
      label,
    }))
    .sort((a, b) => b.score - a.score);

/** What is found with nothing but the network and its labels beside it; the frame is as large as the input. */
async function detected(name: string, bytes: Uint8Array, labels: readonly string[] = two.labels): Promise<Box[]> {
  await folder.write(`${name}.labels.txt`, `${labels.join('\n')}\n`);
  await using model = await loadModel(await folder.write(`${name}.onnx`, bytes), { engine: 'onnxruntime', threads: 1 });
  const planes = [{ data: new Uint8Array(32 * 32).fill(90), stride: 32 }];
  const about = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
  const frame = new Frame({ ...about, format: 'GRAY8', width: 32, height: 32, planes });
  const found = await model.detect(frame, { scoreThreshold: 0.5 });
  return rounded(found);
}

const clipped = (box: readonly number[]) => box.map((side) => Math.min(32, Math.max(0, side)));
const fromCentre = (x: number, y: number, w: number, h: number) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
const sparse = (length: number, at: Readonly<Record<number, number>>, rest = 0.01) =>
  Array.from({ length }, (_, i) => at[i] ?? rest);
/** Mean of a softmax over bins 0, 1, …: a distance in strides. */
const distance = (bins: readonly number[]) => {
  const shares = bins.map(Math.exp);
  return shares.reduce((sum, share, i) => sum + share * i, 0) / shares.reduce((sum, share) => sum + share, 0);
};

describe('a network without a card is recognised, and finds what its own reference finds', () => {
  it('RT-DETR, D-FINE, DEIM: boxes come back in the size that was asked for', async () => {
    const boxes = [0.1, 0.2, 0.5, 0.6, 0.4, 0.4, 0.9, 0.8];
    const bytes = networks.detrWithSizes([1, 0], boxes, [0.9, 0.7]);
    expect(known(bytes)).toMatchObject({
      family: expect.stringContaining('RT-DETR, D-FINE or DEIM'),
      open: [],
      card: { input: { resize: 'stretch', mean: [0, 0, 0], std: [255, 255, 255] } },
    });
    expect(await detected('dfine', bytes)).toEqual(
      rounded([
        { box: boxes.slice(0, 4).map((side) => side * 32), score: 0.9, label: 'dog' },
        { box: boxes.slice(4).map((side) => side * 32), score: 0.7, label: 'cat' },
      ]),
    );
  });

  it('RF-DETR: all classes of a box that pass, each by its sigmoid', async () => {
    const boxes = randomNumbers(5 * 4, 7, 0.3, 0.6);
    const logits = randomNumbers(5 * 3, 11, -3, 3);
    const bytes = networks.rfDetr(boxes, logits);
    const labels = ['cat', 'dog', 'none'];
    expect(known(bytes, given(3))).toMatchObject({
      family: 'RF-DETR',
      open: [],
      card: { input: { resize: 'stretch', mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] } },
    });
    const expected = logits.flatMap((value, i) => {
      const [x, y, w, h] = boxes.slice(Math.floor(i / 3) * 4).map((side) => side * 32) as [
        number,
        number,
        number,
        number,
      ];
      return sigmoid(value) < 0.5
        ? []
        : [{ box: clipped(fromCentre(x, y, w, h)), score: sigmoid(value), label: labels[i % 3]! }];
    });
    expect(expected.length).toBeGreaterThan(3);
    expect(await detected('rfdetr', bytes, labels)).toEqual(rounded(expected));
  });

  it('torchvision: a single picture, labels from 1', async () => {
    const boxes = [1, 2, 20, 30, 4, 4, 8, 8, 0, 0, 9, 9];
    const bytes = networks.torchvision(boxes, [0.9, 0.8, 0.6], [2, 1, 3]);
    expect(known(bytes)).toMatchObject({
      family: expect.stringContaining('torchvision'),
      open: [],
      card: { decoder: { first_class: 1 } },
    });
    // Class 3 has no label.
    expect(await detected('torchvision', bytes)).toEqual([
      { box: [1, 2, 20, 30], score: 0.9, label: 'dog' },
      { box: [4, 4, 8, 8], score: 0.8, label: 'cat' },
    ]);
  });

  it('TensorFlow’s detection zoo: y first, fractions, labels from 1, as many as counted', async () => {
    const boxes = [0.25, 0.125, 0.75, 0.5, 0, 0, 0.5, 0.25, 0, 0, 1, 1];
    const bytes = networks.tensorFlowZoo(boxes, [1, 2, 1], [0.9, 0.8, 0.7], 2);
    expect(known(bytes)).toMatchObject({
      family: expect.stringContaining('Object Detection API'),
      open: [],
      card: { input: { layout: 'NHWC', type: 'uint8' }, decoder: { outputs: { count: 'num_detections' } } },
    });
    expect(await detected('zoo', bytes)).toEqual([
      { box: [4, 8, 16, 24], score: 0.9, label: 'cat' },
      { box: [0, 0, 8, 16], score: 0.8, label: 'dog' },
    ]);
  });

  it('EfficientDet-Lite: the same from 0, at the top left', async () => {
    const boxes = [0.25, 0.125, 0.75, 0.5, 0, 0, 0.5, 0.25, 0, 0, 1, 1];
    const bytes = networks.efficientDetLite(boxes, [0, 1, 1], [0.9, 0.8, 0.7], 2);
    expect(known(bytes)).toMatchObject({
      family: expect.stringContaining('EfficientDet-Lite'),
      open: [],
      card: { input: { align: 'top-left' } },
    });
    expect(await detected('lite', bytes)).toEqual([
      { box: [4, 8, 16, 24], score: 0.9, label: 'cat' },
      { box: [0, 0, 8, 16], score: 0.8, label: 'dog' },
    ]);
  });

  it('EfficientDet: rows with the number of the picture', async () => {
    const bytes = networks.efficientDet([0, 8, 4, 24, 16, 0.9, 1, 0, 0, 0, 16, 8, 0.8, 2, 0, 0, 0, 0, 0, 0, 0]);
    expect(known(bytes)).toMatchObject({ family: expect.stringContaining('automl'), open: [] });
    expect(await detected('efficientdet', bytes)).toEqual([
      { box: [4, 8, 16, 24], score: 0.9, label: 'cat' },
      { box: [0, 0, 8, 16], score: 0.8, label: 'dog' },
    ]);
  });

  it('MediaPipe’s detectors: what they find is known, so labels need not be given', async () => {
    const boxes = new Array<number>(896 * 16).fill(0);
    // The first anchor of the cell in row 4 and column 4 of the stride 8: its centre is 36, 36.
    const at = (4 * 16 + 4) * 2;
    boxes.splice(at * 16, 6, 0, 0, 20, 10, 3, -2);
    const bytes = constantModel({ name: 'input', shape: [1, 128, 128, 3] }, [
      { name: 'regressors', shape: [1, 896, 16], data: boxes },
      { name: 'classificators', shape: [1, 896, 1], data: sparse(896, { [at]: 3 }, -9) },
    ]);
    const found = known(bytes, {});
    expect(found).toMatchObject({ family: expect.stringContaining('MediaPipe'), open: [], card: { labels: ['face'] } });
    validate(ModelCard, found.card, 'the card');
    await using model = await loadModel(await folder.write('mediapipe.onnx', bytes), { engine: 'onnxruntime' });
    const planes = [{ data: new Uint8Array(128 * 128).fill(90), stride: 128 }];
    const about = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
    const frame = new Frame({ ...about, format: 'GRAY8', width: 128, height: 128, planes });
    const [face, ...others] = await model.detect(frame);
    expect(others).toEqual([]);
    expect(rounded([face!])).toEqual([{ box: [26, 31, 46, 41], score: 0.9526, label: 'face' }]);
    expect(face!.keypoints![0]).toMatchObject({ name: 'right_eye', x: 39, y: 34 });
  });

  it.each([
    [256, 896, 16, [16, 32], 'face'],
    [192, 2304, 16, [4], 'face'],
    [224, 2254, 12, [8, 16, 32], 'person'],
  ])('MediaPipe’s detectors of %i pixels', (side, rows, numbers, strides, label) => {
    const made = (count: number) =>
      onnxModel({
        inputs: [{ name: 'images', shape: [1, side, side, 3] }],
        outputs: [
          { name: 'Identity', shape: [1, count, numbers] },
          { name: 'Identity_1', shape: [1, count, 1] },
        ],
      });
    const { card, open } = known(made(rows), {});
    expect(open).toEqual([]);
    expect(validate(ModelCard, card, 'the card')).toMatchObject({
      decoder: { strides, logits: true, outputs: { boxes: 'Identity', scores: 'Identity_1' } },
      labels: [label],
    });
    expect(known(made(rows - 1), {}).family).toBeUndefined();
  });

  it('PicoDet: eight outputs, half a cell, all classes', async () => {
    const cells = [16, 4, 1, 1];
    const scores = cells.map((count) => new Array<number>(2 * count).fill(0.01));
    // Cell 5 of stride 8, at row 1 and column 1, both classes; the only cell of stride 64.
    scores[0]!.splice(10, 2, 0.9, 0.6);
    scores[3]!.splice(0, 2, 0.1, 0.7);
    const distributions = cells.map((count, i) => randomNumbers(32 * count, 3 + i, -2, 2));
    const bytes = networks.picoDet(scores, distributions);
    expect(known(bytes)).toMatchObject({
      family: 'PicoDet',
      open: [],
      card: {
        decoder: { strides: [8, 16, 32, 64], bins: 8 },
        input: { mean: [123.675, 116.28, 103.53], resize: 'stretch' },
      },
    });
    const boxAt = (level: number, cell: number, x: number, y: number, stride: number) => {
      const sides = [0, 1, 2, 3].map(
        (side) => stride * distance(distributions[level]!.slice(cell * 32 + side * 8, cell * 32 + side * 8 + 8)),
      );
      return clipped([x - sides[0]!, y - sides[1]!, x + sides[2]!, y + sides[3]!]);
    };
    const near = boxAt(0, 5, 12, 12, 8);
    expect(await detected('picodet', bytes)).toEqual(
      rounded([
        { box: near, score: 0.9, label: 'cat' },
        { box: near, score: 0.6, label: 'dog' },
        { box: boxAt(3, 0, 32, 32, 64), score: 0.7, label: 'dog' },
      ]),
    );
  });

  it('NanoDet: classes first, then distributions', async () => {
    // Cell 6 of stride 8: row 1, column 2.
    const scores = sparse(42, { 13: 0.8 });
    const distributions = randomNumbers(21 * 32, 5, -2, 2);
    const bytes = networks.nanoDet(scores, distributions);
    expect(known(bytes)).toMatchObject({
      family: 'NanoDet',
      open: [],
      card: { decoder: { bins: 8, strides: [8, 16, 32] }, input: { channels: 'BGR', mean: [103.53, 116.28, 123.675] } },
    });
    const sides = [0, 1, 2, 3].map(
      (side) => 8 * distance(distributions.slice(6 * 32 + side * 8, 6 * 32 + side * 8 + 8)),
    );
    const box = clipped([20 - sides[0]!, 12 - sides[1]!, 20 + sides[2]!, 12 + sides[3]!]);
    expect(await detected('nanodet', bytes)).toEqual(rounded([{ box, score: 0.8, label: 'dog' }]));
  });

  it('YOLOX: raw, and decoded inside', async () => {
    const boxes = randomNumbers(84, 9, 0.2, 0.9);
    const objectness = sparse(21, { 9: 0.9 });
    const scores = sparse(42, { 19: 0.8 });
    const raw = networks.yolox(boxes, objectness, scores);
    expect(known(raw)).toMatchObject({
      family: 'YOLOX',
      open: [],
      card: { decoder: { decoded: false }, input: { channels: 'BGR', align: 'top-left' } },
    });
    expect(known(raw).card.input).not.toHaveProperty('std');
    // Cell 9 of stride 8: row 2, column 1.
    const [x, y, w, h] = boxes.slice(36, 40) as [number, number, number, number];
    const box = clipped(fromCentre((x + 1) * 8, (y + 2) * 8, Math.exp(w) * 8, Math.exp(h) * 8));
    expect(await detected('yolox', raw)).toEqual(rounded([{ box, score: 0.72, label: 'dog' }]));
    const pixels = boxes.map((side) => 16 + side);
    const decoded = networks.yolox(pixels, objectness, scores, true);
    expect(known(decoded).card).toMatchObject({ decoder: { decoded: true } });
    const [x2, y2, w2, h2] = pixels.slice(36, 40) as [number, number, number, number];
    expect(await detected('yolox-decoded', decoded)).toEqual(
      rounded([{ box: clipped(fromCentre(x2, y2, w2, h2)), score: 0.72, label: 'dog' }]),
    );
  });

  it('YOLOv8 and YOLOv5 without their metadata', async () => {
    const boxes = sparse(84, { 4: 16, 25: 12, 46: 8, 67: 6 }, 1);
    const columns = networks.yolov8(boxes, sparse(42, { 25: 0.8 }));
    expect(known(columns)).toMatchObject({
      family: expect.stringContaining('YOLOv8'),
      open: [],
      card: { decoder: { type: 'yolov8' } },
    });
    expect(await detected('v8', columns)).toEqual([{ box: [12, 9, 20, 15], score: 0.8, label: 'dog' }]);
    const rows = new Array<number>(63 * 7).fill(0);
    rows.splice(7 * 7, 7, 16, 12, 8, 6, 0.9, 0.1, 0.8);
    const three = networks.yolov5(rows);
    expect(known(three)).toMatchObject({
      family: expect.stringContaining('YOLOv5'),
      open: [],
      card: { decoder: { type: 'yolov5' } },
    });
    expect(await detected('v5', three)).toEqual([{ box: [12, 9, 20, 15], score: 0.72, label: 'dog' }]);
  });
});

describe('what metadata tells of a network that is recognised', () => {
  const libreYolo = { libreyolo_version: '1.6.0', task: 'detect', names: '{"0": "cat", "1": "dog"}', imgsz: '32' };

  it('LibreYOLO: the labels, whose keys are those of Ultralytics, and each family as it is fed', async () => {
    const boxes = randomNumbers(84, 9, 0.2, 0.9);
    const bytes = networks.yolox(boxes, sparse(21, { 9: 0.9 }), sparse(42, { 19: 0.8 }));
    const told = networks.withMetadata(bytes, { ...libreYolo, model_family: 'yolox' });
    expect(known(told, {})).toEqual({
      ...known(bytes),
      reasons: [...known(bytes).reasons, 'its 2 labels are in its metadata (names)'],
    });
    const card = known(told, {}).card;
    expect(card).toMatchObject({ decoder: { type: 'yolox' }, input: { channels: 'BGR' }, labels: ['cat', 'dog'] });
    const { description } = await readModel(await folder.write('libre.onnx', told));
    expect(description).toMatchObject({ decoder: { type: 'yolox' }, labels: ['cat', 'dog'] });
  });

  it('LibreYOLO: edges on the right and below', () => {
    const columns = networks.yolov8(sparse(84, { 25: 12 }, 1), sparse(42, { 25: 0.8 }));
    const told = networks.withMetadata(columns, { ...libreYolo, letterbox_pad: 'topleft' });
    expect(known(columns).card.input).not.toHaveProperty('align');
    expect(known(told, {})).toMatchObject({ open: [], card: { input: { align: 'top-left' }, labels: ['cat', 'dog'] } });
    expect(known(told, {}).assumed).toEqual(['RGB, pixels divided by 255, as Ultralytics has it']);
  });

  it.each([
    ['character', 'cat\ndog'],
    ['classes', '["cat", "dog"]'],
  ])('PicoDet: labels by the key %s', (key, value) => {
    const bytes = networks.picoDet(
      [16, 4, 1, 1].map((cells) => sparse(cells * 2, {})),
      [16, 4, 1, 1].map((cells) => sparse(cells * 32, {}, 0)),
    );
    expect(known(bytes, {}).open).toHaveLength(1);
    expect(known(networks.withMetadata(bytes, { [key]: value }), {})).toMatchObject({
      open: [],
      card: { labels: ['cat', 'dog'] },
    });
    expect(
      known(networks.withMetadata(bytes, { [key]: value }), { labels: { path: 'l', labels: ['a', 'b'] } }),
    ).toMatchObject({
      card: { labels: ['a', 'b'] },
    });
  });

  it.each([
    ['{"0": "cat", "2": "dog"}', 'none are in the file'],
    ['not a list', 'none are in the file'],
    ['{"0": "cat"}', '2 of them, and 1 is in its metadata (names)'],
  ])('labels that are not as many as the classes are asked for: %s', (names, said) => {
    const bytes = networks.withMetadata(networks.yolov5(new Array(63 * 7).fill(0)), { ...libreYolo, names });
    expect(known(bytes, {}).open.map(({ what }) => what)).toEqual([expect.stringContaining(said)]);
  });

  it('labels are asked for where it is not known how many there are', () => {
    const bytes = networks.withMetadata(networks.torchvision([1, 2, 20, 30], [0.9], [2]), libreYolo);
    expect(known(bytes, {}).open.map(({ what }) => what)).toEqual([
      'the labels: 2 are in its metadata (names); how many classes there are cannot be told',
    ]);
  });
});

describe('what a file does not tell is asked', () => {
  const asked = (bytes: Uint8Array, options?: Parameters<typeof recognise>[2]) =>
    known(bytes, options).open.map(({ what }) => what);

  it('the labels', () => {
    const bytes = networks.yolov5(new Array(63 * 7).fill(0));
    expect(known(bytes, {}).open).toEqual([
      { what: 'the labels: 2 of them, none are in the file', settle: expect.stringContaining('--labels FILE') },
    ]);
  });

  it.each([1, 3, 80])('and %i labels are refused where there are two classes', (count) => {
    for (const bytes of [
      networks.yolov5(new Array(63 * 7).fill(0)),
      networks.yolov8(new Array(84).fill(1), new Array(42).fill(0.5)),
      networks.yolox(new Array(84).fill(1), new Array(21).fill(0.5), new Array(42).fill(0.5)),
    ]) {
      expect(() => known(bytes, given(count))).toThrow(InputError);
      expect(() => known(bytes, given(count))).toThrow(
        /the labels names\.txt: expected 2, since .* got \d+; name each class/,
      );
    }
  });

  it('the size of an open input', () => {
    const input = { name: 'images', shape: [1, 3, 'height', 'width'] };
    const bytes = networks.giving(
      [input],
      [{ name: 'out', shape: [1, 63, 7], declared: [1, 'rows', 7], data: new Array(441).fill(0) }],
    );
    expect(asked(bytes)).toContainEqual(
      expect.stringContaining('the size of the picture: the input is images [1, 3, height, width]'),
    );
    const fixed = networks.giving([input], [{ name: 'out', shape: [1, 63, 7], data: new Array(441).fill(0) }]);
    expect(known(fixed, { labels: two, size: { width: 32, height: 32 } })).toMatchObject({
      open: [],
      card: { input: { width: 32, height: 32 }, decoder: { type: 'yolov5' } },
    });
  });

  it('which of four layouts rows of six numbers are', () => {
    const bytes = networks.giving(
      [{ name: 'images', shape: [1, 3, 32, 32] }],
      [{ name: 'out', shape: [1, 300, 6], data: new Array(1800).fill(0) }],
    );
    expect(asked(bytes)).toEqual([
      expect.stringContaining(
        'out float32 [1, 300, 6] is read: rows of x1, y1, x2, y2, score, class; of centre and size',
      ),
    ]);
  });

  it('where NanoDet-Plus has its centres', () => {
    const bytes = networks.nanoDet(new Array(44).fill(0.5), new Array(22 * 32).fill(0), 22);
    expect(asked(bytes)).toEqual([expect.stringContaining('where in a cell a box’s centre is')]);
  });

  it('which logit of RF-DETR has no label', () => {
    const bytes = networks.rfDetr(new Array(8).fill(0.5), new Array(6).fill(0));
    expect(asked(bytes)).toEqual([expect.stringContaining('which of its 3 logits has no label')]);
    expect(() => known(bytes, given(7))).toThrow('expected 3');
  });

  it('whether the boxes of transformers’ exports have a sigmoid or a softmax', () => {
    const bytes = networks.giving(
      [{ name: 'pixel_values', shape: [1, 3, 32, 32] }],
      [
        { name: 'logits', shape: [1, 3, 2], data: new Array(6).fill(0) },
        { name: 'pred_boxes', shape: [1, 3, 4], data: new Array(12).fill(0.5) },
      ],
    );
    expect(asked(bytes)).toEqual([
      expect.stringContaining('sigmoid of the logits'),
      expect.stringContaining('mean and deviation'),
    ]);
  });

  it('nothing of an input of one channel: grey', () => {
    const rows = [{ name: 'out', shape: [1, 63, 7], data: new Array(441).fill(0) }];
    for (const [layout, shape] of [
      [undefined, [1, 1, 32, 32]],
      ['NHWC', [1, 32, 32, 1]],
    ] as const) {
      const { open, card } = known(networks.giving([{ name: 'images', shape: [...shape] }], rows));
      expect(open).toEqual([]);
      expect(card).toMatchObject({ input: { width: 32, height: 32, channels: 'GRAY', ...(layout && { layout }) } });
    }
  });

  it('how a network is fed that takes no picture of three colours or grey', () => {
    const rows = [{ name: 'out', shape: [1, 63, 7], data: new Array(441).fill(0) }];
    for (const input of [
      { name: 'two', shape: [1, 2, 32, 32] },
      { name: 'wide', shape: [1, 3, 32, 9000] },
      { name: 'list', shape: [1, 3072] },
      { name: 'ids', type: 'int16' as const, shape: [1, 3, 32, 32] },
    ]) {
      const options = { labels: two, size: { width: 32, height: 32 } };
      expect(asked(networks.giving([input], rows), options)).toContainEqual(
        expect.stringContaining(
          `its input ${input.name} ${input.type ? 'unknown' : 'float32'} [${input.shape.join(', ')}] is no picture`,
        ),
      );
    }
  });

  it.each([
    ['int8', 128, 'pixels less 128'],
    ['int32', 0, 'pixels'],
    ['int64', 0, 'pixels'],
  ] as const)('nothing of an input of %s, which takes the pixels themselves', (type, mean, told) => {
    const rows = [{ name: 'out', shape: [1, 63, 7], data: new Array(441).fill(0) }];
    const { card, open, assumed } = known(networks.giving([{ name: 'x', type, shape: [1, 3, 32, 32] }], rows));
    expect(card.input).toMatchObject({ type: 'float32', mean: [mean, mean, mean], std: [1, 1, 1] });
    expect(assumed).toContain(`its input x takes ${type}: ${told} as they are`);
    expect(open.filter(({ what }) => what.includes('no picture'))).toEqual([]);
  });

  it('how a classifier’s pixels are normalised', () => {
    const bytes = networks.giving([{ name: 'x', shape: [1, 3, 32, 32] }], [{ name: 'y', shape: [1, 2], data: [0, 1] }]);
    expect(known(bytes)).toMatchObject({
      open: [{ what: expect.stringContaining('how its pixels are normalised') }],
      card: { task: 'classify', outputs: { logits: 'y' } },
    });
  });

  it('what cannot be read at all, with what to do', () => {
    const picture = { name: 'image', shape: [1, 3, 32, 32] };
    const paddle = networks.giving(
      [picture, { name: 'scale_factor', shape: [1, 2] }],
      [{ name: 'rows', shape: [9, 6], data: new Array(54).fill(0) }],
    );
    expect(asked(paddle)[0]).toContain('its input scale_factor is that of PaddleDetection’s post-processing');
    const deploy = networks.giving(
      [picture],
      [
        { name: 'dets', shape: [1, 9, 5], data: new Array(45).fill(0) },
        { name: 'labels', type: 'int64', shape: [1, 9], data: new Array(9).fill(0) },
      ],
    );
    expect(asked(deploy)[0]).toContain('MMDeploy');
    // The order of joined parts is YOLOX's, but there is none: the head is not what the shape looks like.
    const plain = networks.giving([picture], [{ name: 'out', shape: [1, 21, 7], data: new Array(147).fill(0) }]);
    expect(asked(plain)).toEqual([
      expect.stringContaining('how its outputs are read: they are out float32 [1, 21, 7]'),
    ]);
    expect(asked(onnxModel({ inputs: [], outputs: [] }))[0]).toContain('they are missing');
  });
});

describe('a network of any names, types and shapes', () => {
  const names = [
    'images',
    'orig_target_sizes',
    'scale_factor',
    'boxes',
    'labels',
    'scores',
    'dets',
    'logits',
    'pred_boxes',
    'detections',
    '',
  ];
  const all = [
    ...names,
    ...['boxes', 'classes', 'scores'].map((name) => `detection_${name}`),
    ...[0, 1, 2, 3].map((at) => `StatefulPartitionedCall:${at}`),
  ];
  const tensor = fc.record({
    name: fc.constantFrom(...all),
    type: fc.constantFrom('float32', 'uint8', 'int64', 'float16', 'unknown'),
    shape: fc.array(
      fc.oneof(fc.constantFrom(1, 3, 4, 5, 6, 7, 21, 32, 63, 84), fc.integer(), fc.constantFrom('N', '')),
      { maxLength: 5 },
    ),
  });
  const network = fc.record({
    inputs: fc.array(tensor, { maxLength: 3 }),
    outputs: fc.array(tensor, { maxLength: 9 }),
    heads: fc.array(fc.constantFrom('nss', 'ns', 's?', 'sn', '?m'), { maxLength: 2 }),
  });
  const { graph, inside } = readNetwork(onnxModel({ inputs: [], outputs: [] }), 'empty');

  it('gives a card that its schema takes, or says what is open, or whose labels are wrong', () => {
    fc.assert(
      fc.property(network, fc.boolean(), (facts, isSized) => {
        const options = { labels: two, ...(isSized && { size: { width: 32, height: 32 } }) };
        try {
          const { open, card } = recognise({ ...facts, graph, inside }, 'net', options);
          if (open.length === 0) validate(ModelCard, card, 'the card');
          for (const { what, settle } of open) expect([what, settle]).not.toContain('');
        } catch (error) {
          if (!(error instanceof InputError) || !error.message.startsWith('the labels names.txt: expected'))
            throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
