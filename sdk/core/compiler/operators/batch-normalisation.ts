import { unsupported } from '../network/graph.ts';
import { channelsOf, regionOf } from '../network/view.ts';
import { floatOf, labelOf, type Operator } from './operator.ts';

export const batchNormalisation: Operator = (node, network) => {
  const view = network.view(node, 0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => network.constant(node, index).data);
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const region = regionOf(view);
  const channels = channelsOf(view, 1);
  if (!channels) throw unsupported(node, 'its input is no picture of channels');
  const { h, w, c } = region;
  const factors = new Float64Array(c.size).fill(1);
  const sums = new Float64Array(c.size);
  channels.forEach((at, i) => {
    const factor = scale![i]! / Math.sqrt(variance![i]! + epsilon);
    factors[at - c.from] = factor;
    sums[at - c.from] = bias![i]! - mean![i]! * factor;
  });
  const sides = { h: h.size, w: w.size, c: c.size };
  const layer = network.add({
    kind: 'affine',
    name: labelOf(node),
    ...sides,
    input: region,
    scale: factors,
    bias: sums,
  });
  network.giveAlike(node.outputs[0]!, layer, view);
};
