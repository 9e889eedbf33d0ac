import { pictureInput } from '../engines/binding.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { readOnnxTensors } from '../engines/onnx-tensors.ts';

/** A starting point for a model without a card: filled in from its inputs and outputs, the rest is guessed. */
export function exampleCard(file: string, model: Uint8Array): string {
  const name =
    file
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '') || 'my-model';
  const { inputs, outputs } = tensorsOf(model);
  // RT-DETR and its relatives, which also take the size, are trained on pictures that fill the input.
  const input = { ...inputOf(pictureInput(inputs)), ...(inputs.length > 1 && { resize: 'stretch' }) };
  const labels = ['cat', 'dog'];
  const card =
    outputs.length === 1 && outputs[0]!.shape.length === 2
      ? { name, task: 'classify', input, outputs: { logits: outputs[0]!.name }, labels }
      : { name, task: 'detect', input, decoder: decoderOf(outputs), labels };
  return JSON.stringify(card, null, 2);
}

function tensorsOf(model: Uint8Array): { inputs: TensorInfo[]; outputs: TensorInfo[] } {
  try {
    return readOnnxTensors(model);
  } catch {
    return { inputs: [], outputs: [] };
  }
}

function inputOf(input: TensorInfo | undefined) {
  const shape = input?.shape ?? [];
  const layout = shape[3] === 3 ? 'NHWC' : 'NCHW';
  const [height, width] = layout === 'NHWC' ? [shape[1], shape[2]] : [shape[2], shape[3]];
  const side = (value: number | string | undefined) => (typeof value === 'number' && value > 0 ? value : 640);
  const type = input?.type === 'uint8' ? 'uint8' : 'float32';
  return {
    width: side(width),
    height: side(height),
    ...(layout === 'NHWC' && { layout }),
    type,
    channels: 'RGB',
    ...(type === 'float32' && { mean: [0, 0, 0], std: [255, 255, 255] }),
  };
}

function decoderOf(outputs: readonly TensorInfo[]) {
  const named = (part: RegExp) => outputs.find(({ name }) => part.test(name))?.name;
  const [boxes, classes, scores] = [named(/box/i), named(/label|class/i), named(/score/i)];
  // RT-DETR, D-FINE, torchvision.
  if (boxes && classes && scores) {
    return { type: 'ssd', outputs: { boxes, classes, scores }, box_order: 'xyxy', normalised: false };
  }
  const [, rows, columns] = outputs[0]?.shape ?? [];
  const output = outputs.length > 1 ? { output: outputs[0]!.name } : {};
  if (columns === 6) return { type: 'suppressed', ...output };
  const isRows = typeof rows === 'number' && typeof columns === 'number' && columns > 6 && rows > columns;
  return { type: isRows ? 'yolov5' : 'yolov8', ...output };
}
