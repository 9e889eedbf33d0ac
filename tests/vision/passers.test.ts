import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import type { ZoneSettings } from '../../sdk/config/schema.ts';
import type { Point } from '../../sdk/vision/geometry.ts';
import { Lines } from '../../sdk/vision/lines.ts';
import { Tracker } from '../../sdk/vision/tracker.ts';
import { Zones } from '../../sdk/vision/zones.ts';
import { seen } from './fakes.ts';
import { type Look, looksAt, type Passer, passer, type Sight, trueCrossings, view } from './walkers.ts';

/** People who pass lines and zones, as the tracker sees them, held to what they really did. Nothing was chosen on these seeds. */
const seeds = 130_000;

const shares = ([x, y]: Point): [number, number] => [x / view.width, y / view.height];

/** What is told of somebody at his line, and at a zone. */
function watch({ line }: Passer, looks: readonly Look[], polygon?: ZoneSettings['polygon']) {
  const tracker = new Tracker({ confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 });
  const lines = new Lines();
  const zones = new Zones();
  lines.configure({ line: { from: shares(line[0]), to: shares(line[1]) } });
  zones.configure(polygon ? { zone: { polygon, inertia_seconds: 0.2 } } : {});
  const crossings: { direction: 'in' | 'out'; seconds: number }[] = [];
  const counts = [0];
  let hasEntered = false;
  const ids = new Set<number>();
  for (const { seconds, seen: things } of looks) {
    const tracks = zones.update(tracker.update(seen(...things), seconds * 1e9), view);
    const frame = { ...view, captureTimeNs: seconds * 1e9, wallTimeMs: 1e9 + seconds * 1e3 };
    for (const { direction, time } of lines.update(tracks, frame)) crossings.push({ direction, seconds: time - 1e6 });
    const confirmed = tracks.filter((track) => track.confirmed);
    for (const { id } of confirmed) ids.add(id);
    hasEntered ||= confirmed.some(({ enteredZones }) => enteredZones.length > 0);
    const count = confirmed.filter(({ currentZones }) => currentZones.length > 0).length;
    if (count !== counts.at(-1)) counts.push(count);
  }
  return { crossings, hasEntered, changes: counts.length - 1, tracks: ids.size };
}

interface Tally {
  /** Crossings that there were, and that were counted. */
  truth: number;
  counted: number;
  /** Of people. */
  wrong: number;
  /** How far the told times are off, seconds, in order. */
  late: number[];
}

/** Looks at each of them once. */
function tally(
  people: number,
  make: (seed: number) => Passer,
  sightOf: (passer: Passer) => Sight,
  first = seeds,
): Tally {
  const result: Tally = { truth: 0, counted: 0, wrong: 0, late: [] };
  for (let seed = first; seed < first + people; seed++) {
    const one = make(seed);
    const looks = looksAt(one.walk, one.size, sightOf(one), seed + 500_000);
    // Of what was before the first look at him and after the last one nobody knows.
    const times = looks.filter((look) => look.seen.length > 0).map(({ seconds }) => seconds);
    const truth = trueCrossings(one.walk, one.line, [Math.min(...times), Math.max(...times)]);
    const { crossings } = watch(one, looks);
    result.truth += truth.length;
    result.counted += crossings.length;
    const isRight =
      truth.map(({ direction }) => direction).join() === crossings.map(({ direction }) => direction).join();
    if (isRight) result.late.push(...crossings.map(({ seconds }, i) => Math.abs(seconds - truth[i]!.seconds)));
    else result.wrong++;
  }
  result.late.sort((a, b) => a - b);
  return result;
}

const between = (next: () => number, least: number, most: number) => least + next() * (most - least);
const speeds = { slowly: 0.15, walking: 0.8, running: 2.5 };
const sights = [
  { tremble: 0.01, missed: 0 },
  { tremble: 0.02, missed: 0.1 },
  { tremble: 0.03, missed: 0.3 },
];
/** Pixels. Only the smaller ones stay in the picture, which ends where zones do. */
const heights = [40, 120, 300];
const small = [40, 60, 80];

/** Somebody of one of the heights, by turns, with a way that is his own. */
function somebody(
  seed: number,
  speed: number,
  along: number,
  stops: (next: () => number) => readonly (readonly [number, number?])[],
  sizes = heights,
): Passer {
  return passer({ height: sizes[seed % 3]!, speed, along, stops: stops(random(seed + 1_000_000)) }, seed);
}

/** The tallies of all sights together. */
function over(
  people: number,
  rate: number,
  make: (seed: number) => Passer,
  more: (one: Passer) => Partial<Sight> = () => ({}),
): Tally {
  const all = sights.map((sight, i) =>
    tally(people, make, (one) => ({ rate, ...sight, ...more(one) }), seeds + i * people),
  );
  const sum = (of: (one: Tally) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    truth: sum(({ truth }) => truth),
    counted: sum(({ counted }) => counted),
    wrong: sum(({ wrong }) => wrong),
    late: all.flatMap(({ late }) => late).sort((a, b) => a - b),
  };
}

/** Within 2 % of the truth, and 3 % of them told wrongly at most: there are some who pass a line's end by a hand. */
function expectRight({ truth, counted, wrong }: Tally, people: number) {
  expect(Math.abs(counted - truth), `${counted} of ${truth}`).toBeLessThanOrEqual(0.02 * truth);
  expect(wrong).toBeLessThanOrEqual(0.03 * people);
}

describe.each([5, 10, 25])('lines at %i inferences a second', (rate) => {
  it.each(Object.entries(speeds))('count who goes over them %s, and not who passes their ends', (_, speed) => {
    const reach = Math.max(1, speed);
    const make = (seed: number) =>
      somebody(seed, speed, 1.3, (next) => [[-between(next, 0.5, 2.5) * reach], [between(next, 0.5, 2.5) * reach]]);
    const result = over(120, rate, make);
    expectRight(result, 360);
    // They are told when it was, to a part of the time that a step takes.
    expect(result.late[Math.floor(result.late.length * 0.9)]! * speed).toBeLessThan(0.05);
  });

  it('count there and back who turns behind them, and not who turns before them or on them', () => {
    const turning = (least: number, most: number) => (seed: number) =>
      somebody(seed, 0.8, 0.8, (next) => [
        [-between(next, 1, 2)],
        [between(next, least, most), next()],
        [-between(next, 1, 2)],
      ]);
    const beyond = over(20, rate, turning(0.4, 1.2));
    expect(beyond.truth).toBe(120);
    expectRight(beyond, 60);
    expect(over(20, rate, turning(-0.5, -0.05))).toMatchObject({ truth: 0, counted: 0 });
    expect(over(20, rate, turning(0, 0.05)).counted).toBe(0);
  });

  it('count who is hidden there, or there are no looks', () => {
    const make = (seed: number) => somebody(seed, 0.8, 0.8, (next) => [[-between(next, 1, 2)], [between(next, 1, 2)]]);
    const isThere = (one: Passer) => {
      const [crossing] = trueCrossings(one.walk, one.line);
      return (seconds: number) => Math.abs(seconds - crossing!.seconds) < 0.4;
    };
    expectRight(
      over(20, rate, make, (one) => ({ isHidden: isThere(one) })),
      60,
    );
    expectRight(
      over(20, rate, make, (one) => ({ isGap: isThere(one) })),
      60,
    );
  });

  it('count who is gone just behind them, and who comes into view just before them', () => {
    const ends = (seed: number) =>
      somebody(seed, 0.8, 0.8, (next) => [[-between(next, 1, 2)], [between(next, 0.1, 0.3)]]);
    const begins = (seed: number) =>
      somebody(seed, 0.8, 0.8, (next) => [[-between(next, 0.1, 0.3)], [between(next, 1, 2)]]);
    // Of some there is too little to be sure.
    for (const { counted, truth } of [over(60, rate, ends), over(60, rate, begins)]) {
      expect(counted).toBeLessThanOrEqual(truth);
      expect(counted).toBeGreaterThanOrEqual(0.95 * truth);
    }
  });

  it('do not count who vanishes while he stands on them, but for one in twenty whose last look betrays', () => {
    const make = (seed: number) => somebody(seed, 0.8, 0.8, (next) => [[-between(next, 1, 2)], [-0.001, 20]]);
    const { truth, counted } = over(60, rate, make);
    expect(truth).toBe(0);
    expect(counted).toBeLessThanOrEqual(9);
  });

  it.each([0, 0.5])(
    'do not count who stands on them for a minute; boxes are wrong in the same way for %f s',
    (sticks) => {
      for (const sight of sights) {
        const make = (on: boolean) => (seed: number) =>
          somebody(seed, 0.8, 0.8, (next) => [
            [-between(next, 1, 2)],
            [-0.001, 60],
            [between(next, 1, 2) * (on ? 1 : -1)],
          ]);
        const there = tally(6, make(true), () => ({ rate, ...sight, sticks }));
        expect([there.truth, there.counted]).toEqual([6, 6]);
        const back = tally(6, make(false), () => ({ rate, ...sight, sticks }));
        expect([back.truth, back.counted]).toEqual([0, 0]);
      }
    },
  );
});

describe('lines and zones where the rate changes', () => {
  /** Every 1.5 s: 25 inferences a second, 4, 8, 25 … */
  const isGap = (seconds: number) => {
    const every = [1, 6, 3][Math.floor(Math.max(0, seconds) / 1.5) % 3]!;
    return Math.floor(seconds * 25) % every !== 0;
  };

  it('are passed and entered as at one rate', () => {
    const passing = (seed: number) =>
      somebody(seed, 0.8, 1.3, (next) => [[-between(next, 1, 2.5)], [between(next, 1, 2.5)]]);
    expectRight(
      over(60, 25, passing, () => ({ isGap })),
      180,
    );
    for (let seed = seeds; seed < seeds + 12; seed++) {
      const make = (on: boolean) =>
        somebody(seed, 0.5, 0.5, (next) => [[-1], [on ? between(next, -0.03, 0.03) : 0.6, 30], [-1]], small);
      for (const sight of sights) {
        const looked = (one: Passer) =>
          watch(one, looksAt(one.walk, one.size, { rate: 25, ...sight, isGap }, seed + 500_000), beside(one.line));
        expect(looked(make(false))).toMatchObject({ changes: 2, hasEntered: true });
        expect(looked(make(true)).changes).toBeLessThanOrEqual(2);
      }
    }
  });
});

describe('lines at 2 inferences a second', () => {
  it('count whom the tracker follows: nearly all who go slowly, most who walk', () => {
    const going = (speed: number) => (seed: number) =>
      somebody(seed, speed, 1.3, (next) => [[-between(next, 0.5, 2.5)], [between(next, 0.5, 2.5)]]);
    const [slow, walking] = [over(60, 2, going(0.15)), over(60, 2, going(0.8))];
    expect(slow.counted).toBeGreaterThanOrEqual(0.97 * slow.truth);
    expect(slow.counted).toBeLessThanOrEqual(slow.truth);
    expect(walking.counted).toBeGreaterThanOrEqual(0.85 * walking.truth);
    expect(walking.counted).toBeLessThanOrEqual(walking.truth);
  });

  it.each([0, 0.5])(
    'do not count who stands on them for a minute; boxes are wrong in the same way for %f s',
    (sticks) => {
      const make = (seed: number) =>
        somebody(seed, 0.3, 0.8, (next) => [[-between(next, 1, 2)], [-0.001, 60], [-between(next, 1, 2)]]);
      for (const sight of sights) expect(tally(6, make, () => ({ rate: 2, ...sight, sticks })).counted).toBe(0);
    },
  );
});

/** What is on the right of the way from one point to another, as far as that is long, four times. */
function beside([from, to]: Passer['line']): ZoneSettings['polygon'] {
  const [x, y] = [from[1] - to[1], to[0] - from[0]];
  const far = (point: Point): Point => [point[0] + 4 * x, point[1] + 4 * y];
  return [from, to, far(to), far(from)].map(shares);
}

describe.each([2, 5, 10, 25])('a zone at %i inferences a second', (rate) => {
  const people = Array.from({ length: 12 }, (_, i) => seeds + i);
  const looked = (one: Passer, sight: Omit<Sight, 'rate'>, seed: number, polygon: ZoneSettings['polygon']) =>
    watch(one, looksAt(one.walk, one.size, { rate, ...sight }, seed + 500_000), polygon);

  it('changes its count twice at most by who stands on its edge for a minute', () => {
    for (const seed of people) {
      const one = somebody(
        seed,
        0.3,
        0.5,
        (next) => [[-between(next, 1, 2)], [between(next, -0.03, 0.03), 60], [-between(next, 1, 2)]],
        small,
      );
      for (const sight of sights) {
        const { changes, tracks } = looked(one, sight, seed, beside(one.line));
        // Who is missed too often at a low rate is another one to the tracker.
        expect(changes).toBeLessThanOrEqual(2 * tracks);
      }
    }
  });

  it('counts who comes in and goes out again', () => {
    for (const seed of people) {
      const one = somebody(seed, 0.3, 0.5, (next) => [[-between(next, 1, 2)], [0.6, 2], [-between(next, 1, 2)]], small);
      for (const sight of sights) {
        expect(looked(one, sight, seed, beside(one.line))).toMatchObject({ changes: 2, hasEntered: true });
      }
    }
  });

  it('is entered by who goes through it in 0.6 s, and by nobody who passes a step from it', () => {
    let entered = 0;
    for (const seed of people) {
      const one = somebody(seed, 0.8, 0, () => [[-2], [2]], small);
      const { feet, seconds } = one.walk;
      const middle = seconds / 2;
      const step: Point = [feet(middle + 0.3)[0] - feet(middle)[0], feet(middle + 0.3)[1] - feet(middle)[1]];
      const across = (share: number, to: Point): Point => [to[0] - share * step[1], to[1] + share * step[0]];
      const [before, after] = [feet(middle - 0.3), feet(middle + 0.3)];
      const gate = [across(-2, before), across(-2, after), across(2, after), across(2, before)].map(shares);
      // 0.15 heights from his way.
      const away = (0.15 * one.size[1]) / Math.hypot(...step);
      const garden = beside([across(away, feet(0)), across(away, feet(seconds))]);
      for (const sight of sights) {
        if (looked(one, sight, seed, gate).hasEntered) entered++;
        expect(looked(one, sight, seed, garden)).toMatchObject({ hasEntered: false });
      }
    }
    // At 2 inferences a second some are seen in it not once.
    expect(entered).toBeGreaterThanOrEqual((rate > 2 ? 1 : 0.6) * people.length * sights.length);
  });
});
