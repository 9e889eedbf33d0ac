import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { readUltralytics, type UltralyticsInfo } from '../../../sdk/core/cards/ultralytics.ts';
import { ultralyticsCard, ultralyticsClassifierCard } from '../../../sdk/core/cards/ultralytics-card.ts';
import type { TensorInfo } from '../../../sdk/core/engines/engine.ts';

const metadata = {
  description: 'Ultralytics YOLOv8n model',
  task: 'detect',
  stride: '32',
  imgsz: '[480, 640]',
  names: "{0: 'person', 1: \"cat's toy\", 2: 'traffic light'}",
};
const read = (change: Record<string, string | undefined> = {}, name = 'best') =>
  readUltralytics(
    new Map(Object.entries({ ...metadata, ...change }).filter((entry): entry is [string, string] => !!entry[1])),
    name,
    'best.onnx',
  );
const images = { name: 'images', type: 'float32', shape: [1, 3, 480, 640] };
const output = (...shape: (number | string)[]) => [{ name: 'output0', type: 'float32', shape }];

const cardOf = (info: UltralyticsInfo, inputs: TensorInfo[], outputs: TensorInfo[]) =>
  ultralyticsCard(info, { inputs, outputs });

describe('readUltralytics', () => {
  it('reads labels and size', () => {
    expect(read()).toEqual({
      ultralytics: true,
      name: 'best',
      task: 'detect',
      labels: ['person', "cat's toy", 'traffic light'],
      size: { width: 640, height: 480 },
      suppressed: false,
      head: undefined,
      description: 'ultralytics yolov8n model',
      keypoints: undefined,
    });
  });

  it.each([
    ["{0: 'caf\\xe9\\xa0bar', 1: 'a\\\\b\\t\"q\\''}", ['café\u00a0bar', 'a\\b\t"q\'']],
    ["{0: 0, 1: 7, 2: 'x'}", ['0', '7', 'x']],
    ['{0: True, 1: False}', ['True', 'False']],
    ["{1: 'b', 0: 'a'}", ['a', 'b']],
    ["{'0': 'a', '1': 'b'}", ['a', 'b']],
    ["['a', \"b's\"]", ['a', "b's"]],
    ["{0: 'no', 1: 'yes: really', 2: '# 3', 3: 'null'}", ['no', 'yes: really', '# 3', 'null']],
  ])('reads the labels %s', (names, labels) => expect(read({ names })!.labels).toEqual(labels));

  it('knows what is suppressed already, and the numbers behind a box', () => {
    expect(read({ end2end: 'True' })!.suppressed).toBe(true);
    expect(read({ args: "{'batch': 1, 'nms': True}" })!.suppressed).toBe(true);
    expect(read({ end2end: 'False', args: "{'batch': 1, 'nms': False}" })!.suppressed).toBe(false);
    expect(read({ args: "{'nms': None}" })!.suppressed).toBe(false);
    expect(read({ task: 'pose', kpt_shape: '[17, 3]' })!.keypoints).toMatchObject({ width: 3 });
  });

  it.each([
    ['640', 640, 640],
    ['[640]', 640, 640],
    ['[320, 640]', 640, 320],
    ['(320, 640)', 640, 320],
  ])('reads a size of %s', (imgsz, width, height) => expect(read({ imgsz })!.size).toEqual({ width, height }));

  it('is not about other metadata', () => {
    expect(read({ names: undefined })).toBeUndefined();
    expect(read({ imgsz: undefined, stride: undefined })).toBeUndefined();
  });

  it.each([
    ['Best Model (v2)', 'best-model-v2-'],
    ['_x', 'x'],
    ['日本', 'model'],
  ])('makes a name of %s', (file, name) => {
    expect(read({}, file)!.name).toBe(name);
  });

  it.each([
    [
      { task: 'obb' },
      'expected a model of the task detect, segment, pose, classify, its metadata says obb, whose boxes are rotated',
    ],
    [{ task: 'depth' }, 'expected a model of the task detect, segment, pose, classify, its metadata says depth'],
    [{ imgsz: "[640, 'wide']" }, 'expected the metadata\'s imgsz to be [height, width], got [640,"wide"]'],
    [{ imgsz: '[1, 640, 640]' }, "expected the metadata's imgsz to be [height, width], got [1,640,640]"],
    [
      { names: '{0: ' },
      "the metadata's names cannot be read as Python writes it: expected a value at character 5, got the end: {0: ",
    ],
    [{ names: '{}' }, 'expected names in the metadata, got none'],
    [{ names: '7' }, 'expected names in the metadata, got none'],
    [{ names: "{1: 'a'}" }, "expected the metadata's names to be {0: 'first', 1: 'second', …}"],
    [{ names: "{0: ''}" }, "expected the metadata's names to be {0: 'first', 1: 'second', …}"],
  ])('refuses %o', (change, message) => {
    expect(() => read(change)).toThrow(InputError);
    expect(() => read(change)).toThrow(`best.onnx: ${message}`);
  });
});

describe('ultralyticsCard', () => {
  it('knows YOLOv8’s outputs from YOLOv5’s by their shape', () => {
    const card = cardOf(read()!, [images], output(1, 7, 6300));
    expect(card).toMatchObject({
      name: 'best',
      input: { name: 'images', width: 640, height: 480, channels: 'RGB', std: [255, 255, 255], resize: 'letterbox' },
      decoder: { type: 'yolov8', output: 'output0' },
      labels: ['person', "cat's toy", 'traffic light'],
    });
    expect(cardOf(read()!, [images], output(1, 18900, 8)).decoder.type).toBe('yolov5');
    expect(cardOf(read()!, [images], output('batch', 7, 'anchors')).decoder.type).toBe('yolov8');
  });

  it('takes the size from the input where the metadata has none, as in YOLOv5’s exports', () => {
    const info = read({ imgsz: undefined, task: undefined })!;
    const card = cardOf(info, [images], output(1, 18900, 8));
    expect(card.input).toMatchObject({ width: 640, height: 480 });
    const open = { ...images, shape: ['batch', 3, 'height', 'width'] };
    expect(() => cardOf(info, [open], output(1, 18900, 8))).toThrow(
      'expected imgsz in the metadata or a fixed input [1, 3, height, width], got [batch, 3, height, width]',
    );
  });

  const one = "{0: 'cat'}";
  const two = "{0: 'cat', 1: 'dog'}";
  const masks = { name: 'output1', type: 'float32', shape: [1, 32, 120, 160] };
  const coefficients = { extra: 32, prototypes: 'output1' };
  const detr = { type: 'suppressed', boxes: 'cxcywh', normalised: true };

  // What the exporters wrote of each network, of 640 x 480: keys of the metadata, and the shape of the first output.
  it.each<[string, Record<string, string | undefined>, (number | string)[], Record<string, unknown>]>([
    ['YOLOv8 of one class', { names: one }, [1, 5, 6300], { type: 'yolov8' }],
    ['YOLOv8 of two classes', { names: two }, [1, 6, 6300], { type: 'yolov8' }],
    ['YOLOv8, all open', {}, ['batch', 'Concatoutput0_dim_1', 'anchors'], { type: 'yolov8' }],
    ['YOLOv5 of one class', { names: one, task: undefined, imgsz: undefined }, [1, 18900, 6], { type: 'yolov5' }],
    ['YOLOv5 of one class, 4 strides', { names: one, task: undefined }, [1, 3 * 6380, 6], { type: 'yolov5' }],
    ['YOLOv5 of one class, open', { names: one, task: undefined }, ['batch', 'anchors', 6], { type: 'yolov5' }],
    [
      'nms=True, one class',
      { names: one, end2end: 'False', args: "{'nms': True}" },
      [1, 300, 6],
      { type: 'suppressed' },
    ],
    ['nms=True, two classes', { names: two, args: "{'nms': True}" }, [1, 300, 6], { type: 'suppressed' }],
    ['nms=True, open', { args: "{'nms': True}" }, ['batch', 'Slice_dim_1', 'Slice_dim_2'], { type: 'suppressed' }],
    ['nms=True that the exporter did not heed', { args: "{'nms': True}" }, [1, 7, 6300], { type: 'yolov8' }],
    ['YOLO26 of one class', { names: one, end2end: 'True' }, [1, 300, 6], { type: 'suppressed' }],
    ['YOLO26 of three', { end2end: 'True' }, [1, 300, 6], { type: 'suppressed' }],
    [
      'YOLOv10 before 8.4',
      { names: one, description: 'Ultralytics YOLOv10n model' },
      [1, 300, 6],
      { type: 'suppressed' },
    ],
    ['RT-DETR of one class', { names: one, head: 'RTDETRDecoder' }, [1, 300, 6], detr],
    ['RT-DETR of two', { names: two, head: 'RTDETRDecoder', end2end: 'False' }, [1, 300, 6], detr],
    ['RT-DETR of three', { head: 'RTDETRDecoder' }, [1, 300, 6], detr],
    ['RT-DETR of 8.4.50', { description: 'Ultralytics rtdetr-l model' }, [1, 300, 6], detr],
    ['RT-DETR before 8.4.50', { description: 'Ultralytics rtdetr-l model' }, [1, 300, 7], { type: 'rtdetr' }],
    ['RT-DETR of one class before 8.4.50', { names: one, description: 'rtdetr-x' }, [1, 300, 5], { type: 'rtdetr' }],
    ['YOLO11-seg', { task: 'segment' }, [1, 39, 6300], { type: 'yolov8', ...coefficients }],
    ['YOLO26-seg', { task: 'segment', end2end: 'True' }, [1, 300, 38], { type: 'suppressed', ...coefficients }],
    ['YOLOv8-pose', { names: one, task: 'pose', kpt_shape: '[17, 3]' }, [1, 56, 6300], { type: 'yolov8', extra: 51 }],
    [
      'YOLO26-pose',
      { names: one, task: 'pose', kpt_shape: '[17, 3]', end2end: 'True' },
      [1, 300, 57],
      { type: 'suppressed', extra: 51 },
    ],
  ])('reads %s', (_, keys, shape, decoder) => {
    const outputs = [...output(...shape), ...(keys.task === 'segment' ? [masks] : [])];
    const { decoder: found, input } = cardOf(read(keys)!, [images], outputs);
    expect(found).toEqual({ ...decoder, output: 'output0' });
    const isDetr = decoder === detr || decoder.type === 'rtdetr';
    expect(input.resize).toBe(isDetr ? 'stretch' : 'letterbox');
  });

  it('reads YOLOv5-seg, whose task its metadata does not say', () => {
    const outputs = [...output(1, 18900, 40), masks];
    expect(cardOf(read({ task: undefined })!, [images], outputs).decoder).toMatchObject({
      type: 'yolov5',
      ...coefficients,
    });
  });

  it('names the points of a body, and joins them; others get the names of the file, or numbers', () => {
    const card = (keys: Record<string, string>, rows: number) =>
      cardOf(read({ names: "{0: 'person'}", task: 'pose', ...keys })!, [images], output(1, rows, 6300)).keypoints!;
    const body = card({ kpt_shape: '[17, 3]' }, 56);
    expect(body.names).toHaveLength(17);
    expect(body.names[0]).toBe('nose');
    expect(body.edges).toHaveLength(19);
    expect(body.edges).toContainEqual([15, 13].reverse());
    expect(card({ kpt_shape: '[2, 2]' }, 9)).toEqual({ names: ['point_1', 'point_2'], edges: [] });
    const told = card({ kpt_shape: '[2, 3]', kpt_names: "{0: ['head', 'tail']}" }, 11);
    expect(told).toEqual({ names: ['head', 'tail'], edges: [] });
  });

  it.each<[string, Record<string, string>, (number | string)[]]>([
    ['rows after suppression that nothing says so of', {}, [1, 300, 6]],
    ['one class, six numbers a row, and not YOLOv5’s number of rows', { names: one }, [1, 300, 6]],
    ['two classes, six numbers a row', { names: two }, [1, 300, 6]],
    ['RT-DETR of two classes of no known age', { names: two, description: 'rtdetr-l' }, [1, 300, 6]],
    ['other labels', {}, [1, 84, 8400]],
    ['two dimensions', {}, [7, 6300]],
  ])('refuses %s, and says what to write', (_, keys, shape) => {
    const refuse = () => cardOf(read(keys)!, [images], output(...shape));
    expect(refuse).toThrow(InputError);
    expect(refuse).toThrow(
      `got [${shape.join(', ')}]; write a card that tells how to read it: "decoder": {"type": "suppressed"}`,
    );
  });

  it('refuses a classifier, and says who takes it', () => {
    expect(() => cardOf(read({ task: 'classify' })!, [images], output(1, 3))).toThrow(
      'expected a model of the task detect, its metadata says classify: `ocellus classify` and loadClassifier() accept it',
    );
  });
});

describe('ultralyticsClassifierCard', () => {
  it('reads a classifier, which has no embedding', () => {
    const info = read({ task: 'classify', imgsz: '[224, 224]' })!;
    expect(ultralyticsClassifierCard(info, { inputs: [images], outputs: output(1, 3) })).toMatchObject({
      task: 'classify',
      input: { width: 224, height: 224, channels: 'RGB', mean: [0, 0, 0], std: [255, 255, 255], resize: 'crop' },
      outputs: { logits: 'output0' },
      labels: ['person', "cat's toy", 'traffic light'],
    });
    // It resizes to a size that is not square, whatever the proportions.
    const wide = { inputs: [images], outputs: output(1, 3) };
    expect(ultralyticsClassifierCard(read({ task: 'classify' })!, wide).input.resize).toBe('stretch');
  });

  it('refuses a detector, and says who takes it', () => {
    expect(() => ultralyticsClassifierCard(read()!, { inputs: [images], outputs: output(1, 7, 6300) })).toThrow(
      'expected a model of the task classify, its metadata is that of a detector: `ocellus detect` and loadModel() accept it',
    );
  });
});
