import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import { type Box, iou } from '../../sdk/vision/geometry.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { Tracker, type TrackerOptions } from '../../sdk/vision/tracker.ts';
import { boxAt, labels, type Seen, seen } from './fakes.ts';

const defaults: TrackerOptions = { confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 };

/** A tracker that is shown frames at so many a second. */
class Show {
  readonly tracker: Tracker;
  readonly ended: Track[] = [];
  readonly #fps: number;
  #frames = 0;

  constructor(options: Partial<TrackerOptions> = {}, fps = 10) {
    this.tracker = new Tracker({ ...defaults, ...options });
    this.#fps = fps;
  }

  /** The time of the next frame. */
  get seconds(): number {
    return this.#frames / this.#fps;
  }

  rewind(): void {
    this.#frames = 0;
  }

  /** The next frame. @param moved Something moved everywhere, or where this says. */
  frame(things: readonly Seen[], moved: boolean | ((box: Box) => boolean) = true): readonly Track[] {
    const disturbed = typeof moved === 'function' ? moved : () => moved;
    const tracks = this.tracker.update(seen(...things), Math.round(this.seconds * 1e9), disturbed);
    this.#frames++;
    this.ended.push(...this.tracker.takeEnded());
    return tracks;
  }

  /** As many seconds of frames. */
  play(seconds: number, things: (second: number) => readonly Seen[], moved = true): readonly Track[] {
    let tracks: readonly Track[] = [];
    const until = this.seconds + seconds - 1e-6;
    while (this.seconds < until) tracks = this.frame(things(this.seconds), moved);
    return tracks;
  }

  get confirmed(): Track[] {
    return [...this.ended, ...this.tracker.tracks].filter((track) => track.confirmed);
  }
}

const still = boxAt(100, 100);
const elsewhere = boxAt(500, 100);

describe('Tracker: what makes an object', () => {
  it('confirms after so many observations with a median of at least the threshold', () => {
    const show = new Show();
    const scores = [0.5, 0.7, 0.61];
    expect(scores.map((score) => show.frame([[still, 'person', score]])[0]!.confirmed)).toEqual([false, false, true]);
    const hasty = new Show({ confirm: 1 });
    expect(hasty.frame([[still, 'person', 0.61]])[0]!.confirmed).toBe(true);
  });

  it('makes nothing of one bad frame, however sure', () => {
    const show = new Show();
    for (let i = 0; i < 20; i++) show.frame(i === 5 ? [[still, 'person', 0.95]] : []);
    expect(show.confirmed).toEqual([]);
    expect(show.tracker.tracks).toEqual([]);
    // Nor of one among many that were not sure.
    for (let i = 0; i < 20; i++) show.frame([[still, 'person', i === 5 ? 0.95 : 0.5]]);
    expect(show.confirmed).toEqual([]);
  });

  it('stays confirmed when the scores fall', () => {
    const show = new Show();
    show.play(1, () => [[still]]);
    expect(show.play(3, () => [[still, 'person', 0.2]])[0]).toMatchObject({
      confirmed: true,
      medianScore: expect.closeTo(0.2),
    });
  });

  it('has a threshold for each label', () => {
    const show = new Show({ threshold: (label) => (label === 'dog' ? 0.9 : 0.6) });
    show.play(1, () => [
      [still, 'dog', 0.8],
      [elsewhere, 'person', 0.8],
    ]);
    expect(show.confirmed.map(({ label }) => label)).toEqual(['person']);
  });

  it('takes other thresholds while it runs', () => {
    const show = new Show();
    show.play(1, () => [[still, 'person', 0.5]]);
    expect(show.confirmed).toEqual([]);
    show.tracker.configure({ ...defaults, threshold: () => 0.4 });
    const [track] = show.frame([[still, 'person', 0.5]]);
    expect(track).toMatchObject({ id: 1, confirmed: true });
  });

  it('is carried through unsure frames, but does not begin with one', () => {
    const show = new Show();
    show.play(1, () => [[still, 'person', 0.3]]);
    expect(show.tracker.tracks).toEqual([]);
    show.play(1, () => [[still]]);
    show.play(5, () => [[still, 'person', 0.2]]);
    expect(show.tracker.tracks.map(({ id, visible }) => [id, visible])).toEqual([[1, true]]);
    // Below the low threshold there is nothing.
    show.frame([[still, 'person', 0.1]], true);
    show.play(2.2, () => [[still, 'person', 0.1]], false);
    expect(show.ended.length).toBe(1);
  });

  it('sees one thing under two names once, by the name that is surer', () => {
    const show = new Show();
    const names = ['person', 'dog', 'person', 'person', 'dog', 'person', 'dog', 'person', 'person', 'dog'] as const;
    for (const name of names) show.frame([[still, name, name === 'dog' ? 0.65 : 0.75]]);
    expect(show.confirmed.map(({ label }) => label)).toEqual(['person']);
  });

  it('waits while the network wavers between two names, not for ever', () => {
    const both = (): Seen[] => [
      [still, 'dog', 0.7],
      [still, 'person', 0.65],
    ];
    const show = new Show();
    show.play(0.9, both);
    expect(show.confirmed).toEqual([]);
    show.play(0.2, both);
    expect(show.confirmed.map(({ label }) => label)).toEqual(['dog']);
    // One that is clearly surer need not wait.
    const sure = new Show();
    sure.play(0.3, () => [
      [still, 'dog', 0.85],
      [still, 'person', 0.65],
    ]);
    expect(sure.confirmed.map(({ label }) => label)).toEqual(['dog']);
  });

  it('gives way to another name that is clearly surer, not to one that is about as sure', () => {
    const show = new Show();
    show.play(1, () => [[still, 'dog', 0.65]]);
    show.play(2, () => [
      [still, 'dog', 0.65],
      [still, 'car', 0.7],
    ]);
    expect(show.confirmed.map(({ label }) => label)).toEqual(['dog']);
    show.play(2, () => [[still, 'person', 0.85]]);
    expect(show.confirmed.map(({ label }) => label).sort()).toEqual(['dog', 'person']);
  });

  it('sees a person on a thing as two', () => {
    const show = new Show();
    show.play(1, () => [
      [[100, 100, 150, 250], 'person', 0.7],
      [[80, 180, 170, 280], 'car', 0.8],
    ]);
    expect(show.confirmed.length).toBe(2);
  });
});

describe('Tracker: following', () => {
  it('ends a track when it was out of sight for so long', () => {
    const show = new Show();
    show.play(1, () => [[still]]);
    show.play(2, () => []);
    expect(show.ended).toEqual([]);
    show.play(0.2, () => []);
    expect(show.ended).toMatchObject([{ id: 1, visible: false, firstSeenNs: 0, lastSeenNs: expect.closeTo(0.9e9) }]);
  });

  it('guesses where it went while it is out of sight, and finds it again', () => {
    const show = new Show();
    const at = (second: number) => boxAt(100 + 80 * second, 200);
    show.play(2, (second) => [[at(second)]]);
    const [hidden] = show.play(1, () => []);
    expect(hidden!.visible).toBe(false);
    expect(iou(hidden!.box, at(2.9))).toBeGreaterThan(0.6);
    show.play(1, (second) => [[at(second)]]);
    expect(show.confirmed.length).toBe(1);
  });

  it('keeps two that pass each other apart', () => {
    const show = new Show();
    // The one in front hides the other for half a second.
    show.play(4, (second) => {
      const left: Seen = [boxAt(100 + 100 * second, 200)];
      const right: Seen = [boxAt(500 - 100 * second, 220)];
      return Math.abs(second - 2) < 0.25 ? [left] : [left, right];
    });
    expect(show.confirmed.map(({ id }) => id)).toEqual([1, 2]);
    const [a, b] = show.tracker.tracks;
    expect((a!.box[0] + a!.box[2]) / 2).toBeCloseTo(490, -1);
    expect((b!.box[0] + b!.box[2]) / 2).toBeCloseTo(110, -1);
  });

  it('does not take a newcomer for who left elsewhere', () => {
    const show = new Show();
    show.play(1, () => [[still]]);
    show.play(1, () => [[elsewhere]]);
    expect(show.confirmed.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('follows what is faster than its own size from frame to frame', () => {
    const show = new Show({}, 5);
    show.play(2, (second) => [[boxAt(50 + 150 * second, 100, 40, 80)]]);
    expect(show.confirmed.length).toBe(1);
  });

  it('ends all tracks when the source is over, and goes on counting', () => {
    const show = new Show();
    show.play(1, () => [[still]]);
    show.tracker.finish();
    expect(show.tracker.tracks).toEqual([]);
    expect(show.tracker.takeEnded().map(({ id }) => id)).toEqual([1]);
    expect(show.tracker.takeEnded()).toEqual([]);
    // Another source: its times begin anew.
    show.rewind();
    expect(show.play(1, () => [[still]]).map(({ id, confirmed }) => [id, confirmed])).toEqual([[2, true]]);
  });
});

describe('Tracker: at rest', () => {
  const parked: Seen = [boxAt(200, 200, 160, 80), 'car', 0.7];

  it('is stationary after so long in one place, and no more when it leaves', () => {
    const show = new Show();
    expect(show.play(4.9, () => [parked])[0]!.stationary).toBe(false);
    expect(show.play(0.3, () => [parked])[0]!).toMatchObject({ stationary: true, positionChanges: 0 });
    const away = (second: number): Seen => [boxAt(200 + 80 * (second - 5.2), 200, 160, 80), 'car', 0.7];
    expect(show.play(2, (second) => [away(second)])[0]!).toMatchObject({
      id: 1,
      stationary: false,
      positionChanges: 1,
    });
  });

  it('does not leave its rest for two boxes that jump', () => {
    const show = new Show();
    show.play(6, () => [parked]);
    for (let i = 0; i < 2; i++) show.frame([[boxAt(280, 200, 320, 160), 'car', 0.7]]);
    expect(show.play(1, () => [parked])[0]!).toMatchObject({ stationary: true, positionChanges: 0 });
  });

  it('creeps, but does move in the end', () => {
    const show = new Show();
    show.play(6, () => [parked]);
    const creeping = (second: number): Seen => [boxAt(200 + 4 * (second - 6), 200, 160, 80), 'car', 0.7];
    expect(show.play(20, (second) => [creeping(second)])[0]!.positionChanges).toBeGreaterThan(0);
  });

  it('stays while nothing moves where it stands, though the network does not see it', () => {
    const show = new Show();
    show.play(6, () => [parked]);
    show.play(50, () => [], false);
    expect(show.ended).toEqual([]);
    // But not for ever.
    show.play(15, () => [], false);
    expect(show.ended.length).toBe(1);
  });

  it('is gone soon when something moved there', () => {
    const show = new Show();
    show.play(6, () => [parked]);
    show.frame([], true);
    show.play(1.5, () => [], false);
    expect(show.ended).toEqual([]);
    show.play(1, () => [], false);
    expect(show.ended.length).toBe(1);
  });

  it('has left when it was last seen far from its place, once, and who comes there then is another', () => {
    const show = new Show({}, 5);
    show.play(8, () => [[still]], false);
    show.frame([[boxAt(125, 100)]]);
    show.play(2.6, () => [], false);
    expect(show.ended).toMatchObject([{ id: 1, stationary: true }]);
    expect(show.play(2, () => [[still]])).toMatchObject([{ id: 2, confirmed: true }]);
  });

  it('has not left when its box jumped while nothing moved in its place', () => {
    const show = new Show({}, 5);
    show.play(8, () => [[still]], false);
    show.frame([[boxAt(125, 100)]], false);
    show.play(10, () => [], false);
    expect(show.ended).toEqual([]);
    expect(show.play(1, () => [[still]], false)).toMatchObject([{ id: 1, positionChanges: 0 }]);
  });

  it('is not gone while somebody stands in front of it', () => {
    const show = new Show();
    show.play(6, () => [parked]);
    show.play(10, () => [[boxAt(200, 200), 'person', 0.8]]);
    expect(show.play(1, () => [parked]).find(({ label }) => label === 'car')).toMatchObject({
      id: 1,
      stationary: true,
    });
    // And is, when the place is empty after.
    show.play(10, () => [[boxAt(200, 200), 'person', 0.8]]);
    show.frame([], true);
    show.play(2.2, () => [], false);
    expect(show.ended.map(({ label }) => label).sort()).toEqual(['car', 'person']);
  });

  it.each([1, 2, 3, 4, 5])(
    'parked for ten minutes, seen in four of ten frames, with people passing in front: one object (seed %i)',
    (seed) => {
      const next = random(seed);
      const show = new Show();
      show.play(6, () => [parked]);
      show.play(600, (second) => {
        const things: Seen[] = [];
        // Every 20 s somebody walks past, 4 s long; half of that in front of the car.
        const walker = second % 20 < 4 ? boxAt((second % 20) * 100, 220) : undefined;
        if (walker) things.push([walker, 'person', 0.8]);
        const hidden = walker !== undefined && Math.abs((walker[0] + walker[2]) / 2 - 200) < 100;
        if (!hidden && next() < 0.4) {
          const [box] = parked;
          things.push([box.map((v) => v + (next() - 0.5) * 10) as unknown as Box, 'car', 0.3 + next() * 0.6]);
        }
        return things;
      });
      expect(show.confirmed.filter(({ label }) => label === 'car')).toMatchObject([
        { stationary: true, positionChanges: 0 },
      ]);
      expect(show.confirmed.filter(({ label }) => label === 'person').length).toBe(30);
    },
  );
});

describe('Tracker: in general', () => {
  interface Walker {
    x: number;
    vx: number;
    vy: number;
    label: string;
  }
  // Each walks in a lane of its own.
  const walkers: fc.Arbitrary<Walker[]> = fc.array(
    fc.record({
      x: fc.integer({ min: 100, max: 600 }),
      vx: fc.integer({ min: -80, max: 80 }),
      vy: fc.integer({ min: -8, max: 8 }),
      label: fc.constantFrom(...labels),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const placeOf = (walker: Walker, lane: number, second: number): Box =>
    boxAt(walker.x + walker.vx * second, 100 + lane * 250 + walker.vy * second);

  function watch(all: Walker[], seed: number, { fps = 10, dropout = 0, jitter = 0, shuffle = false, seconds = 6 }) {
    const next = random(seed);
    const order = random(seed + 1);
    const show = new Show({}, fps);
    show.play(seconds, (second) => {
      let things: Seen[] = all.map((walker, lane) => {
        const shake = () => (next() - 0.5) * 2 * jitter;
        const box = placeOf(walker, lane, second).map((v) => v + shake()) as unknown as Box;
        return [box, walker.label, 0.65 + next() * 0.3] as Seen;
      });
      // Everybody is seen in the first frames: what is tested is following.
      things = things.filter(() => second < 0.5 || next() >= dropout);
      if (shuffle) {
        const keys = new Map(things.map((thing) => [thing, order()]));
        things.sort((a, b) => keys.get(a)! - keys.get(b)!);
      }
      return things;
    });
    return show;
  }

  it('follows each of several under dropouts and jitter as one track', () => {
    fc.assert(
      fc.property(walkers, fc.nat(), (all, seed) => {
        const show = watch(all, seed, { dropout: 0.3, jitter: 3 });
        expect(show.ended.filter(({ confirmed }) => confirmed)).toEqual([]);
        expect(show.confirmed.length).toBe(all.length);
        const found = show.confirmed.map(({ label }) => label).sort();
        expect(found).toEqual(all.map(({ label }) => label).sort());
      }),
    );
  });

  it('finds the same at other frame rates', () => {
    fc.assert(
      fc.property(walkers, fc.nat(), fc.constantFrom(4, 5, 15, 30), (all, seed, fps) => {
        const show = watch(all, seed, { fps, jitter: 2 });
        expect(show.confirmed.map(({ label }) => label).sort()).toEqual(all.map(({ label }) => label).sort());
        all.forEach((walker, lane) => {
          const end = placeOf(walker, lane, show.seconds - 1 / fps);
          const best = Math.max(...show.confirmed.map(({ box }) => iou(box, end)));
          expect(best).toBeGreaterThan(0.6);
        });
      }),
    );
  });

  it('does not care in which order things are found', () => {
    fc.assert(
      fc.property(walkers, fc.nat(), (all, seed) => {
        const options = { dropout: 0.2, jitter: 3 };
        const plain = watch(all, seed, options);
        const shuffled = watch(all, seed, { ...options, shuffle: true });
        // But for the rows, which are where they were found.
        const things = ({ tracker }: typeof plain) => tracker.tracks.map(({ detection, ...thing }) => thing);
        expect(things(shuffled)).toEqual(things(plain));
      }),
    );
  });

  it('gives each track a number of its own, counting up; ends each once; is deterministic', () => {
    const anything = fc.array(
      fc.array(
        fc.record({
          x: fc.integer({ min: 0, max: 300 }),
          y: fc.integer({ min: 0, max: 300 }),
          score: fc.integer({ min: 1, max: 20 }),
          classId: fc.nat(2),
        }),
        { maxLength: 6 },
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(0.05, 0.1, 1, 5), (frames, interval) => {
        const run = () => {
          const tracker = new Tracker(defaults);
          const began: number[] = [];
          const ended: number[] = [];
          const log = frames.map((things, i) => {
            const rows = things.map(({ x, y, score, classId }) => ({ box: boxAt(x, y), score: score / 20, classId }));
            const tracks = tracker.update(Detections.from(rows, labels), i * interval * 1e9);
            for (const { id } of tracks) if (!began.includes(id)) began.push(id);
            ended.push(...tracker.takeEnded().map(({ id }) => id));
            expect(tracks.map(({ id }) => id).some((id) => ended.includes(id))).toBe(false);
            expect(tracks.filter(({ visible }) => visible).length).toBeLessThanOrEqual(things.length);
            return tracks;
          });
          return { began, ended, log };
        };
        const first = run();
        expect(first.began).toEqual(first.began.map((_, i) => i + 1));
        expect(new Set(first.ended).size).toBe(first.ended.length);
        expect(run()).toEqual(first);
      }),
    );
  });
});

describe('Tracker: which detection a track is', () => {
  it('is its row, in whatever order they come and whatever is left out', () => {
    const show = new Show();
    const noise: Seen = [boxAt(900, 400), 'dog', 0.05];
    const orders: Seen[][] = [
      [[still], noise, [elsewhere]],
      [noise, [elsewhere], [still]],
      [[elsewhere], [still], noise],
    ];
    const rows = orders.map((order) => {
      const tracks = show.frame(order);
      expect(tracks).toHaveLength(2);
      for (const { box, detection } of tracks) expect(iou(box, order[detection!]![0])).toBeGreaterThan(0.95);
      return tracks.map(({ detection }) => detection);
    });
    expect(rows).toEqual([
      [0, 2],
      [2, 1],
      [1, 0],
    ]);
  });

  it('is the surest of two names of one thing, and none while it is out of sight or over', () => {
    const show = new Show();
    const twins: Seen[] = [
      [still, 'dog', 0.7],
      [still, 'person', 0.9],
    ];
    expect(show.frame(twins).map(({ detection }) => detection)).toEqual([1]);
    show.play(1, () => twins);
    expect(show.frame([]).map(({ visible, detection }) => [visible, detection])).toEqual([[false, undefined]]);
    show.play(10, () => []);
    expect(show.ended.map(({ detection }) => detection)).toEqual([undefined]);
  });
});

describe('Tracker: parts of a frame', () => {
  const size = { width: 800, height: 400 };
  /** Somebody who was seen for a second; then `seconds` of looks at `looked`, which find nothing. */
  const unseen = (seconds: number, looked: (box: Box) => boolean, rests = false) => {
    const tracker = new Tracker(defaults);
    let now = 0;
    const look = (things: readonly Seen[], view: (box: Box) => boolean) => {
      const tracks = tracker.update(seen(...things), now * 1e9, () => false, { ...size, looked: view });
      now += 0.1;
      return tracks;
    };
    for (let i = 0; i < (rests ? 80 : 10); i++) look([[still]], () => true);
    let tracks = tracker.tracks;
    for (let i = 0; i < seconds * 10; i++) tracks = look([], looked);
    return { tracks, look, ended: tracker.takeEnded() };
  };

  it('keeps what was not looked at, as it was, for as long as that takes', () => {
    for (const rests of [false, true]) {
      const { tracks, ended } = unseen(600, () => false, rests);
      expect(ended).toEqual([]);
      expect(tracks).toMatchObject([{ id: 1, visible: true, stale: true, confirmed: true, stationary: rests }]);
      expect(tracks[0]!.detection).toBeUndefined();
    }
  });

  it('loses it by looks that showed it, and by no others', () => {
    expect(unseen(3, () => true).ended).toHaveLength(1);
    let looks = 0;
    // Each fifth look: the same seconds, and three inferences at least.
    const { ended } = unseen(3, () => looks++ % 5 === 4);
    expect(ended).toHaveLength(1);
    let few = 0;
    expect(unseen(3, () => few++ === 10).ended).toEqual([]);
  });

  it('is told in which frame it was detected', () => {
    const { look } = unseen(1, () => false);
    expect(look([[still]], () => true)).toMatchObject([{ id: 1, visible: true, detection: 0 }]);
    expect(look([[still]], () => true)[0]).not.toHaveProperty('stale');
    expect(look([], () => true)).toMatchObject([{ id: 1, visible: false }]);
    // Out of sight, and not looked for: still out of sight.
    expect(look([], () => false)).toMatchObject([{ id: 1, visible: false, stale: true }]);
  });
});
