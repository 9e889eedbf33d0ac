import type { Point } from './geometry.ts';
import type { Track } from './track.ts';

/**
 * An object this many standard deviations of its jitter beyond an edge is really there: no inference in an hour is that
 * far off by chance.
 */
const beyond = 5;
/**
 * And at least this many box heights, about a step: people standing on an edge sway, and boxes stay wrong for seconds.
 */
const step = 0.15;

/** Where a track is relative to an edge, in pixels across it. */
export interface Clearance {
  /** Standard deviation of its position. */
  readonly tremble: number;
  /** At this distance from the edge it is on that side for certain. */
  readonly certain: number;
}

/** @param normal Of the edge, length 1. */
export function clearance({ tremble, box }: Track, [x, y]: Point): Clearance {
  const across = Math.sqrt((tremble[0] * x) ** 2 + (tremble[1] * y) ** 2);
  return { tremble: across, certain: Math.max(beyond * across, step * (box[3] - box[1])) };
}
