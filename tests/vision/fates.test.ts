import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { type CameraChange, CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { Watch } from '../../sdk/pipeline/frame-way.ts';
import { Fates } from '../../sdk/vision/fates.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import { heapAfterCollection } from '../support/heap.ts';
import { greyFrame, labels, type Seen, seen } from './fakes.ts';

const size = { width: 160, height: 90 };
const grey = { ...size };

/** What a camera with these settings makes of what the network says, ten times a second. */
function played(change: CameraChange, seconds: number, world: (seconds: number) => Seen[]) {
  const settings = validate(CameraSettings, { ...change, motion: { enabled: false } }, 'test');
  const watch = new Watch({ camera: 'door', labels, settings });
  const told: string[] = [];
  for (let i = 0; i < seconds * 10; i++) {
    // Its pixels are asked for only where objects are alike.
    const frame = Object.create(grey, { captureTimeNs: { value: i * 1e8 }, wallTimeMs: { value: i * 100 } }) as Frame;
    const { messages } = watch.follow({ frame }, seen(...world(i / 10)));
    for (const { type, after } of messages) if (type === 'new') told.push(after.label);
  }
  return { watch, told, report: watch.parts.fates.report };
}

const left: Box = [10, 20, 40, 80];
const right: Box = [110, 20, 140, 80];
const fatesOf = ({ report }: ReturnType<typeof played>) => report.objects.map(({ label, fate }) => [label, fate]);
const all = { detect: { labels: [], threshold: 0.6 } };

describe('Fates', () => {
  it('tells why each of some objects was not told, and which were', () => {
    const run = (change: CameraChange, world: (seconds: number) => Seen[]) => fatesOf(played(change, 3, world));
    expect(run(all, () => [[left, 'person', 0.8]])).toEqual([['person', 'told']]);
    expect(run({ ...all, track: { stationary: 1 } }, () => [[left, 'person', 0.8]])).toEqual([['person', 'at_rest']]);
    const polygon: [number, number][] = [
      [0.6, 0],
      [1, 0],
      [1, 1],
      [0.6, 1],
    ];
    const zoned = { ...all, zones: { yard: { polygon } } };
    expect(run(zoned, () => [[left, 'person', 0.8]])).toEqual([['person', 'outside_zones']]);
    expect(played(zoned, 3, () => [[right, 'person', 0.8]]).report.objects).toMatchObject([
      { fate: 'told', zones: ['yard'] },
    ]);
    // Up and down: the median is below.
    expect(run(all, (s) => [[left, 'person', Math.round(s * 10) % 3 === 0 ? 0.7 : 0.5]])).toEqual([
      ['person', 'median_below'],
    ]);
    expect(run(all, () => [[left, 'person', 0.4]])).toEqual([['person', 'score_below']]);
    expect(run(all, (s) => (s < 0.15 ? [[left, 'person', 0.8]] : []))).toEqual([['person', 'too_brief']]);
    expect(run({ ...all, masks: [polygon] }, () => [[right, 'dog', 0.9]])).toEqual([['dog', 'mask']]);
    expect(run({ detect: { labels: ['person'] } }, () => [[left, 'dog', 0.9]])).toEqual([['dog', 'unwatched']]);
  });

  it('says how sure and where it was, and when', () => {
    const { report } = played(all, 8, (s) => (s < 5 ? [[left, 'person', s === 2 ? 0.45 : 0.4]] : []));
    expect(report).toMatchObject({ seconds: 8 });
    expect(report.objects).toEqual([
      {
        ...{ label: 'person', fate: 'score_below', threshold: 0.6, score: 0.45, median: 0.4, toldUpTo: 0.4 },
        ...{ observations: 50, box: [0.063, 0.222, 0.25, 0.889], ago: 3, lasted: 4.9, zones: [] },
      },
    ]);
  });

  it('counts what was not looked at, for ten minutes', () => {
    const fates = new Fates();
    for (let i = 0; i < 30 * 60; i++) fates.count(i % 10 === 0 ? 'inferred' : 'still', i * 1e9);
    fates.count('busy', 30 * 60e9);
    fates.count('off', 30 * 60e9);
    expect(fates.report).toMatchObject({
      seconds: 600,
      frames: { in: 542, inferred: 54, still: 486, busy: 1, off: 1 },
    });
  });

  it('goes on where the times of a source begin anew', () => {
    const { watch, report } = played(all, 3, () => [[left, 'person', 0.8]]);
    expect(report.objects[0]).toMatchObject({ ago: 0 });
    watch.follow({ frame: greyFrame(0, size) }, seen());
    watch.follow({ frame: greyFrame(2, size) }, seen());
    expect(watch.parts.fates.report.objects[0]).toMatchObject({ ago: 2 });
  });

  it.each([1, 2])('tells what another threshold would have told, as a run with it does (seed %i)', (seed) => {
    const next = random(seed);
    // One after the other, each for two seconds, with scores around one of its own.
    const things = Array.from({ length: 40 }, (_, i) => ({
      box: i % 2 === 0 ? left : right,
      label: labels[Math.floor(next() * labels.length)]!,
      score: 0.25 + next() * 0.6,
    }));
    const noise = Array.from({ length: 40 * 50 }, () => (next() - 0.5) * 0.1);
    const world = (s: number): Seen[] => {
      const i = Math.floor(s / 5);
      const { box, label, score } = things[i]!;
      return s % 5 < 2 ? [[box, label, score + noise[Math.round(s * 10)]!]] : [];
    };
    const { report } = played(all, 200, world);
    for (const threshold of [0.35, 0.5, 0.7]) {
      const { told } = played({ detect: { labels: [], threshold } }, 200, world);
      const expected = report.objects.filter(({ toldUpTo }) => toldUpTo !== null && toldUpTo >= threshold).length;
      // A median of up to ten that just passes, or just does not.
      expect(Math.abs(told.length - expected), `${threshold}: ${told.length}, ${expected}`).toBeLessThanOrEqual(1);
      expect(told.length).toBeGreaterThan(5);
    }
  });

  it('holds no more than so many objects, and nothing for each frame', async () => {
    const fates = new Fates();
    const judged = {
      ...size,
      settings: validate(CameraSettings, {}, 'test'),
      ...{ isWatched: () => true, threshold: () => 0.6, pace: 0.1 },
    };
    const found = seen([left, 'person', 0.4], [right, 'dog', 0.3]);
    const see = (from: number, count: number, some = found) => {
      for (let i = from; i < from + count; i++) {
        fates.count('inferred', i * 1e8);
        fates.see(some, [], { ...judged, captureTimeNs: i * 1e8 });
      }
    };
    see(0, 3000);
    const before = await heapAfterCollection();
    // So many that a number kept for each would stand out from what the heap grows by on its own.
    see(3000, 100_000);
    expect((await heapAfterCollection()) - before).toBeLessThan(400_000);
    expect(fates.report.objects).toHaveLength(2);
    // Each of them elsewhere: a new object each time.
    for (let i = 0; i < 3000; i++) {
      const at = seen([[i % 100, i % 50, (i % 100) + 1, (i % 50) + 1], 'person', 0.4]);
      see(103_000 + i * 2, 2, at);
    }
    expect(fates.report.objects.length).toBeLessThanOrEqual(128);
    expect(fates.report.objects.length).toBeGreaterThan(64);
    // The 3000 objects would be more than a megabyte.
    expect((await heapAfterCollection()) - before).toBeLessThan(600_000);
  });
});
