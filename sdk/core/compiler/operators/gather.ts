import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { reshaped, sliced, transposed } from '../network/view.ts';
import { arranged, inOrderAs, plainLayout } from './arrange.ts';
import { picked } from './by-matrix.ts';
import { axisOf, intOf, type Operator } from './operator.ts';

/** One index of a dimension, which then is none any more, or several: evenly spaced ones are a slice. */
export const gather: Operator = (node, network) => {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(input);
  const axis = axisOf(intOf(node, 'axis', 0), shape.length);
  const { data, shape: own } = network.constant(node, 1);
  const indices = Array.from(data, (index) => (index < 0 ? index + shape[axis]! : index));
  const { view, isMade } = taken(node, network, network.view(node, 0), axis, indices, input);
  // Indices in several dimensions are a list that is seen as those.
  const result =
    own.length === 0
      ? { ...view, dims: view.dims.filter((_, i) => i !== axis) }
      : own.length === 1
        ? view
        : seenAs(node, network, view, network.shapeOf(output));
  if (isMade) network.give(output, result);
  else network.set(output, result);
};

/** Entries that a matrix that picks may have. */
const mostEntries = 2 ** 22;

/**
 * Several dimensions at once, as PyTorch's newer exporter writes `x[:, :, rows, columns]` and adaptive pools: one dimension after the
 * other where each index belongs to dimensions of its own, as those of a grid do.
 */
export const gatherNd: Operator = (node, network) => {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(input);
  const { data, shape: own } = network.constant(node, 1);
  const depth = own.at(-1)!;
  const places = own.slice(0, -1);
  if (intOf(node, 'batch_dims', 0) !== 0) throw unsupported(node, 'it has dimensions that are the same (batch_dims)');
  const count = places.reduce((product, side) => product * side, 1);
  const tuples = Array.from({ length: count }, (_, i) =>
    Array.from({ length: depth }, (_one, k) => {
      const index = data[i * depth + k]!;
      return index < 0 ? index + shape[k]! : index;
    }),
  );
  const given = network.view(node, 0);
  const grid = gridOf(tuples, places, depth);
  if (!grid) {
    const pixels = shape.slice(0, depth).reduce((product, side) => product * side, 1);
    if (pixels * count > mostEntries) {
      throw unsupported(node, `expected a grid of indices, or at most ${mostEntries} pairs, got ${pixels} x ${count}`);
    }
    const flat = tuples.map((tuple) => tuple.reduce((sum, index, k) => sum * shape[k]! + index, 0));
    const lines = seenAs(node, network, given, [pixels, ...shape.slice(depth)]);
    network.give(
      output,
      seenAs(node, network, picked(node, network, lines, 0, flat), [...places, ...shape.slice(depth)]),
    );
    return;
  }
  let all = given;
  let hasMoved = false;
  grid.forEach(({ indices }, axis) => {
    const { view, isMade } = taken(node, network, all, axis, indices, hasMoved ? undefined : input);
    all = view;
    hasMoved ||= isMade;
  });
  const parts = grid.flatMap(({ dims }) => dims);
  const apart = seenAs(node, network, all, [...parts.map((dim) => places[dim]!), ...shape.slice(depth)]);
  const rest = shape.slice(depth).map((_, i) => places.length + i);
  const view = transposed(apart, [...places.map((_, dim) => parts.indexOf(dim)), ...rest]);
  if (hasMoved) network.give(output, view);
  else network.set(output, view);
};

/** Of a dimension the numbers with these indices, as a dimension. @param tensor The view's name in the graph, if any. */
function taken(
  node: OnnxNode,
  network: Lowering,
  whole: View,
  axis: number,
  indices: readonly number[],
  tensor: string | undefined,
): { readonly view: View; readonly isMade: boolean } {
  const [first = 0, second = first + 1] = indices;
  const step = second - first;
  const isEven = step >= 1 && indices.every((index, i) => index === first + i * step);
  if (!isEven) return { view: picked(node, network, whole, axis, indices), isMade: true };
  const cut = (view: View) => sliced(view, axis, first, indices.length, step);
  return {
    view: cut(whole) ?? cut(arranged(node, network, whole, plainLayout(whole.dims.length), tensor))!,
    isMade: false,
  };
}

const seenAs = (node: OnnxNode, network: Lowering, view: View, shape: readonly number[]): View =>
  reshaped(view, shape) ?? inOrderAs(node, network, view, shape);

interface GridAxis {
  /** Of the indices' dimensions those that this index changes along, in their order. */
  readonly dims: readonly number[];
  readonly indices: readonly number[];
}

/** For each place in a tuple its indices along dimensions of its own; undefined where two change along the same one. */
function gridOf(
  tuples: readonly (readonly number[])[],
  places: readonly number[],
  depth: number,
): GridAxis[] | undefined {
  const strides = places.map((_, i) => places.slice(i + 1).reduce((product, side) => product * side, 1));
  const axes = Array.from({ length: depth }, (): number[] => []);
  for (const [dim, stride] of strides.entries()) {
    const first = (i: number) => i - (Math.floor(i / stride) % places[dim]!) * stride;
    const changing = axes.flatMap((_, k) => (tuples.some((tuple, i) => tuple[k] !== tuples[first(i)]![k]) ? [k] : []));
    if (changing.length > 1) return undefined;
    // One along which nothing changes repeats what is there.
    axes[changing[0] ?? 0]!.push(dim);
  }
  return axes.map((dims, k) => {
    const offsets = dims.reduce(
      (all, dim) => all.flatMap((at) => Array.from({ length: places[dim]! }, (_, i) => at + i * strides[dim]!)),
      [0],
    );
    return { dims, indices: offsets.map((at) => tuples[at]![k]!) };
  });
}
