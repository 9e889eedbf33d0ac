import { InputError } from '../base/errors.ts';
import type { Box, Point } from './geometry.ts';

/** A named point of an object, such as its left eye. */
export interface Keypoint {
  readonly name: string;
  /** Frame pixels, as boxes are. */
  readonly x: number;
  readonly y: number;
  /** How sure the network is that it is there and can be seen, 0..1. */
  readonly score: number;
}

/** The points that a network finds of each object, and which of them are joined. */
export interface Skeleton {
  readonly names: readonly string[];
  /** Pairs of indices of `names`. */
  readonly edges: readonly (readonly [number, number])[];
}

/**
 * The outline of an object: closed polygons in frame pixels, to be filled by the non-zero rule, as SVG and canvases do: one
 * inside another that goes round the other way is a hole. Of a model at most `maxMaskPoints` corners in all.
 */
export type Mask = readonly (readonly Point[])[];

/** What a network tells of an object besides its box. Fields that it does not tell are absent. */
export interface Shape {
  readonly keypoints?: readonly Keypoint[];
  /** Pairs of indices of `keypoints` that are joined. */
  readonly skeleton?: Skeleton['edges'];
  /** Empty where nothing of the object could be told from its surroundings. */
  readonly mask?: Mask;
}

/** Corners of all polygons of one mask, so that its size on the wire is bounded. */
export const maxMaskPoints = 96;
/** Points of one object. */
export const maxKeypoints = 64;

/** The fields of a shape alone, for objects that have more; none where there is no shape. */
export function shapeOf({ keypoints, skeleton, mask }: Shape): Shape {
  return { ...(keypoints && { keypoints }), ...(skeleton && { skeleton }), ...(mask && { mask }) };
}

/**
 * A shape as it is when its box became another one: moved and stretched with it. So a shape is as steady as the box that is
 * reported of its object.
 */
export function movedShape(shape: Shape, from: Box, to: Box): Shape {
  const [scaleX, scaleY] = [scaleOf(from, to, 0), scaleOf(from, to, 1)];
  return mappedShape(shape, ([x, y]) => [to[0] + (x - from[0]) * scaleX, to[1] + (y - from[1]) * scaleY]);
}

const scaleOf = (from: Box, to: Box, axis: 0 | 1) => {
  const side = from[axis + 2]! - from[axis]!;
  return side > 0 ? (to[axis + 2]! - to[axis]!) / side : 1;
};

/** A shape with each of its points moved. */
export function mappedShape(shape: Shape, move: (point: Point) => Point): Shape {
  const { keypoints, skeleton, mask } = shape;
  const placed = keypoints?.map(({ name, x, y, score }) => {
    const [movedX, movedY] = move([x, y]);
    return { name, x: movedX, y: movedY, score };
  });
  return shapeOf({ keypoints: placed, skeleton, mask: mask?.map((polygon) => polygon.map(move)) });
}

/** A shape as JSON has it. */
export interface PlainShape {
  keypoints?: { name: string; x: number; y: number; score: number }[];
  skeleton?: [number, number][];
  mask?: [number, number][][];
}

/** A shape for JSON: points to a tenth of a pixel, scores to four digits. */
export function roundedShape({ keypoints, skeleton, mask }: Shape): PlainShape {
  return {
    ...(keypoints && {
      keypoints: keypoints.map(({ name, x, y, score }) => ({
        name,
        x: round(x, 1),
        y: round(y, 1),
        score: round(score, 4),
      })),
    }),
    ...(skeleton && { skeleton: skeleton.map(([a, b]) => [a, b]) }),
    ...(mask && { mask: mask.map((polygon) => polygon.map(([x, y]) => [round(x, 1), round(y, 1)])) }),
  };
}

function round(value: number, digits: number): number {
  const rounded = Number(value.toFixed(digits));
  return rounded === 0 ? 0 : rounded;
}

/** @throws InputError when a line joins a point that there is not, or itself, or two points have one name. */
export function assertSkeleton(what: string, { names, edges }: Skeleton): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError(`${what}.names: expected each name once, got ${twice} twice`);
  const wrong = edges.find(([a, b]) => a === b || a >= names.length || b >= names.length);
  if (!wrong) return;
  throw new InputError(
    `${what}.edges: expected pairs of two different points from 0 to ${names.length - 1}, got [${wrong.join(', ')}]`,
  );
}
