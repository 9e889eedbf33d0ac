import type { Region } from '../frame/letterbox.ts';

/** `[x1, y1, x2, y2]`, any unit. */
export type Box = readonly [number, number, number, number];
/** A point, x and y, in the unit of whatever it is compared with: pixels of a frame, or fractions of it. */
export type Point = readonly [number, number];

export function area(box: Box): number {
  return Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
}

/** Intersection over union, 0..1; 0 where both are empty. */
export function iou(a: Box, b: Box): number {
  const common = shared(a, b);
  return common > 0 ? common / (area(a) + area(b) - common) : 0;
}

/** The fraction of a box that another one covers, 0..1; 0 if the box is empty. */
export function covered(box: Box, by: Box): number {
  const common = shared(box, by);
  return common > 0 ? common / area(box) : 0;
}

function shared(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

/** The box grown on each side by a fraction of its size. */
export function grown(box: Box, share: number): Box {
  const dx = (box[2] - box[0]) * share;
  const dy = (box[3] - box[1]) * share;
  return [box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy];
}

/** The smallest box around two. */
export function united(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

export const boxOf = ({ x, y, width, height }: Region): Box => [x, y, x + width, y + height];

/** The larger of width and height. */
export const longerSide = ([x1, y1, x2, y2]: Box) => Math.max(x2 - x1, y2 - y1);

/** The side of a square with the area of the box; at least 1. */
export function sizeOf(box: Box): number {
  return Math.sqrt(Math.max(1, area(box)));
}

/** Between the centres of two boxes. */
export function apart(a: Box, b: Box): number {
  return Math.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2;
}

/** Where an object is on the ground: the middle of its box's lower edge. */
export function bottomCentre(box: Box): Point {
  return [(box[0] + box[2]) / 2, box[3]];
}

/** Even-odd rule; a point on an edge may count either way. */
export function pointInPolygon([x, y]: Point, polygon: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]!;
    const [xj, yj] = polygon[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/**
 * Twice the signed area of the triangle a, b, p. Positive, in pictures (y down), when p is to the right of the way from
 * a to b.
 */
export function sideOf(a: Point, b: Point, p: Point): number {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}

/** Whether the segments a-b and c-d intersect. Touching counts. */
export function segmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  return sideOf(a, b, c) * sideOf(a, b, d) <= 0 && sideOf(c, d, a) * sideOf(c, d, b) <= 0;
}
