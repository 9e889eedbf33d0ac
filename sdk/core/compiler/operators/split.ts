import { sliced } from '../network/view.ts';
import { arranged, plainLayout } from './arrange.ts';
import { axisOf, intOf, type Operator } from './operator.ts';

/** How large the parts are, their shapes say. */
export const split: Operator = (node, network) => {
  const given = network.view(node, 0);
  const axis = axisOf(intOf(node, 'axis', 0), given.dims.length);
  const sizes = node.outputs.map((output) => network.shapeOf(output)[axis]!);
  // Where it would cut through a dimension that was made of several, the numbers are put in order.
  const cuts = sizes.map((size, i) => sliced(given, axis, sum(sizes.slice(0, i)), size));
  const isCut = cuts.every((part) => part !== undefined);
  const view = isCut ? given : arranged(node, network, given, plainLayout(given.dims.length), node.inputs[0]);
  let from = 0;
  for (const output of node.outputs) {
    const size = network.shapeOf(output)[axis]!;
    const part = sliced(view, axis, from, size);
    network.set(output, part!);
    from += size;
  }
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
