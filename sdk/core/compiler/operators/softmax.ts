import type { OnnxNode } from '../../onnx/graph.ts';
import { logarithm } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { movedTo, regionOf, sizeOf, whole } from '../network/view.ts';
import { arranged } from './arrange.ts';
import { inFloats, meanOfChannels, pairOf, withChannels } from './mean.ts';
import { axisOf, intOf, labelOf, type Operator } from './operator.ts';

/** Over one dimension; in floats. */
export const softmax: Operator = (node, network) => {
  const [tensor = ''] = node.inputs;
  let view = network.view(node, 0);
  const { length: rank } = view.dims;
  const axis = axisIn(node, network, view);
  const group = sizeOf(view.dims[axis]!);
  if (!isGrouped(view, axis, group)) {
    const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
    view = arranged(node, network, view, { h: others.slice(0, -1), w: others.slice(-1), c: [axis] }, tensor);
  }
  const { h, w, c } = regionOf(view);
  const sides = { h: h.size, w: w.size, c: c.size };
  const layer = network.add({ kind: 'softmax', name: labelOf(node), ...sides, input: regionOf(view), group });
  network.giveAlike(node.outputs[0]!, layer, view);
};

/** The logarithm of it, without that of what is nearly 0: what is subtracted is the mean of x - log softmax(x), each as likely as softmax says. */
export const logSoftmax: Operator = (node, network) => {
  const given = network.view(node, 0);
  const axis = axisIn(node, network, given);
  const view = withChannels(node, network, given, [axis], node.inputs[0]);
  const input = regionOf(view);
  const { h, w, c } = input;
  const sides = { h: h.size, w: w.size, c: c.size };
  const parts = network.add({ kind: 'softmax', name: labelOf(node), ...sides, input, group: c.size });
  const logs = network.add(inFloats(parts, logarithm));
  const apart = pairOf(node, network, 'subtract', input, whole(logs));
  const weighted = pairOf(node, network, 'multiply', whole(parts), whole(apart));
  const sum = meanOfChannels(node, network, whole(weighted), 1);
  network.giveAlike(node.outputs[0]!, pairOf(node, network, 'subtract', input, whole(sum)), view);
};

/** The dimension that it goes over. @throws InputError where there are several, or it is too long. */
function axisIn(node: OnnxNode, network: Lowering, { dims }: View): number {
  const axis = axisOf(intOf(node, 'axis', network.graph.opset < 13 ? 1 : -1), dims.length);
  const group = sizeOf(dims[axis]!);
  const isLast = dims.slice(axis + 1).every((dim) => dim.length === 0);
  if (network.graph.opset < 13 && !isLast) throw unsupported(node, 'before opset 13 it goes over several dimensions');
  if (group > 65535) throw unsupported(node, `expected at most 65535 parts, got ${group}`);
  return axis;
}

/** Are the parts of each sum neighbours among the channels, in groups of one size? */
function isGrouped(view: View, axis: number, group: number): boolean {
  if (group === 1) return regionOf(view).c.size === 1;
  const dims = movedTo(view.layer, view).dims;
  const own = dims[axis]!;
  const isLine = own.length === 1 && own[0]!.axis === 'c' && own[0]!.step === 1;
  const others = dims.filter((_, i) => i !== axis).flat();
  const isApart = others.every((one) => one.axis !== 'c' || one.step % group === 0);
  return isLine && isApart && regionOf(view).c.size % group === 0;
}
