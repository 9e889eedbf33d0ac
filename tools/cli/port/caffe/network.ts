import { InputError } from '../../../../sdk/base/errors.ts';
import { readTextFormat, type TextMessage } from './text-format.ts';
import type { Blob } from './weights.ts';

/** A layer as it is run: which tensors it reads and writes, and what it is set to. */
export interface CaffeLayer {
  readonly name: string;
  /** As Caffe calls it now: `Convolution`. */
  readonly type: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** The layer's message, with `convolution_param` and the like. */
  readonly settings: TextMessage;
  readonly blobs: readonly Blob[];
}

export interface CaffeTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A Caffe network in the order in which it is run. Each tensor is written once. */
export interface CaffeNetwork {
  readonly name: string;
  readonly inputs: readonly CaffeTensor[];
  readonly layers: readonly CaffeLayer[];
  /** Those that no layer reads. */
  readonly outputs: readonly string[];
}

/** Names of types in files of before 2014, by what they are called now. */
const oldTypes: Readonly<Record<string, string>> = {
  ABSVAL: 'AbsVal',
  BNLL: 'BNLL',
  CONCAT: 'Concat',
  CONVOLUTION: 'Convolution',
  DECONVOLUTION: 'Deconvolution',
  DROPOUT: 'Dropout',
  ELTWISE: 'Eltwise',
  EXP: 'Exp',
  FLATTEN: 'Flatten',
  INNER_PRODUCT: 'InnerProduct',
  LRN: 'LRN',
  POOLING: 'Pooling',
  POWER: 'Power',
  RELU: 'ReLU',
  SIGMOID: 'Sigmoid',
  SLICE: 'Slice',
  SOFTMAX: 'Softmax',
  SOFTMAX_LOSS: 'SoftmaxWithLoss',
  ACCURACY: 'Accuracy',
  DATA: 'Data',
  IMAGE_DATA: 'ImageData',
  HDF5_DATA: 'HDF5Data',
  SPLIT: 'Split',
  TANH: 'TanH',
};

/** What only training or its data has. */
const trainingTypes = new Set([
  'SoftmaxWithLoss',
  'Accuracy',
  'EuclideanLoss',
  'SigmoidCrossEntropyLoss',
  'MultiBoxLoss',
  'Silence',
]);
const dataTypes = new Set(['Data', 'ImageData', 'HDF5Data', 'AnnotatedData', 'MemoryData', 'WindowData', 'DummyData']);

/** More would be no network that somebody trained, and a shape of hostile numbers is refused before it is multiplied. */
const mostNumbers = 2 ** 31;

/**
 * Reads a network's description, as it is deployed.
 *
 * @param weights By the layer's name (`readWeights`).
 * @param what The description's name, for messages.
 * @throws InputError when it is no description of a network, has no input, or reads what nothing writes.
 */
export function readCaffe(text: string, weights: ReadonlyMap<string, readonly Blob[]>, what: string): CaffeNetwork {
  const file = readTextFormat(text, what);
  const all = [...file.messages('layers'), ...file.messages('layer')].filter(isDeployed);
  if (all.length === 0) {
    throw new InputError(`${what}: expected the description of a Caffe network (layer { … }), got none`);
  }
  const inputs: CaffeTensor[] = inputsOf(file, what);
  const layers: Omit<CaffeLayer, 'writes'>[] = [];
  const tops: (readonly string[])[] = [];
  for (const message of all) {
    const name = message.text('name') ?? '';
    const type = typeOf(message, name, what);
    if (type === 'Input') inputs.push(...inputLayer(message, name, what));
    else if (dataTypes.has(type)) {
      throw new InputError(
        `${what}: the layer ${name} (${type}) reads the data of training: give the description that is deployed, with an Input layer in its place`,
      );
    } else if (!trainingTypes.has(type)) {
      layers.push({ name, type, reads: message.texts('bottom'), settings: message, blobs: weights.get(name) ?? [] });
      // Its suppression is left to the decoder: what is left of it has two outputs.
      tops.push(type === 'DetectionOutput' ? ['boxes', 'scores'] : message.texts('top'));
    }
  }
  if (inputs.length === 0) {
    throw new InputError(
      `${what}: expected an input with its shape (a layer of type Input, or input and input_shape), got none`,
    );
  }
  for (const input of inputs) assertShape(input.shape, `${what}: the input ${input.name}`);
  return named(file.text('name') ?? 'network', inputs, layers, tops, what);
}

/** @throws InputError. */
export function assertShape(shape: readonly number[], what: string): void {
  const isRight = shape.length > 0 && shape.every((side) => Number.isInteger(side) && side > 0);
  if (isRight && shape.reduce((product, side) => product * side, 1) <= mostNumbers) return;
  throw new InputError(`${what}: expected a shape of whole numbers above 0, got [${shape.join(', ')}]`);
}

function inputsOf(file: TextMessage, what: string): CaffeTensor[] {
  const names = file.texts('input');
  const shapes = file.messages('input_shape').map((one) => one.numbers('dim'));
  const sides = file.numbers('input_dim');
  return names.map((name, i) => {
    const shape = shapes[i] ?? sides.slice(4 * i, 4 * i + 4);
    if (shape.length > 0) return { name, shape };
    throw new InputError(`${what}: expected an input_shape of the input ${name}, got none`);
  });
}

function inputLayer(message: TextMessage, name: string, what: string): CaffeTensor[] {
  const shapes = message.message('input_param').messages('shape');
  return message.texts('top').map((top, i) => {
    const shape = (shapes[i] ?? shapes[0])?.numbers('dim');
    if (shape) return { name: top, shape };
    throw new InputError(`${what}: expected input_param { shape { … } } in the layer ${name}, got none`);
  });
}

function typeOf(message: TextMessage, name: string, what: string): string {
  const type = message.text('type');
  if (type !== undefined) return oldTypes[type] ?? type;
  throw new InputError(
    message.messages('layer').length > 0
      ? `${what}: the layer ${name} is of Caffe's first format (V0): upgrade it with upgrade_net_proto_text of Caffe`
      : `${what}: expected the type of the layer ${name || 'without a name'}, got none`,
  );
}

/** Whether a layer is there when the network is used: it may be for training only. */
function isDeployed(layer: TextMessage): boolean {
  const isTest = (rule: TextMessage) => (rule.text('phase') ?? 'TEST') === 'TEST' && rule.texts('stage').length === 0;
  const include = layer.messages('include');
  if (include.length > 0) return include.some(isTest);
  return !layer.messages('exclude').some(isTest);
}

/** A layer may write onto what it reads: all but the last that is written under a name get one of their own. */
function named(
  name: string,
  inputs: readonly CaffeTensor[],
  layers: readonly Omit<CaffeLayer, 'writes'>[],
  tops: readonly (readonly string[])[],
  what: string,
): CaffeNetwork {
  const last = new Map<string, number>();
  tops.forEach((all, i) => {
    for (const top of all) last.set(top, i);
  });
  const now = new Map(inputs.map((input) => [input.name, input.name]));
  const unread = new Set<string>();
  const written = new Set(now.keys());
  const renamed = layers.map((layer, i): CaffeLayer => {
    const reads = layer.reads.map((bottom) => {
      const tensor = now.get(bottom);
      if (tensor !== undefined) return tensor;
      throw new InputError(`${what}: the layer ${layer.name} reads ${bottom}, which no layer before it writes`);
    });
    for (const tensor of reads) unread.delete(tensor);
    const writes = tops[i]!.map((top) => {
      const isInput = inputs.some((input) => input.name === top);
      const tensor = last.get(top) === i && !isInput ? top : `${top}/${layer.name}`;
      if (written.has(tensor))
        throw new InputError(`${what}: two layers ${layer.name} write ${top}: expected other names`);
      written.add(tensor);
      now.set(top, tensor);
      unread.add(tensor);
      return tensor;
    });
    return { ...layer, reads, writes };
  });
  return { name, inputs, layers: renamed, outputs: [...unread] };
}
