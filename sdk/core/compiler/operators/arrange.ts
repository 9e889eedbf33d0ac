import type { OnnxNode } from '../../onnx/graph.ts';
import { limits } from '../../program/program.ts';
import { type Constant, unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, Stretch, View } from '../network/network.ts';
import { movedTo, pictureView, regionOf, reshaped, shapeOf, sizeOf } from '../network/view.ts';
import { labelOf } from './operator.ts';

type Axis = Stretch['axis'];
const axes = ['h', 'w', 'c'] as const;

/** Which dimensions of a view walk along each axis, the outermost first. */
export type Layout = Readonly<Record<Axis, readonly number[]>>;

/**
 * Moves a view's numbers: they lie as the layout says, without gaps. It stays as it is where it lies so already.
 *
 * @param tensor The graph's name of it, where it has one: the range of its numbers can be measured there.
 * @throws InputError where there are more dimensions or pixels than a step can have.
 */
export function arranged(node: OnnxNode, network: Lowering, view: View, layout: Layout, tensor?: string): View {
  const region = regionOf(view);
  const steps = { h: region.h.step, w: region.w.step, c: 1 };
  const dims: Stretch[][] = view.dims.map(() => []);
  const sides = { h: 1, w: 1, c: 1 };
  const walk: Stretch[] = [];
  for (const axis of axes) {
    for (const dim of layout[axis]) {
      for (const one of view.dims[dim]!) walk.push({ ...one, step: one.step / steps[one.axis] });
    }
    for (const dim of [...layout[axis]].reverse()) {
      const size = sizeOf(view.dims[dim]!);
      if (size > 1) dims[dim] = [{ axis, size, step: sides[axis] }];
      sides[axis] *= size;
    }
  }
  if (isLike(view, dims, sides)) return view;
  if (walk.length > limits.walk || sides.h > limits.floatSide || sides.w > limits.floatSide) {
    throw unsupported(
      node,
      `its numbers would have to be moved in memory, as ${sides.h} x ${sides.w} x ${sides.c} along ${walk.length} dimensions, which is too many`,
    );
  }
  const moved: View = {
    layer: network.add({ kind: 'rearrange', name: `${labelOf(node)}, order`, ...sides, input: region, walk }),
    start: { h: 0, w: 0, c: 0 },
    dims,
  };
  if (tensor !== undefined) moved.layer.measured = { tensor, dims, from: 0 };
  return moved;
}

/** Does a view lie without gaps in its region, as these dimensions say? */
function isLike(view: View, dims: readonly (readonly Stretch[])[], sides: Readonly<Record<Axis, number>>): boolean {
  const region = regionOf(view);
  const isSize = axes.every((axis) => region[axis].size === sides[axis]);
  const plain = movedTo(view.layer, view).dims.map(joined);
  return isSize && JSON.stringify(plain) === JSON.stringify(dims.map(joined));
}

/** Neighbours along an axis as one. */
function joined(dim: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const { axis, size, step } of dim) {
    const last = result.at(-1);
    if (last && last.axis === axis && last.step === size * step)
      result[result.length - 1] = { axis, size: last.size * size, step };
    else result.push({ axis, size, step });
  }
  return result;
}

/** In the order of the tensor: the last dimension as channels, the one before as width, all others as height. */
export function plainLayout(rank: number): Layout {
  const all = Array.from({ length: rank }, (_, i) => i);
  return { h: all.slice(0, -2), w: all.slice(-2, -1), c: all.slice(-1) };
}

/** A view of nothing yet, for `likeView`: how a tensor of this shape lies in its order. */
export function plainView(shape: readonly number[]): View {
  const { h, w, c } = plainLayout(shape.length);
  const dims: Stretch[][] = shape.map(() => []);
  const sides = { h: 1, w: 1, c: 1 };
  for (const [axis, list] of [
    ['h', h],
    ['w', w],
    ['c', c],
  ] as const) {
    for (const dim of [...list].reverse()) {
      if (shape[dim]! > 1) dims[dim] = [{ axis, size: shape[dim]!, step: sides[axis] }];
      sides[axis] *= shape[dim]!;
    }
  }
  // Only its dimensions are looked at.
  const layer = { kind: 'constant', name: '', ...sides, values: new Float32Array(0) } as const satisfies Layer;
  return { layer, start: { h: 0, w: 0, c: 0 }, dims };
}

/** All numbers of a view in the order of the tensor, seen as another shape. */
export function inOrderAs(
  node: OnnxNode,
  network: Lowering,
  view: View,
  shape: readonly number[],
  tensor?: string,
): View {
  const plain = arranged(node, network, view, plainLayout(view.dims.length));
  const seen = reshaped(plain, shape);
  if (seen) return seen;
  const flat = arranged(node, network, view, { h: [], w: [], c: view.dims.map((_, i) => i) });
  const result = reshaped({ ...flat, dims: [flat.dims.flat()].map(joinedAll) }, shape);
  if (!result) throw unsupported(node, `[${shapeOf(view).join(', ')}] cannot be seen as [${shape.join(', ')}]`);
  if (tensor !== undefined) result.layer.measured ??= { tensor, dims: result.dims, from: 0 };
  return result;
}

/** The layer is one line of channels. */
const joinedAll = (dim: readonly Stretch[]): Stretch[] => [{ axis: 'c', size: sizeOf(dim), step: 1 }];

/** Stretches of a view along an axis, the outermost first, with the dimension that each belongs to. */
function along(view: View, axis: Axis): { readonly dim: number; readonly size: number; readonly step: number }[] {
  return movedTo(view.layer, view)
    .dims.flatMap((dim, i) => dim.filter((one) => one.axis === axis).map(({ size, step }) => ({ dim: i, size, step })))
    .sort((a, b) => b.step - a.step);
}

/** Has a view's region no numbers beside the view's own? */
export function isCompact(view: View): boolean {
  const region = regionOf(view);
  return axes.every((axis) => along(view, axis).reduce((product, { size }) => product * size, 1) === region[axis].size);
}

/**
 * A view as another one lies, so that a step can go through both at once: a dimension of size 1 is spread over the other's.
 *
 * @param target Compact. @throws InputError where it cannot lie so.
 */
export function likeView(node: OnnxNode, network: Lowering, view: View, target: View, tensor?: string): View {
  const missing = target.dims.length - view.dims.length;
  const full: View = { ...view, dims: [...Array.from({ length: missing }, () => []), ...view.dims] };
  // Each dimension in the parts that the target's has.
  const parts = target.dims.map((dim, i) =>
    full.dims[i]!.length === 0 ? dim.map(() => 1) : dim.map(({ size }) => size),
  );
  const fine = reshaped(full, parts.flat());
  if (!fine) {
    throw unsupported(
      node,
      `[${shapeOf(view).join(', ')}] does not lie in memory such that it goes with [${shapeOf(target).join(', ')}]`,
    );
  }
  const first = parts.map((_, i) => parts.slice(0, i).flat().length);
  const seen = new Map<string, number>();
  const spread = fine.dims.map((dim) => [...dim]);
  const layout = { h: [] as number[], w: [] as number[], c: [] as number[] };
  for (const axis of axes) {
    const stretches = along(target, axis).map(({ dim, size, step }) => {
      const within = movedTo(target.layer, target).dims[dim]!.findIndex(
        (one) => one.axis === axis && one.step === step,
      );
      return { at: first[dim]! + within, size };
    });
    const isAlone = stretches.every(({ at }) => spread[at]!.length === 0);
    for (const { at, size } of stretches) {
      // Read again and again: a step of 0.
      if (!isAlone && spread[at]!.length === 0) spread[at] = [{ axis: 'h', size, step: 0 }];
      layout[axis].push(at);
      seen.set(`${at}`, size);
    }
  }
  const isSpread = spread.some((dim) => dim.some(({ step }) => step === 0));
  const result = arranged(node, network, { ...fine, dims: spread }, layout, isSpread ? undefined : tensor);
  // As the target's dimensions again.
  const dims = parts.map((list, i) => list.flatMap((_, k) => result.dims[first[i]! + k]!));
  return { ...result, dims };
}

/** A constant as a layer that goes with a view: of each axis one number where all are alike. @param target Compact. */
export function constantLike(node: OnnxNode, network: Lowering, { shape, data }: Constant, target: View): View {
  const missing = target.dims.length - shape.length;
  const sideOf = (dim: number) => (dim < missing ? 1 : shape[dim - missing]!);
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, side) => product * side, 1));
  const isOne = data.every((value) => value === data[0]);
  const moved = movedTo(target.layer, target);
  const region = regionOf(target);
  const offsets = {} as Record<Axis, number[]>;
  for (const axis of axes) {
    const stretches = isOne
      ? []
      : moved.dims.flatMap((dim, i) =>
          dim.flatMap((one, k) => {
            if (one.axis !== axis || sideOf(i) === 1) return [];
            const inner = sizeOf(dim.slice(k + 1));
            return [{ size: one.size, step: one.step, stride: inner * strides[i - missing]! }];
          }),
        );
    const side = stretches.length === 0 ? 1 : region[axis].size;
    offsets[axis] = Array.from({ length: side }, (_, at) =>
      stretches.reduce((sum, { size, step, stride }) => sum + (Math.floor(at / step) % size) * stride, 0),
    );
  }
  const [h, w, c] = [offsets.h.length, offsets.w.length, offsets.c.length];
  const values = Float32Array.from(
    offsets.h.flatMap((a) => offsets.w.flatMap((b) => offsets.c.map((own) => data[a + b + own]!))),
  );
  const layer = network.add({ kind: 'constant', name: `${labelOf(node)}, constant`, h, w, c, values });
  return { layer, start: { h: 0, w: 0, c: 0 }, dims: pictureView(layer).dims };
}

/** A constant as a tensor of its own, in its order. */
export function constantView(node: OnnxNode, network: Lowering, { shape, data }: Constant): View {
  const { layer, dims } = plainView(shape);
  const { h, w, c } = layer;
  const values = Float32Array.from(data);
  const own = network.add({ kind: 'constant', name: `${labelOf(node)}, constant`, h, w, c, values });
  return { layer: own, start: { h: 0, w: 0, c: 0 }, dims };
}
