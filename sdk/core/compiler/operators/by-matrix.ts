import type { OnnxNode } from '../../onnx/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Stretch, View } from '../network/network.ts';
import { channelsOf, isAlone, movedTo, regionOf, shapeOf, whole } from '../network/view.ts';
import { constantView } from './arrange.ts';
import { ofChannels } from './concat.ts';
import { withChannels } from './mean.ts';
import { labelOf } from './operator.ts';

/**
 * A dimension's numbers times a matrix, in floats: any other ones that depend on them line by line.
 *
 * @param matrix As many rows as the dimension has numbers, of `length` each.
 */
export function timesMatrix(
  node: OnnxNode,
  network: Lowering,
  given: View,
  dim: number,
  matrix: Float32Array,
  length: number,
): View {
  const view = withChannels(node, network, given, [dim], undefined);
  const input = regionOf(view);
  const second = constantView(node, network, { shape: [shapeOf(view)[dim]!, length], data: matrix }).layer;
  const sides = { h: input.h.size, w: input.w.size, c: length };
  const layer = network.add({ kind: 'matmul', name: labelOf(node), ...sides, input, second: whole(second) });
  const line: Stretch[] = length > 1 ? [{ axis: 'c', size: length, step: 1 }] : [];
  const dims = movedTo(layer, view).dims.map((one, i) => (i === dim ? line : one));
  return { layer, start: { h: 0, w: 0, c: 0 }, dims };
}

/** Some of a dimension's numbers in any order, as often as one likes: channels are picked, others come of a matrix of ones and zeros. */
export function picked(node: OnnxNode, network: Lowering, view: View, dim: number, indices: readonly number[]): View {
  const channels = channelsOf(view, dim);
  if (channels && channels.length > 1 && isAlone(view, dim, ['c'])) {
    const all = indices.map((index) => channels[index]!);
    return ofChannels(node, network, view, dim, all);
  }
  const { length } = indices;
  const ones = new Float32Array(shapeOf(view)[dim]! * length);
  indices.forEach((from, to) => {
    ones[from * length + to] = 1;
  });
  return timesMatrix(node, network, view, dim, ones, length);
}
