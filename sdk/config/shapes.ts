import type { TSchema } from '@sinclair/typebox';

/** Fractions of the picture. */
type Point = readonly [number, number];

/** What a value has to be beyond its JSON Schema. Not part of the one that others read. */
const rule = Symbol('rule');

/** @returns What is wrong with a value that fits the schema, and what to do; undefined if nothing is. */
type Rule = (value: never) => string | undefined;

export const ruleOf = (schema: TSchema): ((value: unknown) => string | undefined) | undefined =>
  (schema as { [rule]?: (value: unknown) => string | undefined })[rule];

/** Adds a rule to a schema; a copy of the schema has it too. */
export const ruled = <T extends TSchema>(schema: T, check: Rule): T => ({ ...schema, [rule]: check });

/**
 * Why a polygon is no area, or undefined. Sides may touch: a hole is drawn by a cut to it and back. Where they cross,
 * a part of what is meant lies outside.
 */
export function polygonProblem(polygon: readonly Point[]): string | undefined {
  const side = (i: number) => [polygon[i]!, polygon[(i + 1) % polygon.length]!] as const;
  const name = (i: number) => `${i + 1}-${((i + 1) % polygon.length) + 1}`;
  for (let i = 0; i < polygon.length; i++) {
    for (let j = i + 1; j < polygon.length; j++) {
      if (doCross(...side(i), ...side(j))) {
        return `the side between corners ${name(i)} crosses the one between ${name(j)}: list the corners in order around the area, or make two of it`;
      }
    }
  }
  const [first] = polygon;
  const isFlat = polygon.every((a, i) => polygon.every((b, j) => j <= i || turn(first!, a, b) === 0));
  return isFlat ? 'all corners lie on one line, which has no area: expected corners around one' : undefined;
}

/** Why a line cannot be crossed, or undefined. */
export function lineProblem({ from, to }: { readonly from: Point; readonly to: Point }): string | undefined {
  return from[0] === to[0] && from[1] === to[1]
    ? 'from and to are the same point, which nothing can cross: expected two ends'
    : undefined;
}

/** On which side of the way from a to b the point is; 0: on it, but for what rounding can do. */
function turn(a: Point, b: Point, p: Point): -1 | 0 | 1 {
  const twice = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
  return Math.abs(twice) < 1e-12 ? 0 : twice > 0 ? 1 : -1;
}

/** Touching does not count. */
const doCross = (a: Point, b: Point, c: Point, d: Point) =>
  turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
