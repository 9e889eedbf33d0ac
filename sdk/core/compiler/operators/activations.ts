import type { OnnxNode } from '../../onnx/graph.ts';
import {
  type Activation,
  clip,
  exponential,
  hardswish,
  leaky,
  logarithm,
  recognised,
  sigmoid,
  silu,
  squareRoot,
  type Written,
} from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { channelsOf, isAlone, regionOf, whole } from '../network/view.ts';
import { giveAffine } from './affine.ts';
import { asPicture } from './conv.ts';
import { floatOf, labelOf, type Operator, textOf } from './operator.ts';
import { pair } from './pair.ts';
import { clipIntegers } from './quantise.ts';
import { identity } from './views.ts';

/** Applies a function to each number of a node's first input. */
export function applyTo(node: OnnxNode, network: Lowering, activation: Activation, input = 0): void {
  applyToView(node, network, activation, network.view(node, input));
}

function applyToView(node: OnnxNode, network: Lowering, activation: Activation, view: View): void {
  const region = regionOf(view);
  const { h, w, c } = region;
  const sides = { h: h.size, w: w.size, c: c.size };
  const layer = network.add({ kind: 'unary', name: labelOf(node), ...sides, input: region, activation });
  network.giveAlike(node.outputs[0]!, layer, view);
}

function giveScaled(node: OnnxNode, network: Lowering, factor: number): void {
  const view = network.view(node, 0);
  const { size } = regionOf(view).c;
  giveAffine(node, network, view, new Float64Array(size).fill(factor), new Float64Array(size));
}

const always =
  (activation: Activation): Operator =>
  (node, network) =>
    applyTo(node, network, activation);

/** @param written Where it is more than the operator itself with an `alpha`, as ONNX 13 has it. */
const scalar =
  (make: (node: OnnxNode) => (x: number) => number, written?: (node: OnnxNode) => Written): Operator =>
  (node, network) =>
    applyTo(node, network, recognised(make(node), written?.(node) ?? itself(node)));

const itself = ({ op, attributes }: OnnxNode): Written => {
  const alpha = attributes.get('alpha')?.float;
  return (net, value) => net.node(op, [value], alpha === undefined ? {} : { floats: { alpha } });
};

const limited: Operator = (node, network) => {
  const limit = (index: number, name: string, otherwise: number) =>
    node.inputs[index] ? network.constant(node, index).data[0]! : floatOf(node, name, otherwise);
  const low = limit(1, 'min', Number.NEGATIVE_INFINITY);
  const high = limit(2, 'max', Number.POSITIVE_INFINITY);
  if (network.isQuantised(node.inputs[0])) clipIntegers(node, network, low, high);
  else applyTo(node, network, clip(low, high));
};

/** Its line goes into the convolution before, and what is left are known bounds. */
const hardSigmoid: Operator = (node, network) => {
  const view = network.view(node, 0);
  const input = regionOf(view);
  const base = { name: labelOf(node), h: input.h.size, w: input.w.size, c: input.c.size };
  const [scale, bias] = [floatOf(node, 'alpha', 0.2), floatOf(node, 'beta', 0.5)].map((value) =>
    new Float64Array(base.c).fill(value),
  ) as [Float64Array, Float64Array];
  const line = network.add({ kind: 'affine', ...base, input, scale, bias });
  const layer = network.add({ kind: 'unary', ...base, input: whole(line), activation: clip(0, 1) });
  network.giveAlike(node.outputs[0]!, layer, view);
};

/** A slope for all channels, or one each. */
const parametric: Operator = (node, network) => {
  const { data, shape } = network.constant(node, 1);
  const given = network.view(node, 0);
  const wide = shape.flatMap((side, i) => (side > 1 ? [i + given.dims.length - shape.length] : []));
  const view = wide.join() === '1' ? asPicture(node, network, given, true) : given;
  const region = regionOf(view);
  const isOfChannels = wide.length === 1 && isAlone(view, wide[0]!, ['c']);
  const channels = isOfChannels ? channelsOf(view, wide[0]!)! : [];
  if (data.length !== 1 && channels.length !== data.length) {
    throw unsupported(node, `expected one slope, or one for each channel, got [${shape.join(', ')}]`);
  }
  const slope = Array.from({ length: region.c.size }, () => data[0]!);
  if (data.length > 1)
    channels.forEach((at, i) => {
      slope[at - region.c.from] = data[i]!;
    });
  applyToView(node, network, leaky(slope), view);
};

const gelu = (node: OnnxNode) => {
  const isApproximate = textOf(node, 'approximate', 'none') === 'tanh';
  return (x: number) => {
    if (isApproximate) return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    return 0.5 * x * (1 + errorFunction(x / Math.SQRT2));
  };
};

const geluWritten =
  (node: OnnxNode): Written =>
  (net, value) => {
    const times = (x: string, factor: number) => net.node('Mul', [x, net.number(factor)]);
    const inner =
      textOf(node, 'approximate', 'none') === 'tanh'
        ? net.node('Tanh', [
            times(
              net.node('Add', [value, times(net.node('Pow', [value, net.number(3)]), 0.044715)]),
              Math.sqrt(2 / Math.PI),
            ),
          ])
        : net.node('Erf', [times(value, Math.SQRT1_2)]);
    return net.node('Mul', [times(value, 0.5), net.node('Add', [inner, net.number(1)])]);
  };

/** To 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
export function errorFunction(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const sum = series.reduce((total, factor) => (total + factor) * t, 0);
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

const asItIs = (of: (x: number) => number): Operator => scalar(() => of);

/** Of a constant number and a tensor: its numbers end there. Of others the larger or smaller one, in floats. */
const ended =
  (op: 'max' | 'min', limit: (value: number) => Activation): Operator =>
  (node, network) => {
    const index = node.inputs.findIndex((name) => network.constantOf(name));
    const constant = network.constantOf(node.inputs[index]);
    if (node.inputs.length !== 2 || constant?.data.length !== 1) {
      if (node.inputs.length === 1) identity(node, network);
      else pair(node, network, op);
      return;
    }
    applyTo(node, network, limit(constant.data[0]!), 1 - index);
  };

const selu = (node: OnnxNode) => {
  const alpha = floatOf(node, 'alpha', 1.6732632);
  const gamma = floatOf(node, 'gamma', 1.0507009);
  return (x: number) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
};

/** x times the sigmoid of a multiple of it. */
const gated = (otherwise: number): Operator =>
  scalar(
    (node) => {
      const alpha = floatOf(node, 'alpha', otherwise);
      return (x) => x / (1 + Math.exp(-alpha * x));
    },
    (node) => (net, value) => {
      const gate = net.node('Mul', [value, net.number(floatOf(node, 'alpha', otherwise))]);
      return net.node('Mul', [value, net.node('Sigmoid', [gate])]);
    },
  );

/** Functions of one number. One that is no epilogue of a step becomes a table of 256 entries. */
export const activations: Readonly<Record<string, Operator>> = {
  Abs: asItIs(Math.abs),
  Celu: scalar((node) => {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  }),
  Clip: limited,
  Cos: asItIs(Math.cos),
  Elu: scalar((node) => {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  Erf: asItIs(errorFunction),
  Exp: always(exponential),
  Gelu: scalar(gelu, geluWritten),
  HardSigmoid: hardSigmoid,
  HardSwish: always(hardswish),
  LeakyRelu: (node, network) => applyTo(node, network, leaky([floatOf(node, 'alpha', 0.01)])),
  Log: always(logarithm),
  Max: ended('max', (value) => clip(value, Number.POSITIVE_INFINITY)),
  Min: ended('min', (value) => clip(Number.NEGATIVE_INFINITY, value)),
  Mish: scalar(
    () => (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
    () => (net, value) => net.node('Mul', [value, net.node('Tanh', [net.node('Softplus', [value])])]),
  ),
  Neg: (node, network) => giveScaled(node, network, -1),
  PRelu: parametric,
  QuickGelu: gated(1.702),
  Reciprocal: asItIs((x) => 1 / x),
  Relu: always(clip(0, Number.POSITIVE_INFINITY)),
  Selu: scalar(selu, (node) => (net, value) => {
    const [alpha, gamma] = [floatOf(node, 'alpha', 1.6732632), floatOf(node, 'gamma', 1.0507009)];
    return net.node('Selu', [value], { floats: { alpha, gamma } });
  }),
  Sigmoid: always(sigmoid),
  Silu: always(silu),
  Sin: asItIs(Math.sin),
  Softplus: asItIs((x) => Math.log1p(Math.exp(x))),
  Softsign: asItIs((x) => x / (1 + Math.abs(x))),
  Sqrt: always(squareRoot),
  Swish: gated(1),
  Tanh: asItIs(Math.tanh),
  ThresholdedRelu: scalar((node) => {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => (x > alpha ? x : 0);
  }),
};
