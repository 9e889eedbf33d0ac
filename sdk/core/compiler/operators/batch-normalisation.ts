import { unsupported } from '../network/graph.ts';
import { channelsOf, isAlone, regionOf } from '../network/view.ts';
import { giveAffine } from './affine.ts';
import { asPicture } from './conv.ts';
import { floatOf, type Operator } from './operator.ts';

export const batchNormalisation: Operator = (node, network) => {
  const view = asPicture(node, network, network.view(node, 0), true);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => network.constant(node, index).data);
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  // Other dimensions along its channels would have another factor in each.
  const channels = isAlone(view, 1, ['c']) ? channelsOf(view, 1) : undefined;
  if (!channels) throw unsupported(node, 'its input is no picture of channels');
  const { c } = regionOf(view);
  const factors = new Float64Array(c.size).fill(1);
  const sums = new Float64Array(c.size);
  channels.forEach((at, i) => {
    const factor = scale![i]! / Math.sqrt(variance![i]! + epsilon);
    factors[at - c.from] = factor;
    sums[at - c.from] = bias![i]! - mean![i]! * factor;
  });
  giveAffine(node, network, view, factors, sums);
};
