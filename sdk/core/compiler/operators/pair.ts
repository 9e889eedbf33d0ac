import type { OnnxNode } from '../../onnx/graph.ts';
import { type Constant, unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { PairLayer, View } from '../network/network.ts';
import { movedTo, regionOf, shapeOf } from '../network/view.ts';
import { arranged, constantLike, isCompact, likeView, plainLayout, plainView } from './arrange.ts';
import { labelOf } from './operator.ts';

/** A tensor that depends on the picture, or a constant. */
export interface Operand {
  readonly view: View | undefined;
  readonly constant: Constant | undefined;
  /** The graph's name of it, where it has one. */
  readonly tensor: string | undefined;
}

/** A tensor that has no name in the graph. */
export const operandOfView = (view: View): Operand => ({ view, constant: undefined, tensor: undefined });

/** A number, the same for all. */
export const operandOfNumber = (value: number): Operand => ({
  view: undefined,
  constant: { shape: [], data: Float32Array.of(value) },
  tensor: undefined,
});

/**
 * Operands as floats, number by number, wherever each lies: tensors that depend on the picture beside others or
 * constants, of which dimensions of size 1 are spread. Of more than two, one after the other.
 */
export function pair(node: OnnxNode, network: Lowering, op: PairLayer['op']): void {
  network.give(node.outputs[0]!, combined(node, network, op).view!);
}

/** All inputs of a node, one after the other. */
export function combined(node: OnnxNode, network: Lowering, op: PairLayer['op']): Operand {
  const [first, ...others] = node.inputs.map((_, index) => operandOf(node, network, index)) as [Operand, ...Operand[]];
  return others.reduce((result, other, i) => {
    const isLast = i === others.length - 1;
    const shape = isLast ? network.shapeOf(node.outputs[0]!) : spread(sidesOf(result), sidesOf(other));
    return operandOfView(paired(node, network, op, [result, other], shape));
  }, first);
}

/** @throws InputError when the node's input is missing. */
function operandOf(node: OnnxNode, network: Lowering, index: number): Operand {
  const tensor = node.inputs[index];
  const view = network.viewOf(tensor);
  return { view, constant: view ? undefined : network.constant(node, index), tensor };
}

/** Two operands, number by number. @param shape Of what comes of them. */
export function paired(
  node: OnnxNode,
  network: Lowering,
  op: PairLayer['op'],
  operands: readonly [Operand, Operand],
  shape: readonly number[],
): View {
  const whole = operands.find(({ view }) => view !== undefined && shapeOf(view).join() === shape.join());
  // Where neither has all numbers of the result, each is spread to it.
  const target = whole ? compact(node, network, whole.view!, whole.tensor) : plainView(shape);
  const [input, second] = operands.map(({ view, constant, tensor }) => {
    // A constant has no view, and there may be none that is whole.
    if (view !== undefined && view === whole?.view) return regionOf(target);
    return regionOf(
      view ? likeView(node, network, view, target, tensor) : constantLike(node, network, constant!, target),
    );
  });
  const { h, w, c } = regionOf(target);
  const sides = { h: h.size, w: w.size, c: c.size };
  const layer = network.add({ kind: 'pair', op, name: labelOf(node), ...sides, input: input!, second: second! });
  if (target.dims.length !== shape.length)
    throw unsupported(node, 'its second input has more dimensions than its first');
  return movedTo(layer, target);
}

function compact(node: OnnxNode, network: Lowering, view: View, tensor: string | undefined): View {
  return isCompact(view) ? view : arranged(node, network, view, plainLayout(view.dims.length), tensor);
}

const sidesOf = ({ view, constant }: Operand): readonly number[] => (view ? shapeOf(view) : constant!.shape);

/** As ONNX spreads operands over each other. */
export function spread(one: readonly number[], other: readonly number[]): number[] {
  const rank = Math.max(one.length, other.length);
  const side = (shape: readonly number[], dim: number) => shape[dim - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, dim) => Math.max(side(one, dim), side(other, dim)));
}
