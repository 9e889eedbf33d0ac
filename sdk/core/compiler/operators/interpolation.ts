import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import { floatOf, intOf, textOf } from './operator.ts';

/** How a side is resized. */
export interface Side {
  readonly from: number;
  readonly to: number;
  /** To / from, as the file says it: its product with `from` need not be whole. */
  readonly scale: number;
}

/**
 * Each output pixel of a side as a sum of input pixels, as ONNX defines Resize.
 *
 * @returns `from` rows of `to` numbers.
 * @throws InputError when the way is another one than those between pixels of the picture.
 */
export function interpolation(node: OnnxNode, side: Side): Float32Array {
  const { from, to } = side;
  const matrix = new Float32Array(from * to);
  const mode = textOf(node, 'mode', 'nearest');
  for (let i = 0; i < to; i++) {
    const at = sourceOf(node, i, side);
    for (const [pixel, part] of mode === 'nearest'
      ? [[nearestOf(node, at), 1] as const]
      : weightsOf(node, mode, at, side)) {
      matrix[Math.min(from - 1, Math.max(0, pixel)) * to + i]! += part;
    }
  }
  return matrix;
}

/**
 * In 32 bits, as the runtimes compute it: a factor of 0.4 is a little more than that as a float, so that in more digits the pixel
 * that lies at 5 would lie just below it, and another one be the nearest.
 */
function sourceOf(node: OnnxNode, i: number, { from, to, scale: exact }: Side): number {
  const way = textOf(node, 'coordinate_transformation_mode', node.op === 'Upsample' ? 'asymmetric' : 'half_pixel');
  const scale = Math.fround(exact);
  switch (way) {
    case 'half_pixel':
      return Math.fround(Math.fround((i + 0.5) / scale) - 0.5);
    case 'pytorch_half_pixel':
      return to > 1 ? Math.fround(Math.fround((i + 0.5) / scale) - 0.5) : 0;
    case 'align_corners':
      return to > 1 ? Math.fround((i * (from - 1)) / (to - 1)) : 0;
    case 'asymmetric':
      return Math.fround(i / scale);
    default:
      throw unsupported(node, `expected pixels of the picture, got ${way}`);
  }
}

const roundings: Readonly<Record<string, (at: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
};

/** The pixel at a place between pixels; it may be beside the picture. */
export function nearestOf(node: OnnxNode, at: number): number {
  const rounding = textOf(node, 'nearest_mode', node.op === 'Upsample' ? 'floor' : 'round_prefer_floor');
  const round = roundings[rounding];
  if (!round) throw unsupported(node, `expected a way to round, got ${rounding}`);
  return round(at);
}

/** The pixels around a place, and how much of each. */
function weightsOf(node: OnnxNode, mode: string, at: number, { from, scale }: Side): (readonly [number, number])[] {
  const isCubic = mode === 'cubic';
  if (!isCubic && mode !== 'linear') throw unsupported(node, `expected nearest, linear or cubic, got ${mode}`);
  const a = floatOf(node, 'cubic_coeff_a', -0.75);
  // A filter against aliasing is as much wider as the picture becomes smaller.
  const wide = intOf(node, 'antialias', 0) === 1 ? Math.min(1, scale) : 1;
  const reach = (isCubic ? 2 : 1) / wide;
  const of = isCubic ? (x: number) => cubic(Math.abs(x), a) : (x: number) => Math.max(0, 1 - Math.abs(x));
  const pixels = Array.from({ length: Math.ceil(2 * reach) + 2 }, (_, k) => Math.floor(at - reach) + k);
  const isOutside = intOf(node, 'exclude_outside', 0) === 1;
  const all = pixels
    .map((pixel) => [pixel, of((pixel - at) * wide)] as const)
    .filter(([pixel, part]) => part !== 0 && !(isOutside && (pixel < 0 || pixel >= from)));
  const sum = all.reduce((total, [, part]) => total + part, 0);
  return all.map(([pixel, part]) => [pixel, part / sum] as const);
}

function cubic(x: number, a: number): number {
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}
