import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { PairLayer, View } from '../network/network.ts';
import { movedTo, regionOf, shapeOf } from '../network/view.ts';
import { arranged, constantLike, isCompact, likeView, plainLayout, plainView } from './arrange.ts';
import { labelOf } from './operator.ts';

/**
 * Two operands as floats, number by number, wherever each lies: a tensor that depends on the picture beside another one or a
 * constant, of which dimensions of size 1 are spread.
 */
export function pair(node: OnnxNode, network: Lowering, op: PairLayer['op']): void {
  const shape = network.shapeOf(node.outputs[0]!);
  const views = [0, 1].map((index) => network.viewOf(node.inputs[index]));
  const isFull = (view: View | undefined) => view !== undefined && shapeOf(view).join() === shape.join();
  const whole = views.find(isFull);
  // Where neither has all numbers of the result, each is spread to it.
  const target = whole ? compact(node, network, whole, node.inputs[views.indexOf(whole)]!) : plainView(shape);
  const operands = views.map((view, index) => {
    // A constant has no view, and there may be none that is whole.
    if (view !== undefined && view === whole) return target;
    const tensor = node.inputs[index]!;
    return view
      ? likeView(node, network, view, target, tensor)
      : constantLike(node, network, network.constant(node, index), target);
  });
  const [input, second] = operands.map(regionOf);
  const { h, w, c } = regionOf(target);
  const sides = { h: h.size, w: w.size, c: c.size };
  const layer = network.add({ kind: 'pair', op, name: labelOf(node), ...sides, input: input!, second: second! });
  if (target.dims.length !== shape.length)
    throw unsupported(node, 'its second input has more dimensions than its first');
  network.give(node.outputs[0]!, { ...movedTo(target.layer, target), layer });
}

function compact(node: OnnxNode, network: Lowering, view: View, tensor: string): View {
  return isCompact(view) ? view : arranged(node, network, view, plainLayout(view.dims.length), tensor);
}
