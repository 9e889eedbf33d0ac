import type { OnnxNode } from '../../onnx/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { movedTo, regionOf, shapeOf, sizeOf, sliced } from '../network/view.ts';
import { arranged, plainLayout } from './arrange.ts';
import { picked } from './by-matrix.ts';
import { withChannels } from './mean.ts';
import { axisOf, intOf, labelOf, type Operator } from './operator.ts';
import { operandOfNumber, operandOfView, paired } from './pair.ts';

/** The largest or smallest over any dimensions, in floats: of each, one half beside the other until one number is left. */
export function extremeOver(node: OnnxNode, network: Lowering, axes: readonly number[], op: 'max' | 'min'): void {
  const output = node.outputs[0]!;
  let view = network.view(node, 0);
  for (const axis of axes) {
    while (sizeOf(view.dims[axis]!) > 1) view = halved(node, network, view, axis, op);
  }
  const isKept = network.shapeOf(output).length === view.dims.length;
  network.give(output, isKept ? view : { ...view, dims: view.dims.filter((_, i) => !axes.includes(i)) });
}

/** Of an odd number the one in the middle is in both halves. */
function halved(node: OnnxNode, network: Lowering, view: View, dim: number, op: 'max' | 'min'): View {
  const size = sizeOf(view.dims[dim]!);
  const half = Math.ceil(size / 2);
  const [first, second] = [0, size - half].map((from) => sliced(view, dim, from, half));
  if (!first || !second) {
    const plain = arranged(node, network, view, plainLayout(view.dims.length));
    return halved(node, network, plain, dim, op);
  }
  return paired(node, network, op, [operandOfView(first), operandOfView(second)], shapeOf(first));
}

/** Which one of a dimension's numbers is the largest (or smallest): the first of several, or the last. In floats, whole ones. */
const placeOf =
  (op: 'max' | 'min'): Operator =>
  (node, network) => {
    const output = node.outputs[0]!;
    const given = network.view(node, 0);
    const axis = axisOf(intOf(node, 'axis', 0), given.dims.length);
    const size = sizeOf(given.dims[axis]!);
    const isLast = intOf(node, 'select_last_index', 0) === 1;
    const backwards = Array.from({ length: size }, (_, i) => size - 1 - i);
    const ordered = isLast ? picked(node, network, given, axis, backwards) : given;
    const from = (value: number, view: View) =>
      paired(node, network, 'subtract', [operandOfNumber(value), operandOfView(view)], shapeOf(view));
    const compared = op === 'min' ? from(0, ordered) : ordered;
    const tensor = compared === given ? node.inputs[0] : undefined;
    const view = withChannels(node, network, compared, [axis], tensor);
    const input = regionOf(view);
    const layer = network.add({ kind: 'argmax', name: labelOf(node), h: input.h.size, w: input.w.size, c: 1, input });
    const found = { ...movedTo(layer, { ...view, dims: view.dims.map((dim, i) => (i === axis ? [] : dim)) }), layer };
    const result = isLast ? from(size - 1, found) : found;
    const isKept = network.shapeOf(output).length === given.dims.length;
    network.set(output, isKept ? result : { ...result, dims: result.dims.filter((_, i) => i !== axis) });
  };

export const argMax = placeOf('max');
export const argMin = placeOf('min');
