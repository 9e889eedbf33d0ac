import { type Point, pointInPolygon } from './geometry.ts';

/** Where a point is relative to a zone's edge. */
export interface Depth {
  /** Signed distance from the nearest edge, pixels; negative outside. Without edges: the picture's diagonal. */
  readonly depth: number;
  /** Of the nearest edge, length 1. */
  readonly normal: Point;
}

/** A zone's polygon in a picture of one size. The border of the picture is not an edge: nothing crosses it. */
export class ZoneShape {
  readonly width: number;
  readonly height: number;
  readonly #corners: Point[];
  /** Four numbers for each edge. */
  readonly #edges: Float64Array;

  /** @param polygon In fractions of the picture. @param size Of the picture, pixels. */
  constructor(polygon: readonly Point[], { width, height }: { width: number; height: number }) {
    this.width = width;
    this.height = height;
    this.#corners = polygon.map(([x, y]): Point => [x * width, y * height]);
    const isBorder = (a: Point, b: Point) =>
      [0, 1].some((axis) => a[axis as 0] === b[axis as 0] && (a[axis as 0] === 0 || a[axis as 0] === 1));
    this.#edges = Float64Array.from(
      polygon.flatMap((b, i) => {
        const last = i > 0 ? i - 1 : polygon.length - 1;
        return isBorder(polygon[last]!, b) ? [] : [...this.#corners[last]!, ...this.#corners[i]!];
      }),
    );
  }

  /** @param point In pixels. */
  at(point: Point): Depth {
    const [px, py] = point;
    const edges = this.#edges;
    let nearest = this.width ** 2 + this.height ** 2;
    let dx = 1;
    let dy = 0;
    for (let i = 0; i < edges.length; i += 4) {
      const ax = edges[i]!;
      const ay = edges[i + 1]!;
      const x = edges[i + 2]! - ax;
      const y = edges[i + 3]! - ay;
      const along = ((px - ax) * x + (py - ay) * y) / (x * x + y * y || 1);
      const share = Math.min(1, Math.max(0, along));
      const wayX = ax + share * x - px;
      const wayY = ay + share * y - py;
      const squared = wayX * wayX + wayY * wayY;
      if (squared >= nearest) continue;
      nearest = squared;
      dx = wayX;
      dy = wayY;
    }
    const length = Math.sqrt(dx * dx + dy * dy);
    const distance = Math.sqrt(nearest);
    return {
      depth: pointInPolygon(point, this.#corners) ? distance : -distance,
      // On the edge itself any will do.
      normal: length > 0 ? [dx / length, dy / length] : [1, 0],
    };
  }
}
