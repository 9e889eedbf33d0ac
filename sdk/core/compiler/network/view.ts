import type { Layer, Range, Region, Stretch, View } from './network.ts';

/** A layer as a tensor [1, channels, height, width]. */
export function pictureView(layer: Layer): View {
  const stretch = (axis: 'h' | 'w' | 'c') => (layer[axis] > 1 ? [{ axis, size: layer[axis], step: 1 }] : []);
  return { layer, start: { h: 0, w: 0, c: 0 }, dims: [[], stretch('c'), stretch('h'), stretch('w')] };
}

export const sizeOf = (dim: readonly Stretch[]): number => dim.reduce((product, { size }) => product * size, 1);

export const shapeOf = ({ dims }: View): number[] => dims.map(sizeOf);

/** All of a layer. */
export function whole(layer: Layer): Region {
  const all = (size: number) => ({ from: 0, size, step: 1 });
  return { layer, h: all(layer.h), w: all(layer.w), c: all(layer.c) };
}

export function isWhole({ layer, h, w, c }: Region): boolean {
  return h.size === layer.h && w.size === layer.w && c.size === layer.c;
}

/** How many places it is along one axis from the first to the last that stretches walk to, both counted. */
export const reachOf = (stretches: readonly Stretch[]): number =>
  stretches.reduce((sum, { size, step }) => sum + (size - 1) * step, 1);

/** Where along one axis stretches walk, the outermost first. */
export function placesOf(stretches: readonly Stretch[], start = 0): number[] {
  return stretches.reduce(
    (places, { size, step }) => places.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * step)),
    [start],
  );
}

/** The smallest block that has all of a view's numbers. */
export function regionOf({ layer, start, dims }: View): Region {
  const all = dims.flat();
  const range = (axis: 'h' | 'w' | 'c'): Range => {
    const mine = all.filter((one) => one.axis === axis);
    const step = axis === 'c' ? 1 : mine.reduce((divisor, one) => greatestDivisor(divisor, one.step), 0) || 1;
    return { from: start[axis], size: (reachOf(mine) - 1) / step + 1, step };
  };
  return { layer, h: range('h'), w: range('w'), c: range('c') };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The view of a layer that has computed something for each number of this view's region: as that lay, so it lies. */
export function movedTo(layer: Layer, view: View): View {
  const { h, w, c } = regionOf(view);
  const steps = { h: h.step, w: w.step, c: c.step };
  const dims = view.dims.map((dim) => dim.map((one) => ({ ...one, step: one.step / steps[one.axis] })));
  return { layer, start: { h: 0, w: 0, c: 0 }, dims };
}

/** Do two views lie alike within their regions? */
export function liesAs(one: View, other: View): boolean {
  const [a, b] = [one, other].map((view) => movedTo(view.layer, view).dims);
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @returns Undefined where it could only be done by moving numbers. */
export function reshaped(view: View, shape: readonly number[]): View | undefined {
  const left = view.dims.flat().reverse();
  const dims: Stretch[][] = [];
  for (const side of shape) {
    const dim: Stretch[] = [];
    for (let wanted = side; wanted > 1; ) {
      const next = left.pop();
      if (!next) return undefined;
      if (wanted % next.size === 0) {
        dim.push(next);
        wanted /= next.size;
      } else if (next.size % wanted === 0) {
        const inner = next.size / wanted;
        dim.push({ ...next, size: wanted, step: next.step * inner });
        left.push({ ...next, size: inner });
        wanted = 1;
      } else return undefined;
    }
    dims.push(merged(dim));
  }
  return left.length === 0 ? { ...view, dims } : undefined;
}

/** Neighbours that walk on where the other ended are one. */
function merged(dim: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const next of dim) {
    const last = result.at(-1);
    if (last && last.axis === next.axis && last.step === next.size * next.step) {
      result[result.length - 1] = { ...next, size: last.size * next.size };
    } else result.push(next);
  }
  return result;
}

export function transposed(view: View, order: readonly number[]): View {
  return { ...view, dims: order.map((from) => view.dims[from]!) };
}

/** @returns Undefined where it would cut through a dimension that walks along several axes. */
export function sliced(view: View, dim: number, from: number, size: number, step = 1): View | undefined {
  const stretches = view.dims[dim]!;
  if (stretches.length === 0) return view;
  const [outer, ...inner] = stretches as [Stretch, ...Stretch[]];
  const unit = sizeOf(inner);
  if (unit > 1 && (from % unit !== 0 || size % unit !== 0 || step !== 1)) return undefined;
  const count = size / unit;
  const start = { ...view.start, [outer.axis]: view.start[outer.axis] + (from / unit) * outer.step };
  const first = count > 1 ? [{ ...outer, size: count, step: outer.step * step }] : [];
  return { ...view, start, dims: view.dims.map((old, i) => (i === dim ? [...first, ...inner] : old)) };
}

/** How the dimensions' channels lie: the index of each in the layer, or undefined where they walk along other axes too. */
export function channelsOf(view: View, dim: number): number[] | undefined {
  const stretches = view.dims[dim]!;
  if (stretches.some(({ axis }) => axis !== 'c')) return undefined;
  return placesOf(stretches, view.start.c);
}

/** Does the dimension walk along no other axis than these, and no other dimension along these? */
export function isAlone(view: View, dim: number, axes: readonly Stretch['axis'][]): boolean {
  return view.dims.every((stretches, i) => stretches.every(({ axis }) => axes.includes(axis) === (i === dim)));
}
