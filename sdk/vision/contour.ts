import type { Point } from './geometry.ts';

/** Numbers at the crossings of columns and rows, which need not be equally far apart. */
export interface Field {
  /** Row by row, `xs.length` x `ys.length`. */
  readonly values: Float32Array;
  /** Positions of the columns, ascending. */
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

/**
 * The borders of where a field is above 0, by marching squares: closed polygons, whose corners lie where the field is 0
 * between two neighbours that differ in sign, linearly. Beyond its edges the field is below 0, so what reaches an edge ends
 * there. Where two opposite corners of a square are above 0, they are joined if their mean with the others is.
 *
 * @returns Rings without their first point repeated, the inside on the left of the way along them in a picture; holes are
 * rings of their own, the other way round.
 */
export function contours({ values, xs, ys }: Field): Point[][] {
  const [columns, rows] = [xs.length, ys.length];
  // Outside is a ring of columns and rows at the very edge.
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= columns || row >= rows
      ? Number.NEGATIVE_INFINITY
      : values[row * columns + column]!;
  const clampedX = (column: number) => xs[Math.min(columns - 1, Math.max(0, column))]!;
  const clampedY = (row: number) => ys[Math.min(rows - 1, Math.max(0, row))]!;
  /** Where the field is 0 between two crossings. */
  const share = (a: number, b: number) =>
    Number.isFinite(a) && Number.isFinite(b) ? a / (a - b) : Number.isFinite(a) ? 0 : 1;
  // A side of a square is known by its first crossing and whether it goes right or down.
  const wide = columns + 2;
  const across = (column: number, row: number) => 2 * ((row + 1) * wide + column + 1);
  const down = (column: number, row: number) => across(column, row) + 1;
  const next = new Map<number, number>();
  const points = new Map<number, Point>();
  const pointOf = (key: number): Point => {
    const [place, isDown] = [key >> 1, key & 1];
    const [column, row] = [(place % wide) - 1, Math.floor(place / wide) - 1];
    const t = share(at(column, row), isDown ? at(column, row + 1) : at(column + 1, row));
    const [x, y] = [clampedX(column), clampedY(row)];
    return isDown ? [x, y + (clampedY(row + 1) - y) * t] : [x + (clampedX(column + 1) - x) * t, y];
  };
  for (let row = -1; row < rows; row++) {
    for (let column = -1; column < columns; column++) {
      const [a, b, c, d] = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
      const kind = (a > 0 ? 1 : 0) | (b > 0 ? 2 : 0) | (c > 0 ? 4 : 0) | (d > 0 ? 8 : 0);
      if (kind === 0 || kind === 15) continue;
      const [top, right] = [across(column, row), down(column + 1, row)];
      const [bottom, left] = [across(column, row + 1), down(column, row)];
      const isJoined = a + b + c + d > 0;
      for (const [from, to] of linesOf(kind, isJoined, top, right, bottom, left)) next.set(from, to);
    }
  }
  const rings: Point[][] = [];
  for (const start of next.keys()) {
    if (points.has(start)) continue;
    const ring: Point[] = [];
    for (let key = start; !points.has(key); key = next.get(key)!) {
      const point = pointOf(key);
      points.set(key, point);
      const last = ring.at(-1);
      if (!last || last[0] !== point[0] || last[1] !== point[1]) ring.push(point);
    }
    if (ring.length >= 3) rings.push(ring);
  }
  return rings;
}

/** The lines through a square, each from side to side. Each side begins one line at most, of this square and its neighbour. */
function linesOf(
  kind: number,
  isJoined: boolean,
  top: number,
  right: number,
  bottom: number,
  left: number,
): [number, number][] {
  switch (kind) {
    case 1:
      return [[top, left]];
    case 2:
      return [[right, top]];
    case 3:
      return [[right, left]];
    case 4:
      return [[bottom, right]];
    case 5:
      return isJoined
        ? [
            [top, right],
            [bottom, left],
          ]
        : [
            [top, left],
            [bottom, right],
          ];
    case 6:
      return [[bottom, top]];
    case 7:
      return [[bottom, left]];
    case 8:
      return [[left, bottom]];
    case 9:
      return [[top, bottom]];
    case 10:
      return isJoined
        ? [
            [left, top],
            [right, bottom],
          ]
        : [
            [right, top],
            [left, bottom],
          ];
    case 11:
      return [[right, bottom]];
    case 12:
      return [[left, right]];
    case 13:
      return [[top, right]];
    default:
      return [[left, top]];
  }
}

/** Twice the area of a polygon, positive or negative by its sense. */
export function signedArea(polygon: readonly Point[]): number {
  let sum = 0;
  for (const [i, [x, y]] of polygon.entries()) {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length]!;
    sum += x * nextY - nextX * y;
  }
  return sum;
}

/**
 * Polygons with fewer corners: no border moves by more than a tolerance (Douglas and Peucker), which is raised until all have
 * at most `most` corners together. The smallest go first where there are too many.
 *
 * @param tolerance Pixels, above 0.
 */
export function simplified(polygons: readonly (readonly Point[])[], tolerance: number, most: number): Point[][] {
  const bySize = [...polygons].sort((a, b) => Math.abs(signedArea(b)) - Math.abs(signedArea(a)));
  for (let allowed = tolerance; ; allowed *= 1.5) {
    const thinned = bySize
      .map((polygon) => simplifiedRing(polygon, allowed))
      .filter((polygon) => polygon.length >= 3 && Math.abs(signedArea(polygon)) > 2 * allowed * allowed);
    if (thinned.reduce((sum, { length }) => sum + length, 0) <= most) return thinned;
  }
}

/** A closed ring: its point farthest from the first one divides it into two open lines. */
function simplifiedRing(ring: readonly Point[], tolerance: number): Point[] {
  const [first] = ring;
  if (!first) return [];
  let farthest = 0;
  let most = -1;
  for (const [i, [x, y]] of ring.entries()) {
    const distance = Math.hypot(x - first[0], y - first[1]);
    if (distance > most) [farthest, most] = [i, distance];
  }
  const there = simplifiedLine(ring.slice(0, farthest + 1), tolerance);
  const back = simplifiedLine([...ring.slice(farthest), first], tolerance);
  return [...there.slice(0, -1), ...back.slice(0, -1)];
}

function simplifiedLine(line: readonly Point[], tolerance: number): Point[] {
  const kept = new Set([0, line.length - 1]);
  const open: [number, number][] = [[0, line.length - 1]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [from, to] = part;
    let worst = -1;
    let most = tolerance;
    for (let i = from + 1; i < to; i++) {
      const distance = distanceTo(line[i]!, line[from]!, line[to]!);
      if (distance > most) [worst, most] = [i, distance];
    }
    if (worst < 0) continue;
    kept.add(worst);
    open.push([from, worst], [worst, to]);
  }
  return line.filter((_, i) => kept.has(i));
}

/** Distance of a point from the line between two others. */
function distanceTo([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
