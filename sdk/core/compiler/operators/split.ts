import { unsupported } from '../network/graph.ts';
import { sliced } from '../network/view.ts';
import { axisOf, intOf, type Operator } from './operator.ts';

/** How large the parts are, their shapes say. */
export const split: Operator = (node, network) => {
  const view = network.view(node, 0);
  const axis = axisOf(intOf(node, 'axis', 0), view.dims.length);
  let from = 0;
  for (const output of node.outputs) {
    const size = network.shapeOf(output)[axis]!;
    const part = sliced(view, axis, from, size);
    if (!part) throw unsupported(node, 'it cuts through a dimension that was made of several');
    network.set(output, part);
    from += size;
  }
};
