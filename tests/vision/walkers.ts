import { random } from '../../sdk/base/random.ts';
import { type Box, type Point, segmentsCross, sideOf } from '../../sdk/vision/geometry.ts';
import type { Seen } from './fakes.ts';

/** The picture that people walk through, pixels. */
export const view = { width: 1280, height: 720 };

/** Where somebody's feet really are, pixels, from second 0 until he is gone. */
export interface Walk {
  readonly feet: (seconds: number) => Point;
  readonly seconds: number;
}

/** What a camera and a network make of the truth. */
export interface Sight {
  /** Looks a second. */
  readonly rate: number;
  /** Standard deviation of each edge of a box, in shares of its height or width. */
  readonly tremble: number;
  /** Seconds after which a box is no longer wrong in the same way (63 % of it); default: at the next look. */
  readonly sticks?: number;
  /** The share of looks in which the network sees nothing. */
  readonly missed: number;
  /** When the network sees nothing, since something stands in front of him. */
  readonly isHidden?: (seconds: number) => boolean;
  /** When there are no looks at all. */
  readonly isGap?: (seconds: number) => boolean;
}

/** One look: when, and what the network saw. */
export interface Look {
  readonly seconds: number;
  readonly seen: readonly Seen[];
}

/**
 * Looks at somebody, and on for some seconds after he is gone. They come up to a tenth of their distance early or late, as
 * frames do.
 *
 * @param size Width and height of his box, pixels.
 */
export function looksAt({ feet, seconds: length }: Walk, [width, height]: Point, sight: Sight, seed: number): Look[] {
  const { rate, tremble, sticks = 0, missed, isHidden = () => false, isGap = () => false } = sight;
  const next = random(seed);
  const looks: Look[] = [];
  let errors = [0, 0, 0, 0].map(() => gauss(next));
  let last = Number.NEGATIVE_INFINITY;
  const start = -next() / rate;
  for (let k = 0; ; k++) {
    const seconds = start + (k + 0.1 * (2 * next() - 1)) / rate;
    if (seconds > length + 4) return looks;
    const kept = sticks > 0 ? Math.exp((last - seconds) / sticks) : 0;
    errors = errors.map((error) => kept * error + Math.sqrt(1 - kept ** 2) * gauss(next));
    last = seconds;
    const isSeen = next() >= missed && seconds >= 0 && seconds <= length && !isHidden(seconds);
    if (isGap(seconds)) continue;
    const [x, y] = feet(seconds);
    const off = errors.map((error, i) => tremble * (i % 2 ? height : width) * error) as unknown as Box;
    const box: Box = [x - width / 2 + off[0], y - height + off[1], x + width / 2 + off[2], y + off[3]];
    looks.push({ seconds, seen: isSeen ? [[box]] : [] });
  }
}

/** Where to stand, and for how many seconds; in between the way is straight and the speed, pixels a second, the same. */
export function walkOf(stops: readonly (readonly [at: Point, seconds?: number])[], speed: number): Walk {
  const legs: { until: number; feet: (seconds: number) => Point }[] = [];
  let now = 0;
  for (const [i, [at, seconds = 0]] of stops.entries()) {
    const [from] = stops[i - 1] ?? [at];
    const began = now;
    const duration = Math.hypot(at[0] - from[0], at[1] - from[1]) / speed;
    const share = (time: number) => Math.min(1, duration > 0 ? (time - began) / duration : 1);
    const feet = (time: number): Point => [
      from[0] + (at[0] - from[0]) * share(time),
      from[1] + (at[1] - from[1]) * share(time),
    ];
    now += duration + seconds;
    legs.push({ until: now, feet });
  }
  return { feet: (time) => (legs.find(({ until }) => time <= until) ?? legs.at(-1)!).feet(time), seconds: now };
}

export interface TrueCrossing {
  readonly direction: 'in' | 'out';
  readonly seconds: number;
}

/**
 * The crossings of a line that there really were, in order, to 5 ms.
 *
 * @param between The seconds that count; default: all.
 */
export function trueCrossings(
  { feet, seconds: length }: Walk,
  [a, b]: readonly [Point, Point],
  [from, to]: Point = [0, length],
): TrueCrossing[] {
  const crossings: TrueCrossing[] = [];
  const steps = Math.ceil((to - from) * 200);
  let before = feet(from);
  for (let i = 1; i <= steps; i++) {
    const seconds = from + ((to - from) * i) / steps;
    const now = feet(seconds);
    const right = sideOf(a, b, now) > 0;
    if (right !== sideOf(a, b, before) > 0 && segmentsCross(a, b, before, now)) {
      crossings.push({ direction: right ? 'in' : 'out', seconds });
    }
    before = now;
  }
  return crossings;
}

/** A line at some angle with somebody who goes over it, or past it. */
export interface Passer {
  readonly line: readonly [Point, Point];
  readonly walk: Walk;
  readonly size: Point;
}

/**
 * @param options.height Of his box, pixels.
 * @param options.speed In heights a second.
 * @param options.stops How far he goes, in heights beyond the line, and how many seconds he stays there.
 * @param options.along Where he goes over it, at most, in shares of half the line; above 1 is past its ends.
 */
export function passer(
  {
    height,
    speed,
    stops,
    along,
  }: { height: number; speed: number; stops: readonly (readonly [number, number?])[]; along: number },
  seed: number,
): Passer {
  const next = random(seed);
  const angle = next() * 2 * Math.PI;
  const half = 140;
  const centre: Point = [view.width / 2, view.height / 2];
  const on = (share: number): Point => [
    centre[0] + share * half * Math.cos(angle),
    centre[1] + share * half * Math.sin(angle),
  ];
  const over = on((next() * 2 - 1) * along);
  // Up to 60 degrees from straight over it.
  const heading = angle + Math.PI / 2 + (next() * 2 - 1) * (Math.PI / 3);
  const across = Math.cos(heading - angle - Math.PI / 2);
  const places = stops.map(([beyond, seconds]) => {
    const far = (beyond * height) / across;
    return [[over[0] + far * Math.cos(heading), over[1] + far * Math.sin(heading)], seconds] as const;
  });
  return {
    line: [on(-1), on(1)],
    walk: walkOf(places as readonly (readonly [Point, number?])[], speed * height),
    size: [height * 0.4, height],
  };
}

/** A normal number (Box and Muller). */
export function gauss(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
