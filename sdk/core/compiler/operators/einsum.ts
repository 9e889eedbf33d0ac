import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { reshaped, shapeOf, transposed } from '../network/view.ts';
import { constantView, inOrderAs } from './arrange.ts';
import { productsOf } from './matrices.ts';
import { type Operator, textOf } from './operator.ts';
import { operandOfView, paired } from './pair.ts';

/** Two tensors as products of matrices or number by number, or the dimensions of one in another order. */
export const einsum: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  const { operands, result } = labelsOf(node);
  const views = operands.map((labels, index) => viewOf(node, network, index, labels));
  const [a, b] = views as [View, View | undefined];
  const [left = [], right = []] = operands;
  if (!b) {
    if (left.length !== result.length) throw unsupported(node, `it sums over a dimension of one tensor: ${said(node)}`);
    network.set(output, inOrderOf(a, left, result));
    return;
  }
  const isIn = (labels: readonly string[]) => (label: string) => labels.includes(label);
  const lost = [...left, ...right].find((one) => !isIn(result)(one) && !(isIn(left)(one) && isIn(right)(one)));
  if (lost) throw unsupported(node, `it sums over ${lost}, which only one of its tensors has: ${said(node)}`);
  const summed = left.filter((one) => !isIn(result)(one));
  const sides = new Map([...sidesOf(left, a), ...sidesOf(right, b)]);
  const shape = (labels: readonly string[]) => labels.map((label) => sides.get(label)!);
  if (summed.length === 0) {
    const both = [
      [a, left],
      [b, right],
    ] as const;
    const spread = both.map(([view, labels]) => {
      const present = inOrderOf(view, labels, result.filter(isIn(labels)));
      let at = 0;
      return operandOfView({ ...view, dims: result.map((label) => (isIn(labels)(label) ? present.dims[at++]! : [])) });
    });
    network.give(output, paired(node, network, 'multiply', [spread[0]!, spread[1]!], network.shapeOf(output)));
    return;
  }
  const stack = result.filter((one) => isIn(left)(one) && isIn(right)(one));
  const rows = left.filter((one) => isIn(result)(one) && !isIn(right)(one));
  const columns = right.filter((one) => isIn(result)(one) && !isIn(left)(one));
  const count = (labels: readonly string[]) => shape(labels).reduce((product, side) => product * side, 1);
  const seen = (view: View, to: readonly number[]) => reshaped(view, to) ?? inOrderAs(node, network, view, to);
  const one = seen(inOrderOf(a, left, [...stack, ...rows, ...summed]), [...shape(stack), count(rows), count(summed)]);
  const other = seen(inOrderOf(b, right, [...stack, ...summed, ...columns]), [
    ...shape(stack),
    count(summed),
    count(columns),
  ]);
  const product = productsOf(node, network, [one, other], shape(stack));
  const labels = [...stack, ...rows, ...columns];
  network.give(output, inOrderOf(seen(product, shape(labels)), labels, result));
};

const said = (node: OnnxNode) => textOf(node, 'equation', '');

/** A label for each dimension. @throws InputError where some are not named, or named twice. */
function labelsOf(node: OnnxNode): { readonly operands: readonly string[][]; readonly result: readonly string[] } {
  const [before = '', after] = said(node).replaceAll(' ', '').split('->');
  const operands = before.split(',').map((labels) => [...labels]);
  const all = operands.flat();
  const result =
    after === undefined ? all.filter((one) => all.filter((other) => other === one).length === 1).sort() : [...after];
  const isTwice = [...operands, result].some((labels) => new Set(labels).size !== labels.length);
  if (
    operands.length > 2 ||
    operands.length !== node.inputs.length ||
    isTwice ||
    !/^[a-zA-Z]*$/.test([...all, ...result].join(''))
  ) {
    throw unsupported(node, `expected one or two tensors, each dimension with a letter of its own, got ${said(node)}`);
  }
  return { operands, result };
}

function viewOf(node: OnnxNode, network: Lowering, index: number, labels: readonly string[]): View {
  const view = network.viewOf(node.inputs[index]) ?? constantView(node, network, network.constant(node, index));
  if (view.dims.length !== labels.length)
    throw unsupported(node, `expected ${labels.length} dimensions, got [${shapeOf(view).join(', ')}]`);
  return view;
}

const sidesOf = (labels: readonly string[], view: View) =>
  shapeOf(view).map((side, i): [string, number] => [labels[i]!, side]);

const inOrderOf = (view: View, from: readonly string[], to: readonly string[]): View =>
  transposed(
    view,
    to.map((label) => from.indexOf(label)),
  );
