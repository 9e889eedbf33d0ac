import { exponential, logarithm } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import { regionOf, whole } from '../network/view.ts';
import { constantView } from './arrange.ts';
import { inFloats, numberLayer, pairOf, withChannels } from './mean.ts';
import { floatOf, intOf, labelOf, type Operator } from './operator.ts';

/** Of each pixel, its channels over a power of the sum of their neighbours' squares (AlexNet, GoogLeNet); in floats. */
export const localResponse: Operator = (node, network) => {
  const given = network.view(node, 0);
  const size = intOf(node, 'size', 1);
  if (given.dims.length < 2) throw unsupported(node, `expected channels, got ${given.dims.length} dimensions`);
  const view = withChannels(node, network, given, [1], node.inputs[0]);
  const region = regionOf(view);
  const { size: count } = region.c;
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const factor = floatOf(node, 'alpha', 1e-4) / size;
  const data = Float32Array.from({ length: count ** 2 }, (_, i) => {
    const [from, to] = [Math.floor(i / count), i % count];
    return from >= to - before && from <= to + after ? factor : 0;
  });
  const near = constantView(node, network, { shape: [count, count], data }).layer;
  const square = pairOf(node, network, 'multiply', region, region);
  const sides = { h: region.h.size, w: region.w.size, c: count };
  const sums = network.add({
    ...{ kind: 'matmul', name: labelOf(node), ...sides, input: whole(square), second: whole(near) },
  });
  const number = (value: number) => whole(numberLayer(node, network, value));
  const base = pairOf(node, network, 'add', whole(sums), number(floatOf(node, 'bias', 1)));
  // base ^ -beta
  const logs = whole(network.add(inFloats(base, logarithm)));
  const power = pairOf(node, network, 'multiply', logs, number(-floatOf(node, 'beta', 0.75)));
  const part = whole(network.add(inFloats(power, exponential)));
  network.giveAlike(node.outputs[0]!, pairOf(node, network, 'multiply', region, part), view);
};
