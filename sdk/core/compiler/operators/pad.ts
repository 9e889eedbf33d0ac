import type { OnnxNode } from '../../onnx/graph.ts';
import { none } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering, Padded } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { pictureView, shapeOf, sliced, whole } from '../network/view.ts';
import { arranged, constantView, plainLayout } from './arrange.ts';
import { isNonNegative } from './bounds.ts';
import { picked, timesMatrix } from './by-matrix.ts';
import { asPicture, pictureOf } from './conv.ts';
import { axisOf, floatOf, intsOf, labelOf, type Operator, textOf } from './operator.ts';

/**
 * Zeros around height and width, which whoever comes next takes as its own padding where it can. Others are made: zeros around a picture by a
 * convolution of one pixel, what else there is by a matrix in floats.
 */
export const pad: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const given = network.paddedView(node);
  const rank = given.view.dims.length;
  const pads = node.inputs[1] ? [...network.constant(node, 1).data] : (intsOf(node, 'pads') ?? []);
  const value = node.inputs[2] ? network.constant(node, 2).data[0]! : floatOf(node, 'value', 0);
  const mode = textOf(node, 'mode', 'constant');
  const axes = node.inputs[3] ? [...network.constant(node, 3).data] : given.view.dims.map((_, i) => i);
  const said = Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    said[axisOf(axis, rank)] = pads[i]!;
    said[axisOf(axis, rank) + rank] = pads[i + axes.length]!;
  });
  const isCut = said.some((one) => one < 0);
  // Less than nothing is what is cut off, before anything is put around.
  const { view, pad: before } = isCut ? { view: cut(node, network, said), pad: [0, 0, 0, 0] as const } : given;
  const all = said.map((one) => Math.max(0, one));
  const isNothing = all.every((one) => one === 0);
  if (isNothing) {
    if (before.every((one) => one === 0)) network.set(output, view);
    else network.pad(output, { view, pad: before });
    return;
  }
  const mirror = mirrors[mode];
  if (mirror) {
    let around = isCut ? view : network.view(node, 0);
    for (let dim = 0; dim < rank; dim++) {
      const [first, last, size] = [all[dim]!, all[dim + rank]!, shapeOf(around)[dim]!];
      const indices = Array.from({ length: first + size + last }, (_, i) => mirror(i - first, size));
      if (first !== 0 || last !== 0) around = picked(node, network, around, dim, indices);
    }
    network.give(output, around);
    return;
  }
  const isAround = rank === 4 && [0, 1, 4, 5].every((i) => all[i] === 0);
  const isInfinite = value === Number.NEGATIVE_INFINITY;
  if (mode !== 'constant' || !(Number.isFinite(value) || (isInfinite && isAround))) {
    throw unsupported(
      node,
      `expected numbers of one value around the others, got ${value} (${mode}), [${pads.join(', ')}]`,
    );
  }
  if (isAround && (value === 0 || isInfinite)) {
    const [top, left, bottom, right] = [all[2]!, all[3]!, all[6]!, all[7]!];
    const around = [before[0] + top, before[1] + left, before[2] + bottom, before[3] + right] as const;
    if (isInfinite || isTaken(network, output, isNonNegative(view.layer))) {
      network.pad(output, { view, pad: around });
      return;
    }
    network.give(output, padded(node, network, { view, pad: around }));
    return;
  }
  // One dimension after the other.
  let filled = isCut ? view : network.view(node, 0);
  for (let dim = 0; dim < rank; dim++) {
    const [first, last] = [all[dim]!, all[dim + rank]!];
    if (first > 0 || last > 0) filled = lengthened(node, network, filled, dim, first, last, value);
  }
  network.give(output, filled);
};

/** Without as many numbers at each end as there are less than none. */
function cut(node: OnnxNode, network: Lowering, pads: readonly number[]): View {
  const whole = network.view(node, 0);
  const shape = shapeOf(whole);
  const rank = shape.length;
  const parts = (view: View) =>
    shape.reduce<View | undefined>((part, side, dim) => {
      const from = Math.max(0, -pads[dim]!);
      const size = side - from - Math.max(0, -pads[dim + rank]!);
      return part && size < side ? sliced(part, dim, from, size) : part;
    }, view);
  // Where it would cut through a dimension that was made of several, the numbers are put in order.
  return parts(whole) ?? parts(arranged(node, network, whole, plainLayout(rank), node.inputs[0]))!;
}

/** Do all who read a picture with zeros around it pad themselves? */
function isTaken(network: Lowering, name: string, isPositive: boolean): boolean {
  const { nodes, outputs } = network.graph;
  if (outputs.includes(name)) return false;
  return nodes.every(({ op, inputs, outputs: given }) => {
    if (!inputs.includes(name)) return true;
    if (op === 'Conv' || op === 'AveragePool') return inputs.indexOf(name) === 0;
    if (op === 'MaxPool') return isPositive;
    return (
      ['Pad', 'Identity', 'QuantizeLinear', 'DequantizeLinear'].includes(op) && isTaken(network, given[0]!, isPositive)
    );
  });
}

/** The picture with its zeros. */
function padded(node: OnnxNode, network: Lowering, { view: given, pad: around }: Padded): View {
  const view = asPicture(node, network, given);
  const { region, channels } = pictureOf(node, view, false);
  const { h, w, c } = region;
  const layer = network.add({
    ...{ kind: 'conv', name: labelOf(node), h: h.size + around[0] + around[2], w: w.size + around[1] + around[3] },
    ...{ c: c.size, input: region, isDepthwise: true },
    ...{ weights: new Float32Array(c.size).fill(1), bias: new Float64Array(c.size) },
    ...{ kernel: [1, 1], stride: [1, 1], pad: around, dilation: [1, 1], activation: none },
  });
  const plain = pictureView(layer);
  return channels ? { ...plain, dims: plain.dims.map((dim, i) => (i === 1 ? view.dims[1]! : dim)) } : plain;
}

/** With so many numbers of a value before and behind those of a dimension. */
function lengthened(
  node: OnnxNode,
  network: Lowering,
  view: View,
  dim: number,
  first: number,
  last: number,
  value: number,
): View {
  const size = shapeOf(view)[dim]!;
  const length = first + size + last;
  const ones = new Float32Array(size * length);
  for (let i = 0; i < size; i++) ones[i * length + first + i] = 1;
  const made = timesMatrix(node, network, view, dim, ones, length);
  if (value === 0) return made;
  const row = Float32Array.from({ length }, (_, i) => (i < first || i >= first + size ? value : 0));
  const second = whole(constantView(node, network, { shape: [length], data: row }).layer);
  const { h, w, c } = made.layer;
  const input = whole(made.layer);
  return { ...made, layer: network.add({ kind: 'pair', op: 'add', name: labelOf(node), h, w, c, input, second }) };
}

/** Where the numbers beside a dimension's come from. */
const mirrors: Readonly<Record<string, (at: number, size: number) => number>> = {
  edge: (at, size) => Math.min(size - 1, Math.max(0, at)),
  reflect: (at, size) => (size === 1 ? 0 : size - 1 - Math.abs(size - 1 - modulo(at, 2 * size - 2))),
  wrap: (at, size) => modulo(at, size),
};

const modulo = (value: number, by: number) => ((value % by) + by) % by;
