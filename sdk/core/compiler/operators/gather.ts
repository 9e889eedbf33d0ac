import { unsupported } from '../network/graph.ts';
import { sliced } from '../network/view.ts';
import { arranged, plainLayout } from './arrange.ts';
import { picked } from './by-matrix.ts';
import { axisOf, intOf, type Operator } from './operator.ts';

/** One index of a dimension, which then is none any more, or several: evenly spaced ones are a slice. */
export const gather: Operator = (node, network) => {
  const [input = ''] = node.inputs;
  const shape = network.shapeOf(input);
  const axis = axisOf(intOf(node, 'axis', 0), shape.length);
  const { data, shape: own } = network.constant(node, 1);
  const indices = Array.from(data, (index) => (index < 0 ? index + shape[axis]! : index));
  const [first = 0, second = first + 1] = indices;
  const step = second - first;
  const isEven = step >= 1 && indices.every((index, i) => index === first + i * step);
  if (own.length > 1) throw unsupported(node, `expected a list of indices, got [${own.join(', ')}] of them`);
  const whole = network.view(node, 0);
  if (!isEven) {
    network.give(node.outputs[0]!, picked(node, network, whole, axis, indices));
    return;
  }
  const view =
    sliced(whole, axis, first, indices.length, step) ??
    sliced(arranged(node, network, whole, plainLayout(shape.length), input), axis, first, indices.length, step)!;
  const dims = own.length === 0 ? view.dims.filter((_, i) => i !== axis) : view.dims;
  network.set(node.outputs[0]!, { ...view, dims });
};
