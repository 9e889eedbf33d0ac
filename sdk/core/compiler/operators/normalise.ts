import type { OnnxNode } from '../../onnx/graph.ts';
import { type Constant, unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, PairLayer, Region, View } from '../network/network.ts';
import { movedTo, regionOf, whole } from '../network/view.ts';
import { constantLike } from './arrange.ts';
import { meanOfChannels, numberLayer, pairOf, rootOf, withChannels } from './mean.ts';
import { axisOf, floatOf, intOf, type Operator } from './operator.ts';

/** Over all dimensions from one on; in floats. */
export const layerNormalisation: Operator = (node, network) => {
  if (node.outputs.slice(1).some((name) => name !== ''))
    throw unsupported(node, 'expected that only the normalised tensor is used, mean and deviation are too');
  const { length: rank } = network.view(node, 0).dims;
  const first = axisOf(intOf(node, 'axis', -1), rank);
  const axes = Array.from({ length: rank - first }, (_, i) => first + i);
  normalise(node, network, axes, (constant) => constant);
};

/** Over all pixels of each channel of this picture; in floats. */
export const instanceNormalisation: Operator = (node, network) => {
  const { length: rank } = network.view(node, 0).dims;
  const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  normalise(node, network, axes, ({ shape, data }) => ({ shape: [...shape, ...axes.map(() => 1)], data }));
};

/** @param spread How a constant of the node goes with its tensor. */
function normalise(
  node: OnnxNode,
  network: Lowering,
  axes: readonly number[],
  spread: (constant: Constant) => Constant,
): void {
  const view = withChannels(node, network, network.view(node, 0), axes, node.inputs[0]);
  const region = regionOf(view);
  const pair = (op: PairLayer['op'], input: Region, second: Layer) => pairOf(node, network, op, input, whole(second));
  const apart = pair('subtract', region, meanOfChannels(node, network, region));
  const square = pair('multiply', whole(apart), apart);
  const variance = meanOfChannels(node, network, whole(square));
  const epsilon = pair('add', whole(variance), numberLayer(node, network, floatOf(node, 'epsilon', 1e-5)));
  const deviation = network.add(rootOf(epsilon));
  let last: Layer = pair('divide', whole(apart), deviation);
  // Its numbers lie as the view does, alone.
  const like: View = { ...movedTo(last, view), layer: last };
  for (const [index, op] of [
    [1, 'multiply'],
    [2, 'add'],
  ] as const) {
    if (!node.inputs[index]) continue;
    const { layer } = constantLike(node, network, spread(network.constant(node, index)), like);
    last = pair(op, whole(last), layer);
  }
  network.giveAlike(node.outputs[0]!, last, view);
}
