import type { OnnxNode } from '../../onnx/graph.ts';
import { type Constant, unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import { shapeOf } from '../network/view.ts';
import { type Operand, operandOfNumber, operandOfView, paired, spread } from './pair.ts';

/** Which of two tensors by a constant mask, in floats: what is not chosen is multiplied with 0. */
export function where(node: OnnxNode, network: Lowering): void {
  const [condition, one = '', other = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const mask = network.constantOf(condition);
  if (!mask) {
    throw unsupported(
      node,
      'its condition depends on the picture: expected a constant mask (larger and smaller numbers are chosen by Max, Min and Clip)',
    );
  }
  const chosen = mask.data.map((value) => (value === 0 ? 0 : 1));
  const parts = [
    partOf(node, network, one, { shape: mask.shape, data: chosen }),
    partOf(node, network, other, { shape: mask.shape, data: chosen.map((value) => 1 - value) }),
  ].filter((part) => part !== undefined);
  const shape = network.shapeOf(output);
  const [first, second] = parts as [Operand, Operand | undefined];
  // Where the other one is nowhere chosen, or zeros, there is nothing to add.
  const isSpread = first.view !== undefined && shapeOf(first.view).join() === shape.join();
  const rest = second ?? operandOfNumber(0);
  network.give(output, second || !isSpread ? paired(node, network, 'add', [first, rest], shape) : first.view!);
}

/** A tensor where a mask of zeros and ones has ones, else 0. @returns Undefined where that is 0 everywhere. */
function partOf(node: OnnxNode, network: Lowering, tensor: string, mask: Constant): Operand | undefined {
  if (mask.data.every((value) => value === 0)) return undefined;
  const view = network.viewOf(tensor);
  const own: Constant = { shape: mask.shape, data: Float32Array.from(mask.data) };
  const given = { view: undefined, constant: own, tensor: undefined };
  if (view) {
    if (own.data.every((value) => value === 1)) return { view, constant: undefined, tensor };
    const shape = spread(shapeOf(view), own.shape);
    return operandOfView(paired(node, network, 'multiply', [{ view, constant: undefined, tensor }, given], shape));
  }
  const constant = network.constantOf(tensor);
  if (!constant) throw unsupported(node, `its input ${tensor} is missing`);
  const product = masked(constant, own);
  if (product.data.some((value) => !Number.isFinite(value))) {
    throw unsupported(node, 'expected finite numbers where its mask chooses a constant, got infinite ones');
  }
  return product.data.every((value) => value === 0)
    ? undefined
    : { view: undefined, constant: product, tensor: undefined };
}

/** What a mask leaves of a constant, as large as both together. */
function masked(constant: Constant, mask: Constant): Constant {
  const shape = spread(constant.shape, mask.shape);
  const at = ({ shape: own, data }: Constant, place: readonly number[]) => {
    const index = own.reduce(
      (sum, side, i) => sum * side + (side === 1 ? 0 : place[i + shape.length - own.length]!),
      0,
    );
    return data[index]!;
  };
  const length = shape.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length }, (_, i) => {
    let left = i;
    const place = [...shape].reverse().map((side) => {
      const own = left % side;
      left = Math.floor(left / side);
      return own;
    });
    place.reverse();
    return at(mask, place) === 0 ? 0 : at(constant, place);
  });
  return { shape, data };
}
