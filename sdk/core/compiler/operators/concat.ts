import type { OnnxNode } from '../../onnx/graph.ts';
import { none } from '../network/activation.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Region, Stretch, View } from '../network/network.ts';
import { channelsOf, movedTo, regionOf, sizeOf } from '../network/view.ts';
import { arranged, constantView } from './arrange.ts';
import { axisOf, intOf, labelOf, type Operator } from './operator.ts';

/** Channels beside channels, or pixels behind pixels. */
export const concat: Operator = (node, network) => {
  const views = node.inputs.map((name, i) => {
    const constant = network.constantOf(name);
    return constant ? constantView(node, network, constant) : network.view(node, i);
  });
  const dim = axisOf(intOf(node, 'axis', 0), views[0]!.dims.length);
  const isOf = (axis: Stretch['axis']) => (view: View) => view.dims[dim]!.every((one) => one.axis === axis);
  const isBeside = views.every((view) => isOf('c')(view) && channelsAreIn(view, dim));
  if (isBeside && areAlike(views, dim)) beside(node, network, views, dim);
  else if (areLists(views, dim)) behind(node, network, views, dim);
  else inPlainOrder(node, network, views, dim);
};

/** Do all have the same pixels? */
function areAlike(views: readonly View[], dim: number): boolean {
  const pixels = (view: View) => JSON.stringify(movedTo(view.layer, view).dims.map((one, i) => (i === dim ? [] : one)));
  return views.every((view) => pixels(view) === pixels(views[0]!));
}

/** What lies in no such way is put into the order of the tensor, in floats. */
function inPlainOrder(node: OnnxNode, network: Lowering, views: readonly View[], dim: number): void {
  const output = node.outputs[0]!;
  const all = Array.from({ length: views[0]!.dims.length }, (_, i) => i);
  const [before, after] = [all.slice(0, dim), all.slice(dim + 1)];
  const shape = network.shapeOf(output);
  const count = (list: readonly number[]) => list.reduce((product, i) => product * shape[i]!, 1);
  const isList = count(before) === 1;
  const layout = isList ? { h: [], w: [dim], c: after } : { h: before, w: [], c: [dim, ...after] };
  const parts = views.map((view, i) => regionOf(arranged(node, network, view, layout, node.inputs[i])));
  const sides = isList
    ? { h: 1, w: shape[dim]!, c: count(after) }
    : { h: count(before), w: 1, c: count([dim, ...after]) };
  const layer = network.add({ kind: 'concat', name: labelOf(node), ...sides, axis: isList ? 'w' : 'c', parts });
  const dims = shape.map((_, i) =>
    stretchOf(
      shape,
      i,
      isList ? (i < dim ? [] : i === dim ? [dim] : after) : i < dim ? before : [dim, ...after],
      isList && i === dim ? 'w' : i < dim ? 'h' : 'c',
    ),
  );
  network.give(output, { layer, start: { h: 0, w: 0, c: 0 }, dims });
}

/** A dimension among those that walk along an axis together. */
function stretchOf(shape: readonly number[], dim: number, group: readonly number[], axis: Stretch['axis']): Stretch[] {
  const inner = group.filter((other) => other > dim).reduce((product, other) => product * shape[other]!, 1);
  return shape[dim]! > 1 ? [{ axis, size: shape[dim]!, step: inner }] : [];
}

const channelsAreIn = ({ dims }: View, dim: number) =>
  dims.every((stretches, i) => i === dim || stretches.every(({ axis }) => axis !== 'c'));

function beside(node: OnnxNode, network: Lowering, views: readonly View[], dim: number): void {
  const ordered = views.map((view) => inOrder(node, network, view, dim));
  const [first] = ordered as [View, ...View[]];
  const parts = joinNeighbours(ordered.map(regionOf));
  const c = ordered.reduce((sum, view) => sum + sizeOf(view.dims[dim]!), 0);
  const { h, w } = parts[0]!;
  const name = labelOf(node);
  const layer = network.add({ kind: 'concat', name, h: h.size, w: w.size, c, axis: 'c', parts });
  const dims = movedTo(layer, first).dims.map((old, i): readonly Stretch[] =>
    i === dim ? [{ axis: 'c', size: c, step: 1 }] : old,
  );
  network.give(node.outputs[0]!, { layer, start: { h: 0, w: 0, c: 0 }, dims });
}

/** Channels that lie in another order are put into this one: a convolution that only picks, which loses nothing. */
export function inOrder(node: OnnxNode, network: Lowering, view: View, dim: number): View {
  const region = regionOf(view);
  const channels = channelsOf(view, dim)!.map((at) => at - region.c.from);
  if (channels.length === region.c.size && channels.every((at, i) => at === i)) return view;
  return ofChannels(node, network, view, dim, channelsOf(view, dim)!);
}

/** These of a layer's channels: a convolution that only picks. @param dim The view's dimension that walks along channels. */
export function ofChannels(node: OnnxNode, network: Lowering, view: View, dim: number, all: readonly number[]): View {
  const region = regionOf(view);
  const channels = all.map((at) => at - region.c.from);
  const { h, w, c } = region;
  const weights = new Float32Array(channels.length * c.size);
  channels.forEach((at, o) => {
    weights[o * c.size + at] = 1;
  });
  const layer = network.add({
    ...{ kind: 'conv', name: `${labelOf(node)}, order`, h: h.size, w: w.size, c: channels.length, input: region },
    ...{ isDepthwise: false, weights, bias: new Float64Array(channels.length), kernel: [1, 1], stride: [1, 1] },
    ...{ pad: [0, 0, 0, 0], dilation: [1, 1], activation: none, picks: channels },
  });
  const moved = movedTo(layer, view).dims;
  const line: readonly Stretch[] = [{ axis: 'c', size: channels.length, step: 1 }];
  return { layer, start: { h: 0, w: 0, c: 0 }, dims: moved.map((old, i) => (i === dim ? line : old)) };
}

/** Slices of one layer that follow each other are one slice. */
function joinNeighbours(parts: readonly Region[]): Region[] {
  const result: Region[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    const isNext =
      last?.layer === part.layer &&
      last.c.from + last.c.size === part.c.from &&
      (['h', 'w'] as const).every(
        (axis) =>
          last[axis].from === part[axis].from &&
          last[axis].size === part[axis].size &&
          last[axis].step === part[axis].step,
      );
    if (last && isNext) result[result.length - 1] = { ...last, c: { ...last.c, size: last.c.size + part.c.size } };
    else result.push(part);
  }
  return result;
}

/** Do all lie in memory as lists of pixels? */
function areLists(views: readonly View[], dim: number): boolean {
  const inner = views.map((view) => view.dims.filter((_, i) => i !== dim).flat());
  const [first] = inner as [Stretch[], ...Stretch[][]];
  const c = sizeOf(first);
  return views.every((view, i) => {
    const region = regionOf(view);
    const stretches = inner[i]!;
    const isChannels =
      stretches.every(({ axis }) => axis === 'c') && JSON.stringify(stretches) === JSON.stringify(first);
    return isChannels && isRowByRow(view.dims[dim]!, region, c);
  });
}

/** Lists of pixels, one behind the other: each part row by row, what is left of it as channels. */
function behind(node: OnnxNode, network: Lowering, views: readonly View[], dim: number): void {
  const c = sizeOf(views[0]!.dims.filter((_, i) => i !== dim).flat());
  const parts = views.map(regionOf);
  const w = views.reduce((sum, view) => sum + sizeOf(view.dims[dim]!), 0);
  const layer = network.add({ kind: 'concat', name: labelOf(node), h: 1, w, c, axis: 'w', parts });
  const dims = views[0]!.dims.map((old, i): readonly Stretch[] =>
    i === dim ? [{ axis: 'w', size: w, step: 1 }] : old,
  );
  network.give(node.outputs[0]!, { layer, start: { h: 0, w: 0, c: 0 }, dims });
}

/** Does a dimension walk over all rows, in each over all pixels, in each over groups of `inner` channels? */
function isRowByRow(stretches: readonly Stretch[], { h, w, c }: Region, inner: number): boolean {
  const expected: Stretch[] = [
    { axis: 'h' as const, size: h.size, step: h.step },
    { axis: 'w' as const, size: w.size, step: w.step },
    { axis: 'c' as const, size: c.size / inner, step: inner },
  ].filter(({ size }) => size > 1);
  return JSON.stringify(stretches) === JSON.stringify(expected);
}
