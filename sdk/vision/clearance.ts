import type { Point } from './geometry.ts';
import type { Track } from './track.ts';

/** Who is so many standard deviations of his own tremble beyond an edge is there: no inference in an hour is so far off by chance. */
const beyond = 5;
/** And so many heights of his box at least, about a step: who stands on an edge sways, and boxes stay wrong for seconds. */
const step = 0.15;

/** What is known of a track about an edge, pixels across it. */
export interface Clearance {
  /** Standard deviation of where it stands. */
  readonly tremble: number;
  /** Who is seen so far from the edge is on that side for certain. */
  readonly certain: number;
}

/** @param normal Of the edge, length 1. */
export function clearance({ tremble, box }: Track, [x, y]: Point): Clearance {
  const across = Math.sqrt((tremble[0] * x) ** 2 + (tremble[1] * y) ** 2);
  return { tremble: across, certain: Math.max(beyond * across, step * (box[3] - box[1])) };
}
