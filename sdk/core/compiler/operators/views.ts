import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { movedTo, regionOf, reshaped, shapeOf, transposed, whole } from '../network/view.ts';
import { constantView, inOrderAs, likeView, plainView } from './arrange.ts';
import { picked } from './by-matrix.ts';
import { intOf, intsOf, labelOf, type Operator, textOf } from './operator.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: the output's shape says all. Numbers are moved only where it cannot be said otherwise. */
export const reshape: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(output);
  const view = network.view(node, 0);
  network.set(output, reshaped(view, shape) ?? inOrderAs(node, network, view, shape, output));
};

export const transpose: Operator = (node, network) => {
  const view = network.view(node, 0);
  const order = intsOf(node, 'perm') ?? view.dims.map((_, i) => view.dims.length - 1 - i);
  network.set(node.outputs[0]!, transposed(view, order));
};

/** What changes no number: Identity, Dropout. */
export const identity: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const padded = network.paddedOf(node.inputs[0]);
  if (padded) network.pad(output, padded);
  else network.set(output, network.view(node, 0));
};

/** To types that hold the numbers as they are. Fractions are not cut off here, nor are numbers wrapped or compared with 0. */
export const cast: Operator = (node, network) => {
  const type = (name: string | undefined) => network.graph.types.get(name ?? '') ?? '';
  const [from, to] = [type(node.inputs[0]), type(node.outputs[0])];
  const isFloat = (name: string) => name.startsWith('float');
  if (network.isQuantised(node.inputs[0]) && from !== to) {
    throw unsupported(node, `it makes ${to} of what a QuantizeLinear gives: expected a DequantizeLinear`);
  }
  const isKept = isFloat(to) || (from === 'uint8' && /^u?int(16|32|64)$/.test(to)) || from === to;
  if (!isKept) {
    throw unsupported(
      node,
      `it makes ${to} of ${from}, which would change numbers: expected floats, or a picture of bytes as wider integers`,
    );
  }
  identity(node, network);
};

/** Dimensions of size 1 are spread over others, in floats. */
export const expand: Operator = (node, network) => {
  spreadOut(node, network, network.view(node, 0), node.inputs[0]);
};

/** @param tensor The graph's name of the view, where it has one. */
function spreadOut(node: OnnxNode, network: Lowering, view: View, tensor: string | undefined): void {
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(output);
  const isSame = shape.join() === shapeOf(view).join();
  if (isSame) {
    if (tensor === undefined) network.give(output, view);
    else network.set(output, view);
    return;
  }
  const target = plainView(shape);
  const spread = likeView(node, network, view, target, tensor);
  const { nodes, outputs } = network.graph;
  // Two operands may be of different sizes; others want all numbers to be there.
  const isOperand = nodes.every(
    ({ op, inputs }) => !inputs.includes(output) || ['Add', 'Sub', 'Mul', 'Div'].includes(op),
  );
  if (isOperand && !outputs.includes(output)) {
    network.set(output, spread);
    return;
  }
  const zero = constantView(node, network, { shape: [], data: Float32Array.of(0) }).layer;
  const { h, w, c } = regionOf(target);
  const sides = { h: h.size, w: w.size, c: c.size };
  const operands = { input: regionOf(spread), second: whole(zero) };
  const layer = network.add({ kind: 'pair', op: 'add', name: labelOf(node), ...sides, ...operands });
  network.give(output, { ...movedTo(layer, target), layer });
}

/** Dimensions one after the other again, as often as the shape says; those of size 1 as Expand spreads them. */
export const tile: Operator = (node, network) => {
  const [input = ''] = node.inputs;
  const from = network.shapeOf(input);
  const to = network.shapeOf(node.outputs[0]!);
  const repeated = from.flatMap((side, i) => (side !== 1 && side !== to[i] ? [i] : []));
  const view = repeated.reduce(
    (all, dim) =>
      picked(
        node,
        network,
        all,
        dim,
        Array.from({ length: to[dim]! }, (_, i) => i % from[dim]!),
      ),
    network.view(node, 0),
  );
  spreadOut(node, network, view, repeated.length > 0 ? undefined : input);
};

/** Blocks of pixels as channels, or channels as blocks of pixels: dimensions in another order. */
const blocks =
  (apart: (shape: readonly number[], block: number, node: OnnxNode) => { seen: number[]; order: number[] }): Operator =>
  (node, network) => {
    const [input = ''] = node.inputs;
    const [output = ''] = node.outputs;
    const shape = network.shapeOf(output);
    const { seen, order } = apart(network.shapeOf(input), intOf(node, 'blocksize', 1), node);
    const view = network.view(node, 0);
    const turned = transposed(reshaped(view, seen) ?? inOrderAs(node, network, view, seen), order);
    network.give(output, reshaped(turned, shape) ?? inOrderAs(node, network, turned, shape, output));
  };

export const depthToSpace = blocks(([n = 1, c = 1, h = 1, w = 1], block, node) => {
  const isPixelFirst = textOf(node, 'mode', 'DCR') === 'DCR';
  const own = c / block ** 2;
  return isPixelFirst
    ? { seen: [n, block, block, own, h, w], order: [0, 3, 4, 1, 5, 2] }
    : { seen: [n, own, block, block, h, w], order: [0, 1, 4, 2, 5, 3] };
});

export const spaceToDepth = blocks(([n = 1, c = 1, h = 1, w = 1], block) => ({
  seen: [n, c, h / block, block, w / block, block],
  order: [0, 3, 5, 1, 2, 4],
}));
