import type { OnnxNode } from '../../onnx/graph.ts';
import { none } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { ConvLayer, Region, Stretch, View } from '../network/network.ts';
import { channelsOf, isAlone, regionOf, whole as wholeOf } from '../network/view.ts';
import { arranged } from './arrange.ts';
import { inOrder } from './concat.ts';
import { convWithinChannels, isWithinChannels } from './conv-within.ts';
import { intOf, intsOf, labelOf, type Operator, textOf } from './operator.ts';
import { gridOf, type WeightGrid } from './weight-grid.ts';

/** A convolution before it is divided into groups. Weights as ONNX has them: [output][input of its group][kh][kw]. */
export interface Convolution {
  readonly name: string;
  readonly region: Region;
  readonly weights: ArrayLike<number>;
  readonly grid: WeightGrid | undefined;
  readonly bias: ArrayLike<number> | undefined;
  readonly groups: number;
  readonly outputs: number;
  /** Of a group. */
  readonly inputs: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly pad: readonly [number, number, number, number];
  readonly h: number;
  readonly w: number;
}

export const conv: Operator = (node, network) => {
  const { view: given, pad: around } = network.paddedView(node);
  const weights = network.constant(node, 1);
  const [outputs = 0, inputs = 0, ...sides] = weights.shape;
  if (sides.length > 2) throw unsupported(node, `expected a kernel over 1 or 2 dimensions, got ${sides.length}`);
  const two = <T>(values: readonly T[] | undefined, otherwise: T) =>
    (sides.length === 1 ? [otherwise, ...(values ?? [otherwise])] : (values ?? [otherwise, otherwise])) as [T, T];
  const kernel = two(sides, 1);
  const stride = two(intsOf(node, 'strides'), 1);
  const dilation = two(intsOf(node, 'dilations'), 1);
  const output = node.outputs[0]!;
  const pads = intsOf(node, 'pads') ?? [];
  const isPadded = [...pads, ...around].some((one) => one > 0);
  const isPointwise = [...kernel, ...stride].every((one) => one === 1) && !isPadded;
  const bias = node.inputs[2] ? network.constant(node, 2).data : undefined;
  const groups = intOf(node, 'group', 1);
  if (isPointwise && groups === 1 && isWithinChannels(given, weights.shape)) {
    convWithinChannels(node, network, given, weights, bias);
    return;
  }
  const placed = asPicture(node, network, given, isPointwise);
  // Of several groups each takes its own channels, which have to lie in their order.
  const isGrouped = groups > 1 && channelsOf(placed, 1) !== undefined;
  const view = isGrouped ? inOrder(node, network, placed, 1) : placed;
  const { region, channels } = pictureOf(node, view, isPointwise);
  const [h, w] = isPointwise ? [region.h.size, region.w.size] : two(network.shapeOf(output).slice(2), 1);
  const from = [region.h.size + around[0] + around[2], region.w.size + around[1] + around[3]];
  const own = paddingOf(node, { kernel, stride, dilation }, from, [h, w], sides.length);
  const pad = own.map((one, i) => one + around[i]!) as [number, number, number, number];
  const whole: Convolution = {
    ...{ name: labelOf(node), region, weights: weights.data, grid: gridOf(node.inputs[1]!, network), bias },
    ...{ groups, outputs, inputs, kernel, stride, dilation, pad, h, w },
  };
  const layer = channels ? convolve(network, spread(whole, channels)) : convolve(network, whole);
  const dims = view.dims.map((dim, i) => (i === 1 ? along('c', outputs) : isPointwise ? rebased(dim, region) : dim));
  const picture = isPointwise ? dims : withSides(dims, h, w);
  network.give(output, { layer, start: { h: 0, w: 0, c: 0 }, dims: picture });
};

const along = (axis: Stretch['axis'], size: number): Stretch[] => (size > 1 ? [{ axis, size, step: 1 }] : []);

const rebased = (dim: readonly Stretch[], { h, w }: Region): Stretch[] =>
  dim.map((one) => (one.axis === 'c' ? one : { ...one, step: one.step / (one.axis === 'h' ? h : w).step }));

const withSides = (dims: readonly (readonly Stretch[])[], h: number, w: number) =>
  dims.length === 3 ? [dims[0]!, dims[1]!, along('w', w)] : [dims[0]!, dims[1]!, along('h', h), along('w', w)];

/** A tensor as a picture of channels. Where its numbers lie otherwise they are moved, in floats. */
export function asPicture(node: OnnxNode, network: Lowering, view: View, isPointwise = false): View {
  const { dims } = view;
  const [tensor = ''] = node.inputs;
  const isOne = (dims.length === 3 || dims.length === 4) && dims[0]!.length === 0;
  // Zeros around it have no place in the tensor that is measured.
  if (isPicture(view, isPointwise) || !isOne || !network.viewOf(tensor)) return view;
  const layout = dims.length === 4 ? { h: [2], w: [3], c: [1] } : { h: [], w: [2], c: [1] };
  return arranged(node, network, view, layout, tensor);
}

/** Are channels and pixels where a convolution can take them? */
function isPicture(view: View, isPointwise: boolean): boolean {
  const { dims } = view;
  const isPlaced = isPointwise
    ? isAlone(view, 1, ['c'])
    : dims.length === 4
      ? isAlone(view, 1, ['c']) && isAlone(view, 2, ['h']) && isAlone(view, 3, ['w'])
      : isAlone(view, 1, ['c']) && isAlone(view, 2, ['w']);
  const isSimple = isPointwise || dims.slice(2).every((dim) => dim.length <= 1);
  return channelsOf(view, 1) !== undefined && isPlaced && isSimple;
}

/**
 * What a convolution reads, and which of those channels it means, where that is not all of them in order.
 *
 * @throws InputError when channels and pixels are not where it can take them.
 */
export function pictureOf(node: OnnxNode, view: View, isPointwise: boolean): { region: Region; channels?: number[] } {
  const region = regionOf(view);
  const channels = channelsOf(view, 1);
  if (!channels || !isPicture(view, isPointwise)) {
    throw unsupported(node, 'its input is no picture of channels: it was reshaped or transposed before');
  }
  const isAll = channels.length === region.c.size && channels.every((at, i) => at === region.c.from + i);
  return { region, ...(!isAll && { channels: channels.map((at) => at - region.c.from) }) };
}

/** @returns Top, left, bottom, right. */
export function paddingOf(
  node: OnnxNode,
  { kernel, stride, dilation }: Pick<Convolution, 'kernel' | 'stride' | 'dilation'>,
  from: readonly number[],
  to: readonly number[],
  rank: number,
): [number, number, number, number] {
  const auto = textOf(node, 'auto_pad', 'NOTSET');
  if (auto === 'NOTSET' || auto === '') {
    const pads = intsOf(node, 'pads') ?? Array<number>(2 * rank).fill(0);
    return rank === 1 ? [0, pads[0]!, 0, pads[1]!] : [pads[0]!, pads[1]!, pads[2]!, pads[3]!];
  }
  const all = [0, 1].map((i) =>
    auto === 'VALID' ? 0 : Math.max(0, (to[i]! - 1) * stride[i]! + (kernel[i]! - 1) * dilation[i]! + 1 - from[i]!),
  );
  const first = all.map((sum) => (auto === 'SAME_LOWER' ? Math.ceil(sum / 2) : Math.floor(sum / 2)));
  return [first[0]!, first[1]!, all[0]! - first[0]!, all[1]! - first[1]!];
}

/** The same over all channels of the region: what is not meant has weights of 0. */
function spread(convolution: Convolution, channels: readonly number[]): Convolution {
  const { outputs, groups, inputs, kernel, region } = convolution;
  const taps = kernel[0] * kernel[1];
  const all = region.c.size;
  const weights = new Float32Array(outputs * all * taps);
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / (outputs / groups)) * inputs;
    for (let i = 0; i < inputs; i++) {
      const to = (o * all + channels[first + i]!) * taps;
      for (let t = 0; t < taps; t++) weights[to + t] = convolution.weights[(o * inputs + i) * taps + t]!;
    }
  }
  return { ...convolution, weights, grid: undefined, groups: 1, inputs: all };
}

/** Groups of few channels cost more as steps of their own than as one step that multiplies with zeros. */
const fewestInputs = 4;
const mostGroups = 16;

export function convolve(network: Lowering, convolution: Convolution): ConvLayer | ReturnType<typeof joined> {
  const { groups, outputs, inputs, region } = convolution;
  if (groups === 1) return network.add(dense(convolution));
  if (inputs === 1 && outputs === groups) return network.add(depthwise(convolution));
  if (inputs < fewestInputs || groups > mostGroups) {
    const all = Array.from({ length: region.c.size }, (_, i) => i);
    return network.add(dense(spread(convolution, all)));
  }
  const perGroup = outputs / groups;
  const parts = Array.from({ length: groups }, (_, g) => network.add(dense(groupOf(convolution, g, perGroup))));
  return joined(network, convolution, parts);
}

function joined(network: Lowering, { name, h, w, outputs }: Convolution, parts: readonly ConvLayer[]) {
  return network.add({ kind: 'concat', name, h, w, c: outputs, axis: 'c', parts: parts.map(wholeOf) });
}

function groupOf(convolution: Convolution, group: number, outputs: number): Convolution {
  const { inputs, kernel, region, grid, bias, weights, name } = convolution;
  const size = outputs * inputs * kernel[0] * kernel[1];
  const cut = <T>(values: ArrayLike<T>, unit: number) =>
    Array.from({ length: unit }, (_, i) => values[group * unit + i]!);
  return {
    ...convolution,
    name: `${name}, group ${group}`,
    region: { ...region, c: { ...region.c, from: region.c.from + group * inputs, size: inputs } },
    weights: cut(weights, size),
    grid: grid && {
      weights: Int8Array.from(cut(grid.weights, size)),
      scale: Float64Array.from(cut(grid.scale, outputs)),
    },
    bias: bias && cut(bias, outputs),
    groups: 1,
    outputs,
  };
}

/** @returns Weights [output][kh][kw][input]. */
function dense(convolution: Convolution): ConvLayer {
  const { outputs, inputs, kernel, grid } = convolution;
  const taps = kernel[0] * kernel[1];
  const arranged = (values: ArrayLike<number>, to: Float32Array | Int8Array) => {
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        for (let t = 0; t < taps; t++) to[(o * taps + t) * inputs + i] = values[(o * inputs + i) * taps + t]!;
      }
    }
    return to;
  };
  const count = outputs * inputs * taps;
  return {
    ...common(convolution),
    isDepthwise: false,
    weights: arranged(convolution.weights, new Float32Array(count)) as Float32Array,
    ...(grid && { grid: { ...grid, weights: arranged(grid.weights, new Int8Array(count)) as Int8Array } }),
  };
}

/** @returns Weights [kh][kw][channel]. */
function depthwise(convolution: Convolution): ConvLayer {
  const { outputs, kernel, grid } = convolution;
  const taps = kernel[0] * kernel[1];
  const arranged = (values: ArrayLike<number>, to: Float32Array | Int8Array) => {
    for (let c = 0; c < outputs; c++) for (let t = 0; t < taps; t++) to[t * outputs + c] = values[c * taps + t]!;
    return to;
  };
  const count = outputs * taps;
  return {
    ...common(convolution),
    isDepthwise: true,
    weights: arranged(convolution.weights, new Float32Array(count)) as Float32Array,
    ...(grid && { grid: { ...grid, weights: arranged(grid.weights, new Int8Array(count)) as Int8Array } }),
  };
}

function common({ name, region, kernel, stride, dilation, pad, h, w, outputs, bias }: Convolution) {
  return {
    ...{ kind: 'conv' as const, name, input: region, kernel, stride, dilation, pad, h, w, c: outputs },
    bias: bias ? Float64Array.from(bias) : new Float64Array(outputs),
    activation: none,
  };
}
