import { unsupported } from '../network/graph.ts';
import { reshaped, transposed } from '../network/view.ts';
import { intsOf, type Operator } from './operator.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: the output's shape says all. */
export const reshape: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(output);
  const view = reshaped(network.view(node, 0), shape);
  if (!view) {
    throw unsupported(node, `to be seen as [${shape.join(', ')}], its numbers would have to be moved in memory`);
  }
  network.set(output, view);
};

export const transpose: Operator = (node, network) => {
  const view = network.view(node, 0);
  const order = intsOf(node, 'perm') ?? view.dims.map((_, i) => view.dims.length - 1 - i);
  network.set(node.outputs[0]!, transposed(view, order));
};

/** What changes no number: Identity, Dropout, Cast. */
export const identity: Operator = (node, network) => {
  network.set(node.outputs[0]!, network.view(node, 0));
};
