import { type Box, type Point, segmentsCross, sideOf } from '../../sdk/vision/geometry.ts';
import { random, type Seen } from './fakes.ts';

/** The picture that people walk through, pixels. */
export const view = { width: 1280, height: 720 };

/** Where somebody's feet really are, pixels, while he is in view. */
export interface Walk {
  readonly feet: (seconds: number) => Point;
  /** Seconds that he is in view. */
  readonly from: number;
  readonly to: number;
}

/** What a camera and a network make of the truth. */
export interface Sight {
  /** Looks a second. */
  readonly rate: number;
  /** Standard deviation of each edge of a box, in shares of its height or width. */
  readonly tremble: number;
  /** Seconds after which a box is no longer wrong in the same way (63 % of it); default: from look to look. */
  readonly sticks?: number;
  /** The share of looks in which the network sees nothing. */
  readonly missed: number;
}

/** One look: when, and what the network saw. */
export interface Look {
  readonly seconds: number;
  readonly seen: readonly Seen[];
}

/**
 * Looks at somebody, and on for some seconds after he is gone. The looks come a tenth of their distance early or late, as
 * frames do.
 *
 * @param size Width and height of his box, pixels.
 */
export function looksAt(
  walk: Walk,
  [width, height]: Point,
  { rate, tremble, missed, sticks = 0 }: Sight,
  seed: number,
): Look[] {
  const next = random(seed);
  const looks: Look[] = [];
  let errors = [0, 0, 0, 0].map(() => gauss(next));
  let last = Number.NEGATIVE_INFINITY;
  const start = walk.from - next() / rate;
  for (let k = 0; ; k++) {
    const seconds = start + (k + 0.1 * (2 * next() - 1)) / rate;
    if (seconds > walk.to + 4) return looks;
    const isSeen = next() >= missed && seconds >= walk.from && seconds <= walk.to;
    const [x, y] = walk.feet(seconds);
    const kept = sticks > 0 ? Math.exp((last - seconds) / sticks) : 0;
    errors = errors.map((error) => kept * error + Math.sqrt(1 - kept ** 2) * gauss(next));
    last = seconds;
    const off = errors.map((error, i) => tremble * (i % 2 ? height : width) * error) as unknown as Box;
    const box: Box = [x - width / 2 + off[0], y - height + off[1], x + width / 2 + off[2], y + off[3]];
    looks.push({ seconds, seen: isSeen ? [[box]] : [] });
  }
}

/** A straight way at one speed, pixels a second. */
export function straight(from: Point, to: Point, speed: number): Walk {
  const seconds = Math.hypot(to[0] - from[0], to[1] - from[1]) / speed;
  const feet = (at: number): Point => [
    from[0] + ((to[0] - from[0]) * at) / seconds,
    from[1] + ((to[1] - from[1]) * at) / seconds,
  ];
  return { feet, from: 0, to: seconds };
}

/** Where to stand, and for how long, between straight ways. */
export function way(stops: readonly { at: Point; seconds?: number }[], speed: number): Walk {
  const legs: { until: number; feet: (seconds: number) => Point }[] = [];
  let now = 0;
  for (const [i, { at, seconds = 0 }] of stops.entries()) {
    if (i > 0) {
      const leg = straight(stops[i - 1]!.at, at, speed);
      const began = now;
      now += leg.to;
      legs.push({ until: now, feet: (time) => leg.feet(time - began) });
    }
    now += seconds;
    if (seconds > 0) legs.push({ until: now, feet: () => at });
  }
  return { feet: (time) => (legs.find(({ until }) => time <= until) ?? legs.at(-1)!).feet(time), from: 0, to: now };
}

/** The crossings of a line that there really were, in order. */
export function trueCrossings({ feet, from, to }: Walk, a: Point, b: Point): ('in' | 'out')[] {
  const crossings: ('in' | 'out')[] = [];
  const steps = Math.ceil((to - from) * 200);
  let before = feet(from);
  for (let i = 1; i <= steps; i++) {
    const now = feet(from + ((to - from) * i) / steps);
    const right = sideOf(a, b, now) > 0;
    if (right !== sideOf(a, b, before) > 0 && segmentsCross(a, b, before, now)) crossings.push(right ? 'in' : 'out');
    before = now;
  }
  return crossings;
}

/** A normal number (Box and Muller). */
export function gauss(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
