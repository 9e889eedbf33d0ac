import type { OnnxNode } from '../../onnx/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { regionOf } from '../network/view.ts';
import { labelOf } from './operator.ts';

/**
 * Makes scale * x + bias of a view the node's output.
 *
 * @param scale One number for each channel of the view's region; `bias` as well.
 */
export function giveAffine(
  node: OnnxNode,
  network: Lowering,
  view: View,
  scale: Float64Array,
  bias: Float64Array,
): void {
  const input = regionOf(view);
  const sides = { h: input.h.size, w: input.w.size, c: input.c.size };
  const layer = network.add({ kind: 'affine', name: labelOf(node), ...sides, input, scale, bias });
  network.giveAlike(node.outputs[0]!, layer, view);
}
