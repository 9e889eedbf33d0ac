import { packageVersion } from '../../../../sdk/base/assets.ts';
import { InputError, messageOf } from '../../../../sdk/base/errors.ts';
import { writeOnnx } from '../../../../sdk/core/onnx/write.ts';
import { arrangingKinds } from './arrange.ts';
import { convolution, deconvolution, innerProduct } from './convolution.ts';
import { GraphWriter, type LayerKind, type Numbers, type Shape } from './kind.ts';
import { assertShape, type CaffeLayer, type CaffeNetwork } from './network.ts';
import { normalisingKinds } from './normalise.ts';
import { pointwiseKinds } from './pointwise.ts';
import { pooling } from './pooling.ts';
import { detectionOutput, priorBox } from './ssd.ts';

const kinds: Readonly<Record<string, LayerKind>> = {
  Convolution: convolution,
  ConvolutionDepthwise: convolution,
  DepthwiseConvolution: convolution,
  Deconvolution: deconvolution,
  InnerProduct: innerProduct,
  Pooling: pooling,
  ...pointwiseKinds,
  ...normalisingKinds,
  ...arrangingKinds,
  PriorBox: priorBox,
  DetectionOutput: detectionOutput,
};

/** ONNX 1.8: the first in which Softmax works along one axis, as Caffe's does. */
const opset = 13;

/** The types of layers that are read. */
export const caffeTypes: readonly string[] = ['Input', ...Object.keys(kinds)];

/**
 * The shape of each tensor.
 *
 * @param what The description's name, for messages.
 * @throws InputError when a layer is of a type that is not read, or does not fit what it reads.
 */
export function shapesOf({ inputs, layers }: CaffeNetwork, what: string): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>(inputs.map(({ name, shape }) => [name, shape]));
  for (const layer of layers) {
    const made = within(what, () =>
      kindOf(layer).shapes(
        layer,
        layer.reads.map((name) => shapes.get(name)!),
      ),
    );
    layer.writes.forEach((name, i) => {
      const shape = made[i];
      if (!shape) throw new InputError(`${what}: the layer ${layer.name} (${layer.type}) has more tops than it makes`);
      assertShape(shape, `${what}: the layer ${layer.name} (${layer.type})`);
      shapes.set(name, shape);
    });
  }
  return shapes;
}

/**
 * Writes a Caffe network as an ONNX file. Tensors keep the names of their blobs; of a blob that several layers write, the last.
 *
 * @throws InputError as `shapesOf` does, and when weights are missing or too many or few.
 */
export function caffeToOnnx(network: CaffeNetwork, what: string): Uint8Array<ArrayBuffer> {
  const shapes = shapesOf(network, what);
  const known = knownTensors(network, shapes);
  const graph = new GraphWriter(shapes, known);
  const outputs = new Set(network.outputs);
  for (const layer of network.layers) {
    // What is the same for every picture is a constant of the layer that reads it.
    if (layer.writes.every((name) => known.has(name) && !outputs.has(name))) continue;
    within(what, () => kindOf(layer).write(layer, graph));
  }
  const value = (name: string) => ({ name, shape: shapes.get(name)! });
  return writeOnnx({
    producer: `ocellus ${packageVersion()}`,
    opset,
    inputs: network.inputs,
    outputs: network.outputs.map(value),
    nodes: graph.nodes,
    constants: graph.constants,
  });
}

/** Prior boxes, and what is joined of them. */
function knownTensors(network: CaffeNetwork, shapes: ReadonlyMap<string, Shape>): Map<string, Float32Array> {
  const known = new Map<string, Float32Array>();
  for (const layer of network.layers) {
    const isKnown =
      layer.type === 'PriorBox' ||
      (layer.reads.length > 0 && layer.type !== 'DetectionOutput' && layer.reads.every((name) => known.has(name)));
    if (!isKnown) continue;
    const inputs = layer.reads.map((name): Numbers => ({ shape: shapes.get(name)!, data: known.get(name) ?? none }));
    const made = kindOf(layer).run(
      layer,
      inputs,
      layer.writes.map((name) => shapes.get(name)!),
    );
    for (const [i, name] of layer.writes.entries()) known.set(name, made[i]!);
  }
  return known;
}

const none = new Float32Array();

/**
 * Runs a Caffe network layer by layer, as Caffe defines them, in plain loops: what its ONNX file is compared with.
 *
 * @param inputs Numbers of each input, by its name.
 * @returns All tensors, in the order in which they are written.
 */
export function runCaffe(
  network: CaffeNetwork,
  inputs: ReadonlyMap<string, Float32Array>,
  what: string,
): ReadonlyMap<string, Numbers> {
  const shapes = shapesOf(network, what);
  const tensors = new Map<string, Numbers>();
  for (const { name, shape } of network.inputs) tensors.set(name, { shape, data: inputs.get(name)! });
  for (const layer of network.layers) {
    const own = layer.writes.map((name) => shapes.get(name)!);
    const made = within(what, () =>
      kindOf(layer).run(
        layer,
        layer.reads.map((name) => tensors.get(name)!),
        own,
      ),
    );
    for (const [i, name] of layer.writes.entries()) tensors.set(name, { shape: own[i]!, data: made[i]! });
  }
  return tensors;
}

function kindOf(layer: CaffeLayer): LayerKind {
  if (Object.hasOwn(kinds, layer.type)) return kinds[layer.type]!;
  throw new InputError(
    `the layer ${layer.name} is of the type ${layer.type}, which is not read: expected one of ${caffeTypes.join(', ')}; cut the network before it`,
  );
}

function within<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${what}: ${messageOf(error)}`) : error;
  }
}
