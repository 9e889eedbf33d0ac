import type { OnnxNode } from '../../onnx/graph.ts';
import { limits } from '../../program/program.ts';
import { none } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, Region, View } from '../network/network.ts';
import { pictureView, whole as wholeOf } from '../network/view.ts';
import { isNonNegative } from './bounds.ts';
import { asPicture, paddingOf, pictureOf } from './conv.ts';
import { extremeOver } from './extreme.ts';
import { meanOfPixels, type Sum, sumOver } from './mean.ts';
import { axisOf, intOf, intsOf, labelOf, type Operator } from './operator.ts';

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number, number, number];
  readonly h: number;
  readonly w: number;
}

function windowOf(node: OnnxNode, network: Lowering, view: View, around: Window['pad']): Window {
  const sides = intsOf(node, 'kernel_shape') ?? [];
  const rank = sides.length;
  if (rank < 1 || rank > 2 || view.dims.length !== rank + 2) {
    throw unsupported(node, `expected a window over one dimension or two, got [${sides.join(', ')}]`);
  }
  // A line is a row of pixels.
  const two = (values: readonly number[] | undefined) =>
    [...Array<number>(2 - rank).fill(1), ...(values ?? Array<number>(rank).fill(1))] as [number, number];
  const [kernel, stride, dilation] = [two(sides), two(intsOf(node, 'strides')), two(intsOf(node, 'dilations'))];
  if (dilation.some((step) => step !== 1)) throw unsupported(node, 'its window has holes (dilations)');
  const [h, w] = two(network.shapeOf(node.outputs[0]!).slice(2));
  const { region } = pictureOf(node, view, false);
  const from = [region.h.size + around[0] + around[2], region.w.size + around[1] + around[3]];
  const own = paddingOf(node, { kernel, stride, dilation }, from, [h, w], rank);
  const pad = own.map((one, i) => one + around[i]!) as [number, number, number, number];
  return { kernel, stride, pad, h, w };
}

/** Is the window all of the picture, once? */
const isAll = ({ kernel, pad, h, w }: Window, region: Region) =>
  h === 1 && w === 1 && pad.every((one) => one === 0) && kernel[0] === region.h.size && kernel[1] === region.w.size;

/** There are no kernels for such a window: what goes over all pixels is computed otherwise. */
const isLarge = (kernel: Window['kernel']) => kernel.some((side) => side > limits.kernel);

/** The dimensions behind the channels'. */
const pixelsOf = ({ dims }: View) => dims.map((_, i) => i).slice(2);

export const maxPool: Operator = (node, network) => {
  const { view: given, pad: around } = network.paddedView(node);
  const view = asPicture(node, network, given);
  // A pool leaves out what lies outside, a Pad puts zeros there: the same where no number is below.
  if (around.some((one) => one > 0) && !isNonNegative(view.layer)) {
    throw unsupported(node, 'the Pad before it puts zeros among numbers that may be negative');
  }
  const { region, channels } = pictureOf(node, view, false);
  const { kernel, stride, pad, h, w } = windowOf(node, network, view, around);
  if (isAll({ kernel, stride, pad, h, w }, region) && isLarge(kernel)) {
    extremeOver(node, network, pixelsOf(view), 'max');
    return;
  }
  const base = { name: labelOf(node), h, w, c: region.c.size, input: region };
  const layer = network.add({ kind: 'max_pool', ...base, kernel, stride, pad: [pad[0], pad[1]] });
  give(node, network, layer, view, channels !== undefined);
};

export const averagePool: Operator = (node, network) => {
  const { view: given, pad: around } = network.paddedView(node);
  const view = asPicture(node, network, given);
  const { region, channels } = pictureOf(node, view, false);
  const { kernel, stride, pad, h, w } = windowOf(node, network, view, around);
  if (isAll({ kernel, stride, pad, h, w }, region) && isLarge(kernel)) {
    average(node, network, view);
    return;
  }
  const base = { name: labelOf(node), h, w, c: region.c.size, input: region };
  const isInside = (h - 1) * stride[0] + kernel[0] <= region.h.size && (w - 1) * stride[1] + kernel[1] <= region.w.size;
  if (pad.every((one) => one === 0) && isInside) {
    const layer = network.add({ kind: 'average_pool', ...base, kernel, stride });
    give(node, network, layer, view, channels !== undefined);
    return;
  }
  // Zeros of a Pad count as picture; those of the pool itself if it says so; what `ceil_mode` reaches beyond both, never.
  const counted = intOf(node, 'count_include_pad', 0) === 1 ? pad : around;
  const factors = fewerAtEdges({ kernel, stride, pad, h, w }, region, counted);
  // Zeros that count are what a convolution has around its picture.
  const taps = kernel[0] * kernel[1];
  const weights = new Float32Array(taps * region.c.size).fill(1 / taps);
  const layer = network.add({
    ...{ kind: 'conv', ...base, isDepthwise: true, weights, bias: new Float64Array(region.c.size) },
    ...{ kernel, stride, pad, dilation: [1, 1], activation: none },
  });
  if (factors.some((one) => one !== 1)) {
    const whole = resultView(layer, view);
    const more = network.add({ kind: 'constant', name: `${labelOf(node)}, constant`, h, w, c: 1, values: factors });
    const last = network.add({ kind: 'pair', op: 'multiply', ...base, input: wholeOf(layer), second: wholeOf(more) });
    const dims = channels ? whole.dims.map((dim, i) => (i === 1 ? view.dims[1]! : dim)) : whole.dims;
    network.give(node.outputs[0]!, { ...whole, layer: last, dims });
    return;
  }
  give(node, network, layer, view, channels !== undefined);
};

/** By how much more each pixel's window would have to count where it reaches beyond the picture and the zeros that count. */
function fewerAtEdges({ kernel, stride, pad, h, w }: Window, region: Region, counted: Window['pad']): Float32Array {
  const inside = (at: number, axis: 0 | 1, side: number) => {
    const from = at * stride[axis] - pad[axis];
    return Math.min(from + kernel[axis], side + counted[axis === 0 ? 2 : 3]) - Math.max(from, -counted[axis]);
  };
  return Float32Array.from({ length: h * w }, (_, i) => {
    const [y, x] = [Math.floor(i / w), i % w];
    return (kernel[0] * kernel[1]) / (inside(y, 0, region.h.size) * inside(x, 1, region.w.size));
  });
}

export const globalAveragePool: Operator = (node, network) => {
  average(node, network, asPicture(node, network, network.view(node, 0)));
};

export const globalMaxPool: Operator = (node, network) => {
  const view = asPicture(node, network, network.view(node, 0));
  const { region, channels } = pictureOf(node, view, false);
  const kernel = [region.h.size, region.w.size] as const;
  if (isLarge(kernel)) {
    extremeOver(node, network, pixelsOf(view), 'max');
    return;
  }
  const base = { name: labelOf(node), h: 1, w: 1, c: region.c.size, input: region };
  const layer = network.add({ kind: 'max_pool', ...base, kernel, stride: [1, 1], pad: [0, 0] });
  give(node, network, layer, view, channels !== undefined);
};

/** Of all pixels, or in floats over any dimensions. */
export const reduceMax: Operator = (node, network) => {
  const view = network.view(node, 0);
  const axes = reducedOf(node, network, view);
  const isKept = network.shapeOf(node.outputs[0]!).length === view.dims.length;
  if (view.dims.length !== 4 || axes.join() !== '2,3') {
    extremeOver(node, network, axes, 'max');
    return;
  }
  globalMaxPool(node, network);
  const whole = network.viewOf(node.outputs[0])!;
  if (!isKept) network.set(node.outputs[0]!, { ...whole, dims: whole.dims.slice(0, 2) });
};

/** In floats, over any dimensions. */
export const reduceMin: Operator = (node, network) => {
  extremeOver(node, network, reducedOf(node, network, network.view(node, 0)), 'min');
};

/** Over height and width, or in floats over any dimensions. */
export const reduceMean: Operator = (node, network) => {
  const view = network.view(node, 0);
  const axes = reducedOf(node, network, view);
  if (axes.every((axis) => view.dims[axis]!.length === 0)) {
    const isKept = network.shapeOf(node.outputs[0]!).length === view.dims.length;
    network.set(node.outputs[0]!, isKept ? view : { ...view, dims: view.dims.filter((_, i) => !axes.includes(i)) });
    return;
  }
  const along = axes.flatMap((axis) => view.dims[axis]!.map((one) => one.axis));
  const kept = view.dims.filter((dim, i) => !axes.includes(i) && dim.length > 0);
  // Where pixels lie as channels, several dimensions do.
  const isPicture = kept.length <= 1 && kept.flat().every((one) => one.axis === 'c');
  if (isPicture && !along.includes('c')) average(node, network, view, axes);
  else sumOver(node, network, axes, 'mean');
};

const reduced =
  (sum: Sum): Operator =>
  (node, network) =>
    sumOver(node, network, reducedOf(node, network, network.view(node, 0)), sum);

/** In floats, over any dimensions. */
export const reduceSum = reduced('sum');
export const reduceL2 = reduced('root of squares');

/** All dimensions where none are said. */
function reducedOf(node: OnnxNode, network: Lowering, { dims }: View): number[] {
  const given = node.inputs[1] ? [...network.constant(node, 1).data] : intsOf(node, 'axes');
  if (!given?.length && intOf(node, 'noop_with_empty_axes', 0) === 1)
    throw unsupported(node, 'it sums over no dimension');
  const axes = given?.length ? given : dims.map((_, i) => i);
  return axes.map((axis) => axisOf(axis, dims.length)).sort((a, b) => a - b);
}

/** Of all pixels. @param axes The dimensions that are averaged over. */
function average(node: OnnxNode, network: Lowering, view: View, axes: readonly number[] = []): void {
  const output = node.outputs[0]!;
  const dim = view.dims.findIndex((stretches) => stretches.some(({ axis }) => axis === 'c'));
  const { region } = pictureOf(node, { ...view, dims: [[], view.dims[dim] ?? [], ...spatial(view)] }, true);
  const kernel = [region.h.size, region.w.size] as const;
  const base = { name: labelOf(node), h: 1, w: 1, c: region.c.size };
  const layer = kernel.every((side) => side <= limits.kernel)
    ? network.add({ kind: 'average_pool', ...base, input: region, kernel, stride: [1, 1] })
    : meanOfPixels(node, network, region);
  const rank = network.shapeOf(output).length;
  const channels = view.dims[dim] ?? [];
  // Where the mean's own dimensions went, the channels' has moved forwards.
  const at = rank === view.dims.length ? dim : dim - axes.filter((axis) => axis < dim).length;
  const dims = Array.from({ length: rank }, (_, i) => (i === at ? channels : []));
  network.give(output, { layer, start: { h: 0, w: 0, c: 0 }, dims });
}

const spatial = (view: View) => view.dims.filter((dim) => dim.some(({ axis }) => axis !== 'c'));

/** A layer's numbers in as many dimensions as what it was made of had: a line has no height. */
function resultView(layer: Layer, { dims: { length: rank } }: View): View {
  const plain = pictureView(layer);
  return { ...plain, dims: plain.dims.filter((_, i) => rank === 4 || i !== 2) };
}

function give(node: OnnxNode, network: Lowering, layer: Layer, view: View, isMixed: boolean): void {
  const plain = resultView(layer, view);
  const picture = isMixed ? { ...plain, dims: plain.dims.map((dim, i) => (i === 1 ? view.dims[1]! : dim)) } : plain;
  network.give(node.outputs[0]!, picture);
}
