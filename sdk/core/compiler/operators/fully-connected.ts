import type { OnnxNode } from '../../onnx/graph.ts';
import { limits } from '../../program/program.ts';
import { none } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, Region, Stretch, View } from '../network/network.ts';
import { isAlone, regionOf, reshaped, shapeOf, sizeOf, whole } from '../network/view.ts';
import { arranged, inOrderAs } from './arrange.ts';
import { multiplyMatrices } from './matrices.ts';
import { floatOf, intOf, labelOf, type Operator } from './operator.ts';
import { gridOf, type WeightGrid } from './weight-grid.ts';

interface Matrix {
  /** Of output o and input k. */
  at(o: number, k: number): number;
  readonly outputs: number;
  readonly inputs: number;
  readonly grid: WeightGrid | undefined;
}

export const gemm: Operator = (node, network) => {
  const { data, shape } = network.constant(node, 1);
  const isTransposed = intOf(node, 'transB', 0) === 1;
  const [rows, columns] = shape as [number, number];
  const [alpha, beta] = [floatOf(node, 'alpha', 1), floatOf(node, 'beta', 1)];
  if (intOf(node, 'transA', 0) === 1) throw unsupported(node, 'its first input is transposed');
  const bias = node.inputs[2] ? network.constant(node, 2).data.map((value) => value * beta) : undefined;
  const matrix = isTransposed
    ? {
        at: (o: number, k: number) => alpha * data[o * columns + k]!,
        outputs: rows,
        inputs: columns,
        grid: alpha === 1 ? gridOf(node.inputs[1]!, network) : undefined,
      }
    : { at: (o: number, k: number) => alpha * data[k * columns + o]!, outputs: columns, inputs: rows, grid: undefined };
  connect(node, network, matrix, bias);
};

/** Of a tensor and a constant matrix, or of two tensors. */
export const matMul: Operator = (node, network) => {
  if (!isConnection(node, network)) {
    multiplyMatrices(node, network);
    return;
  }
  const { data, shape } = network.constant(node, 1);
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  connect(node, network, { at: (o, k) => data[k * outputs + o]!, outputs, inputs, grid: undefined }, undefined);
};

/** Is it a constant matrix for all pixels, or all of the picture? Else it is a product in floats. */
function isConnection(node: OnnxNode, network: Lowering): boolean {
  const matrix = network.constantOf(node.inputs[1]);
  const view = network.viewOf(node.inputs[0]);
  if (!matrix || !view || matrix.shape.length < 2 || matrix.shape.slice(0, -2).some((side) => side > 1)) return false;
  const last = view.dims.length - 1;
  return isAlone(view, last, ['c']) || view.dims.every((dim, i) => i === last || dim.length === 0);
}

/** A matrix times the last dimension: for each pixel its channels, or else all of the picture at once. */
function connect(node: OnnxNode, network: Lowering, matrix: Matrix, bias: ArrayLike<number> | undefined): void {
  const given = network.view(node, 0);
  const last = given.dims.length - 1;
  const view = withinWindow(node, network, given);
  const region = regionOf(view);
  const isPerPixel = isAlone(view, last, ['c']);
  const isAll = view.dims.every((dim, i) => i === last || dim.length === 0);
  if (!isPerPixel && !isAll) {
    throw unsupported(node, 'its input is no list of pixels: it was reshaped or transposed before');
  }
  const kernel: [number, number] = isPerPixel ? [1, 1] : [region.h.size, region.w.size];
  const { outputs, inputs, grid } = matrix;
  const places = placesOf(view, last, region, isPerPixel);
  const size = kernel[0] * kernel[1] * region.c.size;
  const weights = new Float32Array(outputs * size);
  const integers = grid && new Int8Array(outputs * size);
  for (let o = 0; o < outputs; o++) {
    for (let k = 0; k < inputs; k++) {
      weights[o * size + places[k]!] = matrix.at(o, k);
      if (integers) integers[o * size + places[k]!] = grid.weights[o * inputs + k]!;
    }
  }
  const [h, w] = isPerPixel ? [region.h.size, region.w.size] : [1, 1];
  const biases = biasOf(bias, outputs);
  // Of more outputs than a step can have there are several, beside each other.
  const parts = Array.from({ length: Math.ceil(outputs / limits.channels) }, (_, i) => {
    const from = i * limits.channels;
    const end = Math.min(outputs, from + limits.channels);
    const name = outputs > limits.channels ? `${labelOf(node)}, ${from} to ${end - 1}` : labelOf(node);
    const own = integers && { weights: integers.slice(from * size, end * size), scale: grid.scale.slice(from, end) };
    return network.add({
      ...{ kind: 'conv' as const, name, h, w, c: end - from, input: region, isDepthwise: false },
      ...{ weights: weights.slice(from * size, end * size), bias: biases.slice(from, end) },
      ...{ kernel, stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], activation: none },
      ...(own && { grid: own }),
    });
  });
  const layer: Layer =
    parts.length === 1
      ? parts[0]!
      : network.add({
          ...{ kind: 'concat', name: labelOf(node), h, w, c: outputs },
          ...{ axis: 'c', parts: parts.map(whole) },
        });
  const channels: Stretch[] = outputs > 1 ? [{ axis: 'c', size: outputs, step: 1 }] : [];
  const moved = view.dims.map((dim, i) =>
    i === last
      ? channels
      : dim.map((one) => ({ ...one, step: one.step / (one.axis === 'h' ? region.h : region.w).step })),
  );
  network.give(node.outputs[0]!, { layer, start: { h: 0, w: 0, c: 0 }, dims: moved });
}

/**
 * All of the picture as a window and channels that a step can have: where it lies as more, its numbers are put in their order first.
 *
 * @throws InputError where it is several pixels of too many channels, or more than any window has.
 */
function withinWindow(node: OnnxNode, network: Lowering, view: View): View {
  const { h, w, c } = regionOf(view);
  const last = view.dims.length - 1;
  const isPerPixel = isAlone(view, last, ['c']);
  const isTall = !isPerPixel && [h, w].some(({ size }) => size > limits.kernel);
  if (!isTall && c.size <= limits.channels) return view;
  const size = sizeOf(view.dims[last]!);
  const pixels = Array.from({ length: limits.kernel }, (_, i) => i + 1).find(
    (count) => size % count === 0 && size / count <= limits.channels,
  );
  if (pixels === undefined || view.dims.some((dim, i) => i !== last && dim.length > 0)) {
    throw unsupported(
      node,
      `expected at most ${limits.channels} inputs for each of several pixels, or ${limits.kernel} times as many of one, got ${size}; average or pool before it, or use a smaller input`,
    );
  }
  const seen = [...view.dims.slice(0, -1).map(() => 1), pixels, size / pixels];
  const parts = reshaped(view, seen) ?? inOrderAs(node, network, view, seen);
  const placed = arranged(node, network, parts, { h: [], w: [last], c: [last + 1] });
  const result = reshaped(placed, shapeOf(view))!;
  result.layer.measured ??= { tensor: node.inputs[0]!, dims: result.dims, from: 0 };
  return result;
}

function biasOf(bias: ArrayLike<number> | undefined, outputs: number): Float64Array {
  return Float64Array.from({ length: outputs }, (_, o) => bias?.[bias.length === 1 ? 0 : o] ?? 0);
}

/** Where in the kernel's weights [kh][kw][channel] each number of the dimension lies. */
function placesOf(view: View, dim: number, { h, w, c }: Region, isPerPixel: boolean): number[] {
  const steps = isPerPixel ? { h: 0, w: 0, c: 1 } : { h: (w.size * c.size) / h.step, w: c.size / w.step, c: 1 };
  let places = [0];
  for (const { axis, size, step } of view.dims[dim]!) {
    places = places.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * step * steps[axis]));
  }
  return places;
}
