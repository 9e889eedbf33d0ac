import type { OnnxNode } from '../../onnx/graph.ts';
import { type Activation, chained, line, none, recognised, squareRoot } from '../network/activation.ts';
import { type Constant, unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { PairLayer, Region, View } from '../network/network.ts';
import { channelsOf, isWhole, liesAs, regionOf, shapeOf } from '../network/view.ts';
import { applyTo } from './activations.ts';
import { giveAffine } from './affine.ts';
import { labelOf, type Operator } from './operator.ts';
import { combined, operandOfNumber, pair, paired } from './pair.ts';
import { identity } from './views.ts';

export const add: Operator = (node, network) => {
  if (node.inputs.length === 1) {
    identity(node, network);
    return;
  }
  if (node.inputs.length > 2) {
    pair(node, network, 'add');
    return;
  }
  const constant = constantSide(node, network);
  if (constant)
    affine(
      node,
      network,
      constant.view,
      () => 1,
      of(constant.constant, (value) => value),
    );
  else combine(node, network, 'add');
};

/** In floats. */
export const mean: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const { length: count } = node.inputs;
  if (count === 1) {
    identity(node, network);
    return;
  }
  const sum = combined(node, network, 'add');
  network.give(output, paired(node, network, 'multiply', [sum, operandOfNumber(1 / count)], network.shapeOf(output)));
};

export const subtract: Operator = (node, network) => {
  const constant = constantSide(node, network);
  if (!constant) {
    pair(node, network, 'subtract');
    return;
  }
  const { view, isFirst } = constant;
  if (isFirst)
    affine(
      node,
      network,
      view,
      () => -1,
      of(constant.constant, (value) => value),
    );
  else
    affine(
      node,
      network,
      view,
      () => 1,
      of(constant.constant, (value) => -value),
    );
};

export const divide: Operator = (node, network) => {
  const constant = constantSide(node, network);
  if (!constant) {
    pair(node, network, 'divide');
    return;
  }
  const { view, isFirst } = constant;
  if (!isFirst) {
    affine(
      node,
      network,
      view,
      of(constant.constant, (value) => 1 / value),
      () => 0,
    );
    return;
  }
  const value = constant.constant.data[0]!;
  if (constant.constant.data.length > 1) {
    pair(node, network, 'divide');
    return;
  }
  applyTo(
    node,
    network,
    recognised(
      (x) => value / x,
      (net, x) => net.node('Div', [net.number(value), x]),
    ),
    1,
  );
};

/** Of a tensor and a function of it, as SiLU is written in parts, or of two tensors. */
export const multiply: Operator = (node, network) => {
  const constant = constantSide(node, network);
  if (constant) {
    affine(
      node,
      network,
      constant.view,
      of(constant.constant, (value) => value),
      () => 0,
    );
    return;
  }
  const [a, b] = [network.view(node, 0), network.view(node, 1)];
  for (const [plain, other, index] of [
    [a, b, 0],
    [b, a, 1],
  ] as const) {
    const known = functionOf(other, plain);
    if (known) {
      applyTo(
        node,
        network,
        recognised(
          (x) => x * known.of(x, 0),
          (net, x, write) => net.node('Mul', [x, write(known, x)]),
        ),
        index,
      );
      return;
    }
  }
  combine(node, network, 'multiply');
};

/** By a whole exponent that is a product of the number by itself, or a root. */
export const power: Operator = (node, network) => {
  const { data } = network.constant(node, 1);
  const [exponent = 0] = data;
  if (data.length !== 1) throw unsupported(node, 'expected one exponent, got several');
  if (exponent === 0.5) applyTo(node, network, squareRoot);
  else if (exponent !== 2)
    applyTo(
      node,
      network,
      recognised(
        (x) => x ** exponent,
        (net, x) => net.node('Pow', [x, net.number(exponent)]),
      ),
    );
  else {
    const view = network.view(node, 0);
    const region = regionOf(view);
    const sides = { h: region.h.size, w: region.w.size, c: region.c.size };
    const operands = { input: region, second: region, activation: none };
    network.giveAlike(
      node.outputs[0]!,
      network.add({ kind: 'multiply', name: labelOf(node), ...sides, ...operands }),
      view,
    );
  }
};

interface ConstantSide {
  readonly view: View;
  readonly constant: Constant;
  /** The constant is the first input. */
  readonly isFirst: boolean;
}

function constantSide(node: OnnxNode, network: Lowering): ConstantSide | undefined {
  const [first, second] = node.inputs.map((name) => network.constantOf(name));
  if (!first && !second) return undefined;
  return { view: network.view(node, first ? 1 : 0), constant: (first ?? second)!, isFirst: first !== undefined };
}

/** The constant's number for a position among its numbers. */
type PerChannel = (index: number, constant?: Constant) => number;
const of =
  ({ data }: Constant, change: (value: number) => number): PerChannel & { shape?: readonly number[] } =>
  (index) =>
    change(data[data.length === 1 ? 0 : index]!);

/**
 * scale * x + bias for each channel.
 *
 * A constant with more numbers than one for each channel is another operand, in floats.
 */
function affine(node: OnnxNode, network: Lowering, view: View, scale: PerChannel, bias: PerChannel): void {
  const constant = node.inputs.map((name) => network.constantOf(name)).find((one) => one !== undefined)!;
  const channels = isSpread(node, network, view) ? undefined : channelIndices(view, constant);
  if (!channels) {
    pair(node, network, pairs[node.op]!);
    return;
  }
  const { c } = regionOf(view);
  const factors = new Float64Array(c.size).fill(1);
  const sums = new Float64Array(c.size);
  channels.forEach((index, at) => {
    if (index === undefined) return;
    factors[at] = scale(index);
    sums[at] = bias(index);
  });
  giveAffine(node, network, view, factors, sums);
}

const pairs: Readonly<Record<string, PairLayer['op']>> = {
  Add: 'add',
  Sum: 'add',
  Sub: 'subtract',
  Mul: 'multiply',
  Div: 'divide',
};

/** Has the result more numbers than the view, since the constant has? */
function isSpread({ outputs }: OnnxNode, network: Lowering, view: View): boolean {
  return network.shapeOf(outputs[0]!).join() !== shapeOf(view).join();
}

/** For each channel of the view's region the position of its number in the constant. */
function channelIndices(view: View, { shape, data }: Constant): (number | undefined)[] | undefined {
  const { c } = regionOf(view);
  if (data.length === 1) return Array.from({ length: c.size }, () => 0);
  const missing = view.dims.length - shape.length;
  const wide = shape.flatMap((side, i) => (side > 1 ? [i + missing] : []));
  const [dim, ...others] = wide;
  if (missing < 0 || dim === undefined || others.length > 0) return undefined;
  const channels = channelsOf(view, dim);
  // Other channels of the region that lie along another dimension would have to have the same number.
  const isElsewhere = view.dims.some((stretches, i) => i !== dim && stretches.some(({ axis }) => axis === 'c'));
  if (!channels || isElsewhere) return undefined;
  const result: (number | undefined)[] = Array.from({ length: c.size }, () => undefined);
  channels.forEach((at, i) => {
    result[at - c.from] = i;
  });
  return result;
}

function combine(node: OnnxNode, network: Lowering, kind: 'add' | 'multiply'): void {
  const views = [network.view(node, 0), network.view(node, 1)] as const;
  const shapes = views.map((view) => shapeOf(view));
  const count = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
  const [large, small] = count(shapes[0]!) >= count(shapes[1]!) ? views : [views[1], views[0]];
  const [region, second] = [regionOf(large), regionOf(small)];
  const { h, w, c } = region;
  const isScale = kind === 'multiply' && second.h.size === 1 && second.w.size === 1 && isSameChannels(large, small);
  const isResult = shapeOf(large).join() === network.shapeOf(node.outputs[0]!).join();
  if (!isResult || (!isScale && !liesAs(large, small))) {
    pair(node, network, kind);
    return;
  }
  const base = { name: labelOf(node), h: h.size, w: w.size, c: c.size, input: region, second, activation: none };
  network.giveAlike(node.outputs[0]!, network.add({ kind, ...base }), large);
}

/** Do the channels of both lie along the same dimension, in the same order? */
function isSameChannels(one: View, other: View): boolean {
  if (one.dims.length !== other.dims.length) return false;
  const relative = (view: View, dim: number) =>
    channelsOf(view, dim)
      ?.map((at) => at - view.start.c)
      .join();
  return one.dims.every((stretches, i) => {
    if (stretches.some(({ axis }) => axis === 'c')) return relative(one, i) === relative(other, i);
    return other.dims[i]!.length === 0;
  });
}

/** A tensor as a function of another one, number by number; undefined where it is none. */
function functionOf(view: View, of: View): Activation | undefined {
  if (!liesAs(view, of)) return undefined;
  const wanted = regionOf(of);
  let region = regionOf(view);
  let result = none;
  for (;;) {
    if (isSame(region, wanted)) return result;
    const { layer } = region;
    if (!isWhole(region) || (layer.kind !== 'unary' && layer.kind !== 'affine')) return undefined;
    if (layer.kind === 'unary') {
      const { kind, slope = [] } = layer.activation;
      if (kind === 'leaky' && slope.length > 1) return undefined;
      result = chained(layer.activation, result);
    } else {
      const [factor, sum] = [layer.scale[0]!, layer.bias[0]!];
      if (!layer.scale.every((one) => one === factor) || !layer.bias.every((one) => one === sum)) return undefined;
      result = chained(line(factor, sum), result);
    }
    region = layer.input;
  }
}

function isSame(one: Region, other: Region): boolean {
  const axes = ['h', 'w', 'c'] as const;
  return (
    one.layer === other.layer &&
    axes.every(
      (axis) =>
        one[axis].from === other[axis].from &&
        one[axis].size === other[axis].size &&
        one[axis].step === other[axis].step,
    )
  );
}
