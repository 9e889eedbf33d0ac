import { InputError } from '../../base/errors.ts';
import { contours, simplified } from '../../vision/contour.ts';
import { maxMaskPoints } from '../../vision/shape.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';
import { type DecodedModel, findOutput, type Kept, readOutput, type Shapes } from './decoder.ts';

type Tensors = ReadonlyMap<string, Tensor>;

/** Copies the numbers that follow a box's class scores. */
type Gather = (origin: number, into: Float32Array) => void;

/** Reads what the numbers after the class scores tell of boxes. */
export type Extras = (tensors: Tensors, kept: Kept, gather: Gather) => Shapes;

/**
 * How the numbers after the class scores of YOLO's heads are read: the points of a card with `keypoints`, the mask coefficients
 * of one whose decoder has `prototypes`; undefined where they are skipped.
 *
 * @throws InputError when there are as many numbers as neither has, or the card asks for both.
 */
export function extrasOf(
  { extra = 0, prototypes }: { readonly extra?: number; readonly prototypes?: string },
  model: DecodedModel,
  outputs: readonly TensorInfo[],
): Extras | undefined {
  const { keypoints } = model;
  if (keypoints && prototypes !== undefined) {
    throw new InputError('decoder.prototypes: expected a card with masks or with keypoints, got both');
  }
  if (prototypes !== undefined) return masksOf(prototypes, extra, model, outputs);
  return keypoints && keypointsOf(keypoints.names.length, extra);
}

function keypointsOf(count: number, extra: number): Extras {
  const width = extra / count;
  if (width !== 2 && width !== 3) {
    throw new InputError(
      `decoder.extra: expected ${2 * count} or ${3 * count} numbers for ${count} keypoints (x, y, and a score where the network has one), got ${extra}`,
    );
  }
  const numbers = new Float32Array(extra);
  return (_tensors, { origins, length }, gather) => {
    const keypoints = new Float32Array(length * count * 3);
    for (let row = 0; row < length; row++) {
      gather(origins[row]!, numbers);
      for (let i = 0; i < count; i++) {
        const to = (row * count + i) * 3;
        keypoints[to] = numbers[i * width]!;
        keypoints[to + 1] = numbers[i * width + 1]!;
        // A network that tells no scores is sure of all.
        keypoints[to + 2] = width === 2 ? 1 : numbers[i * width + 2]!;
      }
    }
    return { keypoints };
  };
}

/** A border may move by this many cells of the prototypes, which are some pixels large, to have fewer corners. */
const tolerance = 0.25;

/**
 * Masks of YOLACT's kind (arXiv 1904.02689): each is the sum of prototypes, weighted by a box's coefficients, where that is
 * above 0 inside the box.
 */
function masksOf(prototypes: string, count: number, { input }: DecodedModel, outputs: readonly TensorInfo[]): Extras {
  const shape = [1, count, undefined, undefined];
  const what = 'mask prototypes, one for each of the extra numbers';
  const { name } = findOutput(outputs, prototypes, shape, what);
  const coefficients = new Float32Array(count);
  return (tensors, { boxes, origins, length }, gather) => {
    const { data, shape: given } = readOutput(tensors, name, shape, what);
    const [, , rows, columns] = given as readonly [number, number, number, number];
    const grid = { data, rows, columns, cellX: input.width / columns, cellY: input.height / rows };
    const masks = Array.from({ length }, (_, row) => {
      gather(origins[row]!, coefficients);
      const [x1, y1, x2, y2] = boxes.subarray(row * 4, row * 4 + 4) as unknown as [number, number, number, number];
      const xs = samples(Math.max(0, x1), Math.min(input.width, x2), grid.cellX, columns);
      const ys = samples(Math.max(0, y1), Math.min(input.height, y2), grid.cellY, rows);
      if (!xs || !ys) return [];
      const values = weighted(grid, coefficients, xs, ys);
      const allowed = tolerance * Math.max(grid.cellX, grid.cellY);
      return simplified(contours({ values, xs, ys }), allowed, maxMaskPoints);
    });
    return { masks };
  };
}

interface Grid {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** Pixels of the input. */
  readonly cellX: number;
  readonly cellY: number;
}

/** The centres of cells between two positions, and these. */
function samples(from: number, to: number, cell: number, count: number): Float64Array | undefined {
  // Written so that NaN fails as well.
  if (!(to > from)) return undefined;
  const positions = [from];
  for (let i = Math.max(0, Math.ceil(from / cell - 0.5)); i < count && (i + 0.5) * cell < to; i++) {
    if ((i + 0.5) * cell > from) positions.push((i + 0.5) * cell);
  }
  positions.push(to);
  return Float64Array.from(positions);
}

/** The weighted sum of the prototypes at some positions, between the centres of cells linearly. */
function weighted(grid: Grid, coefficients: Float32Array, xs: Float64Array, ys: Float64Array): Float32Array {
  const { data, rows, columns } = grid;
  const across = Array.from(xs, (x) => between(x / grid.cellX - 0.5, columns));
  const down = Array.from(ys, (y) => between(y / grid.cellY - 0.5, rows));
  const [left, right] = [across[0]!.first, across.at(-1)!.second];
  const [top, bottom] = [down[0]!.first, down.at(-1)!.second];
  const wide = right - left + 1;
  const sums = new Float64Array(wide * (bottom - top + 1));
  for (const [i, coefficient] of coefficients.entries()) {
    for (let row = top; row <= bottom; row++) {
      const from = (i * rows + row) * columns + left;
      const to = (row - top) * wide;
      for (let column = 0; column < wide; column++) sums[to + column]! += coefficient * data[from + column]!;
    }
  }
  const at = (column: number, row: number) => sums[(row - top) * wide + column - left]!;
  const values = new Float32Array(xs.length * ys.length);
  for (const [row, y] of down.entries()) {
    for (const [column, x] of across.entries()) {
      const upper = at(x.first, y.first) * (1 - x.share) + at(x.second, y.first) * x.share;
      const lower = at(x.first, y.second) * (1 - x.share) + at(x.second, y.second) * x.share;
      values[row * xs.length + column] = upper * (1 - y.share) + lower * y.share;
    }
  }
  return values;
}

/** Between which two of so many cells a position is; beyond the first and the last their values go on. */
function between(position: number, count: number): { first: number; second: number; share: number } {
  const place = Math.max(0, Math.min(count - 1, position));
  const first = Math.min(Math.floor(place), Math.max(0, count - 2));
  const second = Math.min(first + 1, count - 1);
  return { first, second, share: second === first ? 0 : place - first };
}
