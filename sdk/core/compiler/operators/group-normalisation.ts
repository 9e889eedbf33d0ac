import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, PairLayer, Region, View } from '../network/network.ts';
import { channelsOf, movedTo, whole } from '../network/view.ts';
import { constantLike, constantView } from './arrange.ts';
import { inOrder } from './concat.ts';
import { asPicture, pictureOf } from './conv.ts';
import { meanOfPixels, numberLayer, pairOf, rootOf } from './mean.ts';
import { floatOf, intOf, labelOf, type Operator } from './operator.ts';

/** Over all pixels of so many neighbouring channels; in floats, where they lie. */
export const groupNormalisation: Operator = (node, network) => {
  const placed = asPicture(node, network, network.view(node, 0));
  const view = channelsOf(placed, 1) ? inOrder(node, network, placed, 1) : placed;
  const { region } = pictureOf(node, view, false);
  const { size: count } = region.c;
  const groups = intOf(node, 'num_groups', 1);
  if (groups < 1 || count % groups !== 0)
    throw unsupported(node, `expected groups of as many of its ${count} channels each, got ${groups}`);
  const pair = (op: PairLayer['op'], input: Region, second: Layer) => pairOf(node, network, op, input, whole(second));
  const apart = pair('subtract', region, meanOfGroups(node, network, region, groups));
  const variance = meanOfGroups(node, network, whole(pair('multiply', whole(apart), apart)), groups);
  const epsilon = numberLayer(node, network, floatOf(node, 'epsilon', 1e-5));
  const deviation = network.add(rootOf(pair('add', whole(variance), epsilon)));
  let last: Layer = pair('divide', whole(apart), deviation);
  const like: View = { ...movedTo(last, view), layer: last };
  for (const [index, op] of [
    [1, 'multiply'],
    [2, 'add'],
  ] as const) {
    const { data } = network.constant(node, index);
    // Until opset 20 there is one number for each group.
    const each = Float32Array.from({ length: count }, (_, c) => data[Math.floor((c * data.length) / count)]!);
    const { layer } = constantLike(
      node,
      network,
      { shape: [count, ...view.dims.slice(2).map(() => 1)], data: each },
      like,
    );
    last = pair(op, whole(last), layer);
  }
  network.giveAlike(node.outputs[0]!, last, view);
};

/** For each channel the mean of its group. */
function meanOfGroups(node: OnnxNode, network: Lowering, input: Region, groups: number): Layer {
  const means = meanOfPixels(node, network, input);
  const { c: count } = means;
  if (groups === count) return means;
  const size = count / groups;
  const isOf = (from: number, to: number) => Math.floor(from / size) === Math.floor(to / size);
  const data = Float32Array.from({ length: count ** 2 }, (_, i) =>
    isOf(Math.floor(i / count), i % count) ? 1 / size : 0,
  );
  const second = whole(constantView(node, network, { shape: [count, count], data }).layer);
  return network.add({ kind: 'matmul', name: labelOf(node), h: 1, w: 1, c: count, input: whole(means), second });
}
