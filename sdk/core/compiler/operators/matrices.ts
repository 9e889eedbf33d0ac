import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, Stretch, View } from '../network/network.ts';
import { movedTo, regionOf, reshaped, sizeOf, sliced, whole } from '../network/view.ts';
import { arranged, constantView } from './arrange.ts';
import { labelOf } from './operator.ts';

/** Products that one operator may become: each matrix of a stack is a step. */
const mostProducts = 64;

/** A matrix as a view of two dimensions, rows and columns. */
interface Matrix {
  readonly view: View;
  /** The graph's tensor, where the matrix is all of it. */
  readonly tensor: string | undefined;
}

/** Two tensors whose last dimensions are matrices, in floats; one may be a constant. */
export function multiplyMatrices(node: OnnxNode, network: Lowering): void {
  const output = node.outputs[0]!;
  const shape = network.shapeOf(output);
  const [a, b] = [0, 1].map((index) => stackOf(node, network, index)) as [View, View];
  if (shape.length < 2 || a.dims.length < 2 || b.dims.length < 2)
    throw unsupported(node, 'expected matrices, got a list');
  network.give(output, productsOf(node, network, [a, b], shape.slice(0, -2), node.inputs));
}

/**
 * Rows of the first times columns of the second, for each of a stack.
 *
 * @param stack Sides of the dimensions before the last two; one of size 1 of a tensor is the same for all.
 * @param tensors The graph's names of the two, where they have some.
 */
export function productsOf(
  node: OnnxNode,
  network: Lowering,
  [a, b]: readonly [View, View],
  stack: readonly number[],
  tensors: readonly string[] = [],
): View {
  const count = stack.reduce((product, side) => product * side, 1);
  if (count > mostProducts)
    throw unsupported(node, `expected at most ${mostProducts} products of matrices, got ${count}`);
  const parts = Array.from({ length: count }, (_, i) =>
    product(node, network, [a, b].map((all, k) => matrixOf(node, all, stack, i, tensors[k])) as [Matrix, Matrix]),
  );
  const [first] = parts as [View, ...View[]];
  const { layer } = first;
  const each = layer.c;
  const all: Layer =
    count === 1
      ? layer
      : network.add({
          ...{ kind: 'concat', name: labelOf(node), h: layer.h, w: layer.w, c: each * count, axis: 'c' },
          parts: parts.map((part) => whole(part.layer)),
        });
  const stacked = stack.map((side, i): Stretch[] => {
    const inner = stack.slice(i + 1).reduce((sum, one) => sum * one, 1);
    return side > 1 ? [{ axis: 'c', size: side, step: inner * each }] : [];
  });
  return { layer: all, start: { h: 0, w: 0, c: 0 }, dims: [...stacked, ...first.dims] };
}

function stackOf(node: OnnxNode, network: Lowering, index: number): View {
  return network.viewOf(node.inputs[index]) ?? constantView(node, network, network.constant(node, index));
}

/** One of a stack: dimensions of size 1 are the same for all. */
function matrixOf(
  node: OnnxNode,
  all: View,
  stack: readonly number[],
  index: number,
  tensor: string | undefined,
): Matrix {
  const own = all.dims.length - 2;
  let view: View | undefined = all;
  let left = index;
  for (let i = stack.length - 1; i >= 0; i--) {
    const at = left % stack[i]!;
    left = Math.floor(left / stack[i]!);
    const dim = own - (stack.length - i);
    if (dim >= 0 && view && sizeOf(all.dims[dim]!) > 1) view = sliced(view, dim, at, 1);
  }
  if (!view) throw unsupported(node, 'its matrices lie within each other in memory');
  const isAll = all.dims.slice(0, own).every((dim) => dim.length === 0);
  return { view: { ...view, dims: view.dims.slice(own) }, tensor: isAll ? tensor : undefined };
}

/**
 * Rows of the first times the second, or, where less has to be moved for it, the transposed product.
 *
 * @returns The product as a view of rows and columns.
 */
function product(node: OnnxNode, network: Lowering, [a, b]: readonly [Matrix, Matrix]): View {
  const costs = [false, true].map((isTurned) => costOf(isTurned ? turned(b) : a) + costOf(isTurned ? turned(a) : b));
  const isTurned = costs[1]! < costs[0]!;
  const [first, second] = isTurned ? [turned(b), turned(a)] : [a, b];
  const [left, right] = [asRows(node, network, first), asRows(node, network, second)];
  const { h, w } = regionOf(left);
  const columns = sizeOf(right.dims[1]!);
  const layer = network.add({
    ...{ kind: 'matmul', name: labelOf(node), h: h.size, w: w.size, c: columns },
    ...{ input: regionOf(left), second: regionOf(right) },
  });
  const rows = movedTo(left.layer, left).dims[0]!;
  const line: Stretch[] = columns > 1 ? [{ axis: 'c', size: columns, step: 1 }] : [];
  return { layer, start: { h: 0, w: 0, c: 0 }, dims: isTurned ? [line, rows] : [rows, line] };
}

const turned = ({ view, tensor }: Matrix): Matrix => ({
  view: { ...view, dims: [view.dims[1]!, view.dims[0]!] },
  tensor,
});

const costOf = ({ view }: Matrix) => (hasRows(view) ? 0 : sizeOf(view.dims[0]!) * sizeOf(view.dims[1]!));

/** Are rows pixels in their order, and columns channels beside each other? */
function hasRows(view: View): boolean {
  const { h, w, c } = regionOf(view);
  const [rows, columns] = movedTo(view.layer, view).dims as [readonly Stretch[], readonly Stretch[]];
  const expected = [
    { axis: 'h', size: h.size, step: 1 },
    { axis: 'w', size: w.size, step: 1 },
  ].filter(({ size }) => size > 1);
  const line = c.size > 1 ? [{ axis: 'c', size: c.size, step: 1 }] : [];
  return JSON.stringify(rows) === JSON.stringify(expected) && JSON.stringify(columns) === JSON.stringify(line);
}

function asRows(node: OnnxNode, network: Lowering, { view, tensor }: Matrix): View {
  if (hasRows(view)) return view;
  const seen = reshaped(view, [sizeOf(view.dims[0]!), sizeOf(view.dims[1]!)])!;
  return arranged(node, network, seen, { h: [], w: [0], c: [1] }, tensor);
}
