import type { View } from '../network/network.ts';
import { sliced } from '../network/view.ts';
import { arranged, plainLayout } from './arrange.ts';
import { picked } from './by-matrix.ts';
import { axisOf, intsOf, type Operator } from './operator.ts';

/** Starts, ends, axes and steps are inputs; before opset 10 they are attributes. */
export const slice: Operator = (node, network) => {
  const [input = '', ...parts] = node.inputs;
  const shape = network.shapeOf(input);
  const output = node.outputs[0]!;
  const numbers = (index: number, name: string) => {
    const constant = parts[index] ? network.constant(node, index + 1) : undefined;
    return constant ? [...constant.data] : intsOf(node, name);
  };
  const starts = numbers(0, 'starts') ?? [];
  const axes = numbers(2, 'axes') ?? starts.map((_, i) => i);
  const steps = numbers(3, 'steps');
  let isPicked = false;
  const cut = (whole: View) => {
    let view: View | undefined = whole;
    starts.forEach((start, i) => {
      const axis = axisOf(axes[i]!, shape.length);
      const side = shape[axis]!;
      const step = steps?.[i] ?? 1;
      const size = network.shapeOf(output)[axis]!;
      if (step < 1) {
        const last = Math.min(side - 1, start < 0 ? start + side : start);
        const indices = Array.from({ length: size }, (_, k) => last + k * step);
        isPicked = true;
        if (view) view = picked(node, network, view, axis, indices);
        return;
      }
      const from = Math.min(side, Math.max(0, start < 0 ? start + side : start));
      if (view) view = sliced(view, axis, from, size, step);
    });
    return view;
  };
  const whole = network.view(node, 0);
  // Where it would cut through a dimension that was made of several, the numbers are put in order.
  const view = cut(whole) ?? cut(arranged(node, network, whole, plainLayout(shape.length), input));
  if (isPicked) network.give(output, view!);
  else network.set(output, view!);
};
