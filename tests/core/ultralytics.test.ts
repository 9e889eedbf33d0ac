import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../sdk/core/engines/engine.ts';
import { readUltralytics, type UltralyticsInfo } from '../../sdk/core/ultralytics.ts';
import { ultralyticsCard } from '../../sdk/core/ultralytics-card.ts';
import { InputError } from '../../sdk/errors.ts';

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
      labels: ['person', "cat's toy", 'traffic light'],
      size: { width: 640, height: 480 },
    });
  });

  it.each([
    ['640', 640, 640],
    ['[640]', 640, 640],
    ['[320, 640]', 640, 320],
    ['(320, 640)', undefined, undefined],
  ])('reads a size of %s', (imgsz, width, height) => {
    if (width === undefined) expect(() => read({ imgsz })).toThrow("best.onnx: expected the metadata's imgsz to be");
    else expect(read({ imgsz })!.size).toEqual({ width, height });
  });

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
    [{ task: 'segment' }, 'expected a model of the task detect, its metadata says segment'],
    [{ imgsz: '[640, wide]' }, 'expected the metadata\'s imgsz to be [height, width], got [640,"wide"]'],
    [{ names: '{0: ' }, "the metadata's names cannot be read: {0: "],
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

  it.each([
    { name: 'after its own suppression', shape: [1, 300, 6] },
    { name: 'of other labels', shape: [1, 84, 8400] },
    { name: 'of two dimensions', shape: [7, 6300] },
  ])('says what it expected of an output $name', ({ shape }) => {
    expect(() => cardOf(read()!, [images], output(...shape))).toThrow(
      `expected a first output of [1, 7, N] (YOLOv8) or [1, N, 8] (YOLOv5) for 3 labels, got [${shape.join(', ')}]; write a card`,
    );
  });
});
