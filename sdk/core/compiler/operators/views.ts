import { reshaped, transposed } from '../network/view.ts';
import { inOrderAs, likeView, plainView } from './arrange.ts';
import { intsOf, type Operator } from './operator.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: the output's shape says all. Numbers are moved only where it cannot be said otherwise. */
export const reshape: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(output);
  const view = network.view(node, 0);
  network.set(output, reshaped(view, shape) ?? inOrderAs(node, network, view, shape, output));
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

/** Dimensions of size 1 are spread over others, in floats. */
export const expand: Operator = (node, network) => {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shape = network.shapeOf(output);
  const view = network.view(node, 0);
  const isSame = shape.join() === network.shapeOf(input).join();
  network.set(output, isSame ? view : likeView(node, network, view, plainView(shape), input));
};
