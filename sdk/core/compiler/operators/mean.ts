import type { OnnxNode } from '../../onnx/graph.ts';
import { type Activation, squareRoot } from '../network/activation.ts';
import type { Lowering } from '../network/lowering.ts';
import type {
  ConstantLayer,
  Layer,
  MatmulLayer,
  PairLayer,
  Region,
  Stretch,
  UnaryLayer,
  View,
} from '../network/network.ts';
import { movedTo, regionOf, whole } from '../network/view.ts';
import { arranged } from './arrange.ts';
import { labelOf } from './operator.ts';

/** A view whose channels are these dimensions, and nothing else. */
export function withChannels(
  node: OnnxNode,
  network: Lowering,
  view: View,
  dims: readonly number[],
  tensor: string | undefined,
): View {
  const others = view.dims.map((_, i) => i).filter((i) => !dims.includes(i));
  return arranged(node, network, view, { h: others.slice(0, -1), w: others.slice(-1), c: dims }, tensor);
}

/** Of each pixel, in floats: a product with a matrix of one column. @param factor What the sum of the channels is multiplied with. */
export function meanOfChannels(
  node: OnnxNode,
  network: Lowering,
  input: Region,
  factor = 1 / input.c.size,
): MatmulLayer {
  const { h, w, c } = input;
  const values = new Float32Array(c.size).fill(factor);
  const name = labelOf(node);
  const column = network.add({ kind: 'constant', name: `${name}, constant`, h: 1, w: c.size, c: 1, values });
  return network.add({ kind: 'matmul', name, h: h.size, w: w.size, c: 1, input, second: whole(column) });
}

/** Of each channel, in floats: a matrix of one row times the picture. */
export function meanOfPixels(node: OnnxNode, network: Lowering, second: Region): MatmulLayer {
  const count = second.h.size * second.w.size;
  const name = labelOf(node);
  const values = new Float32Array(count).fill(1 / count);
  const row = network.add({ kind: 'constant', name: `${name}, constant`, h: 1, w: 1, c: count, values });
  return network.add({ kind: 'matmul', name, h: 1, w: 1, c: second.c.size, input: whole(row), second });
}

/** Sums over any dimensions, in floats. */
export function sumOver(node: OnnxNode, network: Lowering, axes: readonly number[], sum: Sum): void {
  const output = node.outputs[0]!;
  const view = withChannels(node, network, network.view(node, 0), axes, node.inputs[0]);
  const region = regionOf(view);
  const { h, w, c } = region;
  const square = { kind: 'pair', op: 'multiply', name: labelOf(node), h: h.size, w: w.size, c: c.size } as const;
  const summed = sum === 'root of squares' ? whole(network.add({ ...square, input: region, second: region })) : region;
  const layer = meanOfChannels(node, network, summed, sum === 'mean' ? undefined : 1);
  const last: Layer = sum === 'root of squares' ? network.add(rootOf(layer)) : layer;
  const isKept = network.shapeOf(output).length === view.dims.length;
  const dims = movedTo(last, view).dims.flatMap((dim, i): (readonly Stretch[])[] =>
    axes.includes(i) ? (isKept ? [[]] : []) : [dim],
  );
  network.give(output, { layer: last, start: { h: 0, w: 0, c: 0 }, dims });
}

export type Sum = 'sum' | 'mean' | 'root of squares';

/** Of each number, in floats, whoever wants bytes of it. */
export function inFloats(layer: Layer, activation: Activation): UnaryLayer {
  const { name, h, w, c } = layer;
  return { kind: 'unary', name, h, w, c, inFloats: true, input: whole(layer), activation };
}

export const rootOf = (layer: Layer): UnaryLayer => inFloats(layer, squareRoot);

/** Number by number, in floats. @param second Each of its sides is the input's or 1. */
export function pairOf(
  node: OnnxNode,
  network: Lowering,
  op: PairLayer['op'],
  input: Region,
  second: Region,
): PairLayer {
  const sides = { h: input.h.size, w: input.w.size, c: input.c.size };
  return network.add({ kind: 'pair', op, name: labelOf(node), ...sides, input, second });
}

/** One number, for all. */
export function numberLayer(node: OnnxNode, network: Lowering, value: number): ConstantLayer {
  const values = Float32Array.of(value);
  return network.add({ kind: 'constant', name: `${labelOf(node)}, constant`, h: 1, w: 1, c: 1, values });
}
