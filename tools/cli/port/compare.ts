import { InputError } from '../../../sdk/base/errors.ts';
import type { PortTensor } from './tensors.ts';

/** How far two tensors of the same meaning are apart, over all pictures. */
export interface Difference {
  readonly name: string;
  readonly shape: readonly number[];
  /** Greatest difference of any number. */
  readonly maxAbs: number;
  readonly meanAbs: number;
  /** Greatest number of the source, without its sign. */
  readonly greatest: number;
  /** `maxAbs` as a share of `greatest`; Infinity where one is no number, 0 where nothing differs. */
  readonly share: number;
  /** Least of all pictures; 1 where both are zeros. */
  readonly cosine: number;
  /** Pictures whose greatest number is at the same place, as a share, for rows of scores. */
  readonly topOne: number | undefined;
  /** The axes are in another order in the target: [1, 8, 8, 3] for [1, 3, 8, 8]. */
  readonly isTransposed: boolean;
}

/** Tensors by their names, in the order in which they are computed. */
export type Tensors = ReadonlyMap<string, PortTensor>;

/** What may differ. */
export interface Tolerance {
  /** Greatest `share`. */
  readonly share: number;
  /** Least cosine. */
  readonly cosine: number;
}

export const isWithin = ({ share, cosine }: Pick<Difference, 'share' | 'cosine'>, tolerance: Tolerance): boolean =>
  share <= tolerance.share && cosine >= tolerance.cosine;

/**
 * Which output of the target is which of the source: by name, by the only one of that many numbers, or by the order.
 *
 * @throws InputError when there is no such pair.
 */
export function pairOutputs(source: Tensors, target: Tensors): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  const free = new Set(target.keys());
  const pair = (from: string, to: string) => {
    pairs.set(from, to);
    free.delete(to);
  };
  for (const name of source.keys()) if (free.has(name)) pair(name, name);
  for (const [name, { data }] of source) {
    if (pairs.has(name)) continue;
    const alike = [...free].filter((one) => target.get(one)!.data.length === data.length);
    // Converters that rename outputs keep their order.
    if (alike.length > 0) pair(name, alike[0]!);
  }
  if (pairs.size === source.size && free.size === 0) return pairs;
  const told = (tensors: Tensors) =>
    [...tensors].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', ') || 'none';
  throw new InputError(
    `expected the same outputs of both networks: the source has ${told(source)}; the target ${told(target)}`,
  );
}

/**
 * Compares one output over pictures.
 *
 * @param isRow Whether the place of the greatest number is what counts, as in a row of scores.
 * @throws InputError when the numbers cannot be brought into one order.
 */
export function compare(
  name: string,
  source: readonly PortTensor[],
  target: readonly PortTensor[],
  isRow = false,
): Difference {
  let [maxAbs, sum, count, greatest, cosine, same] = [0, 0, 0, 0, 1, 0];
  let isTransposed = false;
  for (const [i, one] of source.entries()) {
    const other = inOrderOf(one.shape, target[i]!);
    if (!other) {
      throw new InputError(
        `the output ${name}: expected [${one.shape.join(', ')}] of the target as of the source, got [${target[i]!.shape.join(', ')}]`,
      );
    }
    isTransposed ||= other.isTransposed;
    const { data } = other;
    let [dot, own, theirs] = [0, 0, 0];
    for (const [at, value] of one.data.entries()) {
      const off = value === data[at] ? 0 : Math.abs(value - data[at]!);
      // Two that are no numbers at the same place are the same.
      if (Number.isNaN(off) && Number.isNaN(value) && Number.isNaN(data[at])) continue;
      maxAbs = Number.isNaN(off) ? Infinity : Math.max(maxAbs, off);
      if (Number.isFinite(value)) greatest = Math.max(greatest, Math.abs(value));
      sum += off;
      // A padding with -Infinity has no cosine.
      if (off === 0 && !Number.isFinite(value)) continue;
      dot += value * data[at]!;
      own += value * value;
      theirs += data[at]! * data[at]!;
    }
    count += one.data.length;
    const lengths = Math.sqrt(own) * Math.sqrt(theirs);
    cosine = Math.min(cosine, lengths > 0 ? Math.min(1, dot / lengths) : own === theirs ? 1 : 0);
    if (isRow && placeOfGreatest(one.data) === placeOfGreatest(data)) same++;
  }
  return {
    name,
    shape: source[0]?.shape ?? [],
    maxAbs,
    meanAbs: count === 0 ? 0 : sum / count,
    greatest,
    share: maxAbs === 0 ? 0 : greatest === 0 ? Infinity : maxAbs / greatest,
    // Of equal numbers it is a rounding less than one.
    cosine: maxAbs === 0 ? 1 : Number.isNaN(cosine) ? 0 : cosine,
    topOne: isRow ? same / source.length : undefined,
    isTransposed,
  };
}

function placeOfGreatest(data: Float32Array): number {
  let place = 0;
  for (const [at, value] of data.entries()) if (value > data[place]!) place = at;
  return place;
}

/** Axes of pictures and of sequences, as frameworks order them: which axis of the target each of the source is. */
const orders: readonly (readonly number[])[] = [
  [0, 3, 1, 2],
  [0, 2, 3, 1],
  [0, 2, 1],
];

/** @returns The target's numbers in the source's order of axes; undefined where its sides allow none. */
export function inOrderOf(
  shape: readonly number[],
  target: PortTensor,
): { data: Float32Array; isTransposed: boolean } | undefined {
  if (sidesOf(shape) === sidesOf(target.shape)) return { data: target.data, isTransposed: false };
  const order = orders.find((one) => isOrder(one, shape, target.shape));
  return order && { data: transposed(target, order), isTransposed: true };
}

/** @param order Which axis of the tensor each of the result is. */
export function transposed({ shape, data }: PortTensor, order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const sides = order.map((axis) => shape[axis]!);
  const result = new Float32Array(data.length);
  for (let at = 0; at < result.length; at++) {
    let left = at;
    let from = 0;
    for (let i = sides.length - 1; i >= 0; i--) {
      from += (left % sides[i]!) * strides[order[i]!]!;
      left = Math.floor(left / sides[i]!);
    }
    result[at] = data[from]!;
  }
  return result;
}

/** A layer whose tensor both networks have. */
export interface LayerDifference extends Difference {
  readonly isWithin: boolean;
}

/**
 * Compares the tensors between the layers that have the same name in both, in the source's order. Names are compared without
 * what frameworks put around them: `:0`, and the folders of a scope.
 */
export function compareLayers(source: Tensors, target: Tensors, tolerance: Tolerance): LayerDifference[] {
  const byName = new Map([...target].map(([name, tensor]) => [bareName(name), tensor]));
  const found: LayerDifference[] = [];
  for (const [name, tensor] of source) {
    const other = target.get(name) ?? byName.get(bareName(name));
    if (!other || other.data.length !== tensor.data.length || tensor.data.length === 0) continue;
    // The same name, and another thing, has none.
    const [best] = inEachOrder(tensor, other)
      .map(({ isTransposed, ...one }) => ({ ...compare(name, [tensor], [one]), isTransposed }))
      .sort((a, b) => b.cosine - a.cosine || a.share - b.share);
    if (best) found.push({ ...best, isWithin: isWithin(best, tolerance) });
  }
  return found;
}

/**
 * A layer's tensor in each order of axes that it may have: of [1, 32, 32, 32] nobody can say by its sides whether its colours
 * are the first or the last, and converters change that from layer to layer.
 */
function inEachOrder({ shape }: PortTensor, target: PortTensor): (PortTensor & { isTransposed: boolean })[] {
  const transpositions = orders
    .filter((order) => isOrder(order, shape, target.shape))
    .map((order) => ({ shape, data: transposed(target, order), isTransposed: true }));
  return sidesOf(shape) === sidesOf(target.shape)
    ? [{ shape, data: target.data, isTransposed: false }, ...transpositions]
    : transpositions;
}

/** Sides that are one say nothing of an order. */
const sidesOf = (shape: readonly number[]) => shape.filter((side) => side !== 1).join('x');

const isOrder = (order: readonly number[], source: readonly number[], target: readonly number[]) =>
  order.length === source.length &&
  target.length === source.length &&
  order.every((axis, i) => target[axis] === source[i]);

const bareName = (name: string) => name.replace(/:\d+$/, '');
