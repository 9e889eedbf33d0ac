import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { type CameraChange, CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import { Watch } from '../../sdk/pipeline/frame-way.ts';
import { SnapshotWorth } from '../../sdk/pipeline/snapshot-worth.ts';
import type { Meaning } from '../../sdk/pipeline/way-values.ts';
import type { CountChange } from '../../sdk/vision/counts.ts';
import type { EventMessage, ObjectState } from '../../sdk/vision/event.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import type { Crossing } from '../../sdk/vision/lines.ts';
import type { SubLabel } from '../../sdk/vision/track.ts';
import { boxAt, greyFrame, labels, type Seen, seen } from '../vision/fakes.ts';

const width = 160;
const height = 90;
const settingsOf = (change: CameraChange): CameraSettings => validate(CameraSettings, change, 'test');

/** What there is at a time: what a camera shows and what the network would say of it. */
type World = (seconds: number) => { things?: readonly Seen[]; grey?: number; drawn?: readonly Box[]; wide?: boolean };

/** A camera with a network that is asked when the gate wants it. */
class Camera {
  readonly watch: Watch;
  readonly messages: EventMessage[] = [];
  readonly crossings: Crossing[] = [];
  /** Counts that changed since they were taken out. */
  readonly counts: CountChange[] = [];
  /** What local learning calls each track. */
  readonly names = new Map<number, SubLabel>();
  /** Times of the frames that were looked at. */
  readonly looks: number[] = [];
  readonly #fps: number;
  #frames = 0;

  constructor(change: CameraChange = {}, fps = 10) {
    this.#fps = fps;
    this.watch = new Watch({
      camera: 'door',
      labels,
      settings: settingsOf(change),
      nameOf: (trackId) => this.names.get(trackId),
    });
  }

  get seconds(): number {
    return this.#frames / this.#fps;
  }

  play(seconds: number, world: World): this {
    const until = this.#frames + Math.round(seconds * this.#fps);
    for (; this.#frames < until; this.#frames++) {
      const { things = [], grey = 120, drawn = things.map(([box]) => box), wide = false } = world(this.seconds);
      const frame = greyFrame(this.seconds, {
        width: wide ? width * 2 : width,
        height,
        grey,
        draw: (canvas) => {
          for (const box of drawn) canvas.rectangle(box, 40);
        },
      });
      const gated = this.watch.gate(frame);
      if (gated.isWanted) this.looks.push(this.seconds);
      this.#take(this.watch.follow(gated, gated.isWanted ? seen(...things) : undefined));
    }
    return this;
  }

  finish(): this {
    this.#take(this.watch.finish());
    return this;
  }

  #take({ messages, crossings, counts }: Meaning): void {
    this.messages.push(...messages);
    this.crossings.push(...crossings);
    this.counts.push(...counts);
  }

  /** `new person`, `end person` … */
  get told(): string[] {
    return this.messages.filter(({ type }) => type !== 'update').map(({ type, after }) => `${type} ${after.label}`);
  }
}

const nothing: World = () => ({});
const walker =
  (from: number): World =>
  (seconds) => ({ things: [[boxAt((seconds - from) * 40, 50, 24, 60)]] });
const parked: Seen = [[60, 40, 130, 80], 'car', 0.75];

describe('Watch: the motion gate', () => {
  it('leaves the network alone on a still scene, but for one look a second', () => {
    const camera = new Camera().play(2, nothing);
    const before = camera.looks.length;
    camera.play(60, nothing);
    expect(camera.looks.length - before).toBeLessThanOrEqual(60);
    expect(camera.looks.length - before).toBeGreaterThan(50);
  });

  it('looks at each frame while something moves, and of what is tracked until it rests', () => {
    const camera = new Camera().play(2, nothing);
    const before = camera.looks.length;
    camera.play(3, walker(2));
    expect(camera.looks.length - before).toBe(30);
    const standing: World = () => ({ things: [[boxAt(120, 50, 24, 60)]] });
    camera.play(8, standing);
    expect(camera.watch.now.tracks.some(({ stationary }) => stationary)).toBe(true);
    const resting = camera.looks.length;
    camera.play(10, standing);
    expect(camera.looks.length - resting).toBeLessThanOrEqual(10);
    // Once a second is enough to keep it.
    expect(camera.told).toEqual(['new person']);
  });

  it('looks once more at what rests when it was given another name', () => {
    const standing: World = () => ({ things: [[boxAt(120, 50, 24, 60)]] });
    const camera = new Camera({ motion: { keepalive: 60 } }).play(12, standing);
    const before = camera.looks.length;
    camera.play(5, standing);
    expect(camera.looks.length).toBe(before);
    camera.names.set(1, { label: 'Anna', score: 0.9 });
    camera.play(1, standing);
    expect(camera.looks.length).toBe(before + 1);
    expect(camera.messages.at(-1)!.after).toMatchObject({ sub_label: 'Anna' });
    camera.names.delete(1);
    camera.play(1, standing);
    expect(camera.messages.at(-1)!.after).toMatchObject({ sub_label: null });
  });

  it('looks at each frame when it is switched off', () => {
    expect(new Camera({ motion: { enabled: false } }).play(5, nothing).looks.length).toBe(50);
  });

  it('never misses a newcomer for longer than a second, however it comes and however faint it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 60 }),
        fc.constantFrom(5, 10, 25),
        fc.constantFrom<'at once' | 'slowly' | 'unseen by the gate'>('at once', 'slowly', 'unseen by the gate'),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (tenths, fps, how, keepalive) => {
          const comes = tenths / 10;
          const camera = new Camera({ motion: { keepalive } }, fps);
          camera.play(comes, nothing);
          const came = camera.seconds;
          camera.play(2, (seconds) => {
            const grown = how === 'slowly' ? Math.min(24, 1 + (seconds - came) * 4) : 24;
            const box: Box = [0, 20, grown, 80];
            return { things: [[box]], drawn: how === 'unseen by the gate' ? [] : [box] };
          });
          const first = camera.looks.find((seconds) => seconds >= came)!;
          expect(first - came).toBeLessThanOrEqual(keepalive + 1 / fps + 1e-9);
          if (how === 'at once') expect(first).toBe(came);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('does not look at what moves in a mask', () => {
    const mask: CameraSettings['masks'][number] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    const camera = new Camera({ masks: [mask] }).play(2, walker(0));
    expect(camera.looks.length).toBeLessThanOrEqual(10);
    expect(camera.told).toEqual([]);
  });
});

describe('Watch: events', () => {
  it('tells who came and went: new, updates, end', () => {
    const camera = new Camera().play(1, nothing).play(4, walker(1)).play(4, nothing);
    expect(camera.told).toEqual(['new person', 'end person']);
    const [first] = camera.messages;
    const last = camera.messages.at(-1)!;
    expect(first!.after.start_time).toBeCloseTo(1, 5);
    expect(last.after.end_time).toBeCloseTo(4.9, 1);
    expect(new Set(camera.messages.map(({ after }) => after.id)).size).toBe(1);
  });

  it('makes no event of one frame with a score of 0.95', () => {
    const world: World = (seconds) => (Math.abs(seconds - 2) < 0.01 ? { things: [[boxAt(80, 50), 'dog', 0.95]] } : {});
    expect(new Camera({ motion: { enabled: false } }).play(6, world).told).toEqual([]);
  });

  it('ends what is running when the source is over; the next one begins anew', () => {
    const camera = new Camera().play(3, walker(0)).finish();
    expect(camera.told).toEqual(['new person', 'end person']);
    expect(camera.watch.now.tracks).toEqual([]);
    expect(camera.watch.now.moving).toBe(false);
    expect(camera.finish().told.length).toBe(2);
    const id = camera.messages[0]!.after.id;
    camera.play(3, walker(3));
    expect(camera.told).toEqual(['new person', 'end person', 'new person']);
    expect(camera.messages.at(-1)!.after.id).not.toBe(id);
  });

  it('looks at once at a source whose times begin before the last one’s', () => {
    const watch = new Watch({ camera: 'door', labels, settings: settingsOf({}) });
    for (let i = 0; i < 100; i++) watch.gate(greyFrame(1000 + i / 10, { width, height }));
    watch.finish();
    expect(watch.gate(greyFrame(0, { width, height })).isWanted).toBe(true);
    // The gate too begins anew: the first picture of a scene is motion.
    expect(watch.now.moving).toBe(true);
  });

  it('takes another size for another scene', () => {
    const camera = new Camera().play(3, () => ({ things: [parked] }));
    expect(camera.told).toEqual(['new car']);
    camera.play(0.1, () => ({ things: [parked], wide: true }));
    expect(camera.told).toEqual(['new car', 'end car']);
    camera.play(3, () => ({ things: [parked], wide: true }));
    expect(camera.told).toEqual(['new car', 'end car', 'new car']);
  });

  it.each([1, 2, 3])('tells of a parked car once in ten minutes (seed %i)', (seed) => {
    const next = random(seed);
    const camera = new Camera({}, 5);
    camera.play(8, () => ({ things: [parked] }));
    camera.play(600, (seconds) => {
      const [box] = parked;
      const drawn: Box[] = [box];
      const things: Seen[] = [];
      // The network blinks; it does not see the car at all while somebody stands in front of it.
      const phase = seconds % 30;
      const person = phase < 8 ? boxAt(phase * 20, 55, 16, 60) : undefined;
      const isHidden = person !== undefined && person[2] > 60 && person[0] < 130;
      if (!isHidden && next() < 0.5) things.push([box, 'car', 0.3 + next() * 0.6]);
      if (person) {
        things.push([person, 'person', 0.8]);
        drawn.push(person);
      }
      // The sun comes and goes.
      return { things, drawn, grey: Math.floor(seconds / 45) % 2 === 0 ? 120 : 170 };
    });
    expect(camera.told.filter((line) => line.endsWith('car'))).toEqual(['new car']);
    expect(camera.told.filter((line) => line === 'new person').length).toBe(20);
  });

  it('asks for a snapshot at first and when the view is clearly better', () => {
    const camera = new Camera().play(2, walker(0));
    const [first] = camera.messages;
    const worth = new SnapshotWorth();
    const seenAs = (over: Partial<ObjectState>) => ({ ...first!, after: { ...first!.after, ...over } });
    expect(worth.wants(first!)).toBe(true);
    worth.took(first!);
    expect(worth.wants(first!)).toBe(false);
    expect(worth.wants(seenAs({ area: first!.after.area * 1.3 }))).toBe(true);
    expect(worth.wants(seenAs({ score: first!.after.score * 1.1 }))).toBe(false);
    // Another event with the same id cannot be: the memory goes with the event.
    camera.finish();
    const last = camera.messages.at(-1)!;
    expect(worth.wants(last)).toBe(false);
    worth.forget(last);
    expect(worth.wants(first!)).toBe(true);
  });
});

describe('Watch: settings', () => {
  it('watches the labels it is told to, in the order of the model', () => {
    const watch = (change: CameraChange) =>
      new Watch({ camera: 'door', labels, settings: settingsOf(change) }).parts.labels;
    expect(watch({ detect: { labels: ['dog', 'person', 'unicorn'] } })).toEqual(['person', 'dog']);
    expect(watch({ detect: { labels: [] } })).toEqual(labels);
    expect(watch({ detect: { labels: ['unicorn'] } })).toEqual(labels);
  });

  it('keeps to the threshold of each label', () => {
    const world: World = () => ({
      things: [
        [boxAt(40, 50, 30, 60), 'person', 0.65],
        [boxAt(120, 50, 30, 60), 'dog', 0.65],
      ],
    });
    expect(new Camera({ detect: { thresholds: { dog: 0.7 } } }).play(2, world).told).toEqual(['new person']);
    expect(new Camera({ detect: { threshold: 0.7, thresholds: { dog: 0.5 } } }).play(2, world).told).toEqual([
      'new dog',
    ]);
  });

  it('takes another threshold while it runs, and goes on with what it knows', () => {
    const world: World = (seconds) => ({
      things: [
        [boxAt(40 + seconds, 50, 30, 60), 'person', 0.8],
        [boxAt(120 - seconds, 50, 30, 60), 'dog', 0.5],
      ],
    });
    const camera = new Camera().play(2, world);
    expect(camera.told).toEqual(['new person']);
    camera.watch.configure(settingsOf({ detect: { threshold: 0.4 } }));
    expect(camera.play(1, world).told).toEqual(['new person', 'new dog']);
  });

  it('takes zones while it runs; a change of something else leaves who is in a zone alone', () => {
    const porch = {
      polygon: [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as [number, number][],
    };
    const world: World = () => ({ things: [parked] });
    const camera = new Camera().play(2, world);
    camera.watch.configure(settingsOf({ zones: { porch } }));
    camera.play(1, world);
    expect(camera.messages.at(-1)).toMatchObject({ type: 'update', after: { current_zones: ['porch'] } });
    expect(camera.watch.now.counts).toContainEqual({ label: 'car', zone: 'porch', count: 1 });
    const before = camera.messages.length;
    camera.watch.configure(settingsOf({ zones: { porch }, detect: { threshold: 0.5 } }));
    camera.play(1, world);
    expect(camera.messages.length).toBe(before);
  });

  it('does not take a change of something else for motion', () => {
    const camera = new Camera().play(3, nothing);
    camera.watch.configure(settingsOf({ detect: { threshold: 0.5 } }));
    const before = camera.looks.length;
    camera.play(0.5, nothing);
    expect(camera.looks.length - before).toBeLessThanOrEqual(1);
    camera.watch.configure(settingsOf({ motion: { sensitivity: 0.7 } }));
    camera.play(0.1, nothing);
    expect(camera.watch.now.moving).toBe(true);
  });

  it('ends what is running when detection is switched off, looks no more, and begins again', () => {
    const world: World = (seconds) => ({ things: [[boxAt(40 + seconds * 3, 50, 30, 60)]] });
    const camera = new Camera().play(2, world);
    camera.watch.configure(settingsOf({ detect: { enabled: false } }));
    const before = camera.looks.length;
    camera.play(3, world);
    expect(camera.told).toEqual(['new person', 'end person']);
    expect(camera.looks.length).toBe(before);
    expect(camera.watch.now.tracks).toEqual([]);
    // Motion is told all the same.
    expect(camera.watch.now.moving).toBe(true);
    camera.watch.configure(settingsOf({}));
    expect(camera.play(2, world).told).toEqual(['new person', 'end person', 'new person']);
  });

  it('counts, and tells only what changed', () => {
    const camera = new Camera();
    const told = () => camera.counts.splice(0);
    camera.play(0.1, nothing);
    expect(told()).toEqual(labels.slice(0, 3).map((label) => ({ label, count: 0 })));
    camera.play(0.1, nothing);
    expect(told()).toEqual([]);
    camera.play(1, () => ({ things: [parked] }));
    expect(told()).toEqual([{ label: 'car', count: 1 }]);
    camera.finish();
    expect(told()).toEqual([{ label: 'car', count: 0 }]);
  });

  it('says by what name learning knows a track, once it does and when that changes', () => {
    const camera = new Camera();
    const still: World = () => ({ things: [[boxAt(80, 45), 'car', 0.9]] });
    camera.play(1, still);
    expect(camera.messages.at(-1)!.after).toMatchObject({ sub_label: null, sub_label_score: null });
    camera.names.set(1, { label: 'Tom', score: 0.91234 });
    camera.play(0.5, still);
    expect(camera.watch.now.tracks[0]!.subLabel).toEqual({ label: 'Tom', score: 0.91234 });
    const named = camera.messages.at(-1)!;
    expect([named.type, named.before.sub_label, named.after.sub_label]).toEqual(['update', null, 'Tom']);
    expect(named.after.sub_label_score).toBe(0.9123);
    camera.names.set(1, { label: 'Tom', score: 0.95 });
    const before = camera.messages.length;
    camera.play(0.5, still);
    expect(camera.messages, 'a surer name is no news').toHaveLength(before);
    camera.names.delete(1);
    camera.play(0.5, still);
    expect(camera.messages.at(-1)!.after.sub_label, 'forgotten').toBeNull();
    // Named when it was out of sight already.
    camera.names.set(1, { label: 'Tim', score: 0.8 });
    camera.play(3, () => ({}));
    expect(camera.messages.at(-1)).toMatchObject({ type: 'end', after: { sub_label: 'Tim', sub_label_score: 0.8 } });
  });

  it('counts who crosses a line, and says so in the event', () => {
    const lines: CameraSettings['lines'] = { gate: { from: [0.5, 1], to: [0.5, 0] } };
    const camera = new Camera({ lines }).play(4, walker(0)).play(4, nothing);
    expect(camera.crossings).toMatchObject([{ line: 'gate', label: 'person', direction: 'in', total: 1, trackId: 1 }]);
    expect(camera.messages.at(-1)).toMatchObject({ type: 'end', after: { crossed_lines: { gate: 'in' } } });
    // His feet are at the line after 2 s, by a clock that began at 0.
    expect(camera.crossings[0]!.time).toBeCloseTo(2, 1);
  });

  it('counts who crossed a line before he was an object, and says so in his first message', () => {
    const lines: CameraSettings['lines'] = { gate: { from: [0.5, 1], to: [0.5, 0] } };
    const camera = new Camera({ lines, track: { confirm: 26 } }).play(4, walker(0));
    expect(camera.messages.find(({ type }) => type === 'new')).toMatchObject({
      after: { crossed_lines: { gate: 'in' } },
    });
    expect(camera.crossings).toHaveLength(1);
    expect(camera.crossings[0]!.time).toBeCloseTo(2, 1);
  });

  it('counts who is gone just behind a line with the end of his event, also when all ends', () => {
    const lines: CameraSettings['lines'] = { gate: { from: [0.5, 1], to: [0.5, 0] } };
    const gone: World = (seconds) => (seconds < 2.15 ? walker(0)(seconds) : {});
    const camera = new Camera({ lines }).play(4, gone);
    expect(camera.crossings).toEqual([]);
    camera.play(1, gone);
    expect(camera.crossings).toMatchObject([{ direction: 'in', total: 1 }]);
    expect(camera.messages.at(-1)).toMatchObject({ type: 'end', after: { crossed_lines: { gate: 'in' } } });
    const stopped = new Camera({ lines }).play(3, gone);
    expect(stopped.crossings).toEqual([]);
    stopped.finish();
    expect(stopped.crossings).toMatchObject([{ direction: 'in', total: 1 }]);
    expect(stopped.messages.at(-1)).toMatchObject({ type: 'end', after: { crossed_lines: { gate: 'in' } } });
  });
});
