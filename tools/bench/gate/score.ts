import type { Clip } from './scenes.ts';

/** How long motion counts after it stopped, alike for all gates. */
const lingerSeconds = 0.7;

/** Of the frames in which something moved, and of those in which nothing did: how many were taken for motion? */
export interface Score {
  moving: number;
  seen: number;
  still: number;
  falsely: number;
}

/** @param flags What a gate says of each frame. */
export function scoreOf({ truths }: Clip, flags: readonly boolean[]): Score {
  const score: Score = { moving: 0, seen: 0, still: 0, falsely: 0 };
  for (const [i, truth] of truths.entries()) {
    if (truth === 'moving') {
      score.moving++;
      if (flags[i]) score.seen++;
    } else if (truth === 'still') {
      score.still++;
      if (flags[i]) score.falsely++;
    }
  }
  return score;
}

export function sum(scores: readonly Score[]): Score {
  const total: Score = { moving: 0, seen: 0, still: 0, falsely: 0 };
  for (const score of scores) {
    total.moving += score.moving;
    total.seen += score.seen;
    total.still += score.still;
    total.falsely += score.falsely;
  }
  return total;
}

/** Fraction of correct frames per kind; the mean over the kinds that occur. */
export function right({ moving, seen, still, falsely }: Score): number {
  const parts = [...(moving > 0 ? [seen / moving] : []), ...(still > 0 ? [1 - falsely / still] : [])];
  return parts.reduce((total, part) => total + part, 0) / parts.length;
}

/** Flags of a gate that sees motion where the area is large enough, with the linger that the gate of ours has. */
export function overArea({ fps }: Clip, areas: readonly number[], least: number): boolean[] {
  let last = Number.NEGATIVE_INFINITY;
  return areas.map((area, i) => {
    if (area >= least) last = i;
    return (i - last) / fps <= lingerSeconds;
  });
}
