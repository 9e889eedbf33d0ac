import { unsupported } from '../network/graph.ts';
import { axisOf, floatOf, intsOf, type Operator, textOf } from './operator.ts';

/** Zeros around height and width, which whoever comes next takes as its own padding. */
export const pad: Operator = (node, network) => {
  const { view, pad: before } = network.paddedView(node);
  const rank = view.dims.length;
  const pads = node.inputs[1] ? [...network.constant(node, 1).data] : (intsOf(node, 'pads') ?? []);
  const value = node.inputs[2] ? network.constant(node, 2).data[0]! : floatOf(node, 'value', 0);
  const mode = textOf(node, 'mode', 'constant');
  const axes = node.inputs[3] ? [...network.constant(node, 3).data] : view.dims.map((_, i) => i);
  const all = Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    all[axisOf(axis, rank)] = pads[i]!;
    all[axisOf(axis, rank) + rank] = pads[i + axes.length]!;
  });
  const isAround = rank === 4 && [0, 1, 4, 5].every((i) => all[i] === 0) && all.every((one) => one >= 0);
  if (mode !== 'constant' || !(value === 0 || value === Number.NEGATIVE_INFINITY) || !isAround) {
    throw unsupported(node, `expected zeros around height and width, got ${value} (${mode}), [${pads.join(', ')}]`);
  }
  const [top, left, bottom, right] = [all[2]!, all[3]!, all[6]!, all[7]!];
  const around = [before[0] + top, before[1] + left, before[2] + bottom, before[3] + right] as const;
  network.pad(node.outputs[0]!, { view, pad: around });
};
