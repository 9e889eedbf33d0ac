import { describe, expect, it } from 'vitest';
import type { ZoneSettings } from '../../sdk/config/schema.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { Zones } from '../../sdk/vision/zones.ts';
import { track } from './fakes.ts';

const size = { width: 100, height: 100 };
const rectangle = (x1: number, y1: number, x2: number, y2: number): ZoneSettings['polygon'] => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];
/** The lower half of the picture. */
const lower: ZoneSettings = { polygon: rectangle(0, 0.5, 1, 1), inertia_seconds: 0 };
const outside = track({ box: [40, 10, 60, 40] });
const inside = track({ box: [40, 40, 60, 70] });
/** 30 high, with its feet so far down. */
const at = (y: number, over: Partial<Track> = {}) => track({ box: [40, y - 30, 60, y], ...over });

/** Looks at the same distance in time, seconds. */
function zones(settings: Record<string, ZoneSettings>, step = 0.1): { see: (...tracks: Track[]) => Track[] } {
  const all = new Zones();
  all.configure(settings);
  let looks = 0;
  return {
    see: (...tracks) => {
      const lastSeenNs = Math.round(looks++ * step * 1e9);
      return all.update(
        tracks.map((one) => ({ ...one, lastSeenNs })),
        size,
      );
    },
  };
}

/** 1 for each look at which it is in. */
const stays = (way: readonly Track[], zone: Partial<ZoneSettings>, step = 0.1) => {
  const { see } = zones({ zone: { ...lower, ...zone } }, step);
  return way.map((one) => see(one)[0]!.currentZones.length);
};

describe('Zones', () => {
  it('asks where the middle of the lower edge stands, not how much of the box is inside', () => {
    expect(zones({ lower }).see(track({ box: [0, 0, 100, 49] }))[0]!.currentZones).toEqual([]);
    expect(zones({ lower }).see(track({ box: [40, 0, 60, 51] }))[0]!.currentZones).toEqual(['lower']);
    const right = { ...lower, polygon: rectangle(0.5, 0, 1, 1) };
    expect(zones({ right }).see(track({ box: [0, 0, 99, 50] }))[0]!.currentZones).toEqual([]);
    expect(zones({ right }).see(track({ box: [2, 0, 100, 50] }))[0]!.currentZones).toEqual(['right']);
  });

  it('counts a box that reaches the lower edge of the picture as standing on its last row, deep inside', () => {
    const trembling = track({ box: [40, 40, 60, 100], tremble: [3, 3] });
    expect(zones({ lower }).see(trembling)[0]!.currentZones).toEqual(['lower']);
    // The zone's own edge is another matter.
    const strip = { ...lower, polygon: rectangle(0, 0.985, 1, 1) };
    expect(zones({ strip }).see(trembling)[0]!.currentZones).toEqual([]);
  });

  it.each([
    [0.04, 5],
    [0.1, 2],
    [0.2, 1],
  ])('lets an object in, and out, after `inertia_seconds`: looks %f s apart', (step, looks) => {
    const way = [at(30), ...Array<Track>(8).fill(inside), ...Array<Track>(8).fill(at(30))];
    const expected = way.map((_, i) => (i > looks && i <= 8 + looks ? 1 : 0));
    // It was on the edge half-way between two looks.
    expect(stays(way, { inertia_seconds: (looks + 0.5) * step }, step)).toEqual(expected);
  });

  it('lets an object in at the look at which the time is over, though frames come some ms early', () => {
    const all = new Zones();
    all.configure({ lower: { ...lower, inertia_seconds: 0.2 } });
    const seen = [0, 0.099, 0.196].map((seconds) => all.update([{ ...inside, lastSeenNs: seconds * 1e9 }], size)[0]!);
    expect(seen.map(({ currentZones }) => currentZones.length)).toEqual([0, 0, 1]);
  });

  it('begins anew when it was on the other side in between', () => {
    const way = [inside, inside, outside, inside, inside, inside, outside, outside, inside, outside, outside, outside];
    expect(stays(way, { inertia_seconds: 0.22 })).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0]);
  });

  it('does not let a box out that trembles on the edge, nor a step outside', () => {
    expect(stays([at(60), at(49), at(46), at(51), at(46), at(46)], {})).toEqual([1, 1, 1, 1, 1, 1]);
    expect(stays([at(60), at(45)], {})).toEqual([1, 0]);
    const trembling = [60, 42, 60, 42, 39].map((y) => at(y, { tremble: [0, 2] }));
    expect(stays(trembling, {})).toEqual([1, 1, 1, 1, 0]);
  });

  it('lets nobody in whom only his tremble brings there', () => {
    const trembling = (...ys: number[]) => ys.map((y) => at(y, { tremble: [0, 2] }));
    expect(stays(trembling(49, 51, 48, 52, 49, 53, 47), {})).toEqual([0, 0, 0, 0, 0, 0, 0]);
    // Twice his tremble inside is enough at one look, and less is at several in a row.
    expect(stays(trembling(49, 54.1), {})).toEqual([0, 1]);
    expect(stays(trembling(49, 52.5, 52.5, 52.5), {})).toEqual([0, 0, 0, 1]);
  });

  it('lets somebody into a zone that is smaller than his tremble', () => {
    const mat = { polygon: rectangle(0.3, 0.5, 0.7, 0.54) };
    const way = Array.from({ length: 8 }, () => at(52, { tremble: [2, 2] }));
    expect(stays(way, mat)).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it('does not look while the object is out of sight, but the time goes on', () => {
    const { see } = zones({ lower: { ...lower, inertia_seconds: 0.3 } });
    const hidden = { ...inside, visible: false };
    expect([inside, hidden, hidden, hidden, inside].map((one) => see(one)[0]!.currentZones.length)).toEqual([
      0, 0, 0, 0, 1,
    ]);
    // And keeps it where it was seen last.
    expect(see({ ...outside, visible: false })[0]!.currentZones).toEqual(['lower']);
  });

  it('notes who was in for long enough between two looks, and is out again', () => {
    const { see } = zones({ lower: { ...lower, inertia_seconds: 0.4 } }, 0.5);
    see(outside);
    // On the edge at a third of the way, so 0.33 s ago; 0.67 s between the edges.
    expect(see(inside)[0]!).toMatchObject({ currentZones: [], enteredZones: [] });
    expect(see(outside)[0]!).toMatchObject({ currentZones: [], enteredZones: ['lower'] });
  });

  it('remembers all zones that were entered, in that order', () => {
    const upper = { ...lower, polygon: rectangle(0, 0, 1, 0.5) };
    const { see } = zones({ lower, upper });
    see(outside);
    const [now] = see(inside);
    expect(now!.currentZones).toEqual(['lower']);
    expect(now!.enteredZones).toEqual(['upper', 'lower']);
    expect(see(outside)[0]!.enteredZones).toEqual(['upper', 'lower']);
  });

  it('only asks the labels a zone is for', () => {
    const { see } = zones({ lower: { ...lower, labels: ['car'] } });
    expect(see(inside, { ...inside, id: 2, label: 'car' }).map((one) => one.currentZones)).toEqual([[], ['lower']]);
  });

  it('takes an object for what it is called now', () => {
    const { see } = zones({ lower: { ...lower, labels: ['car'], inertia_seconds: 0.1 } });
    const truck = { ...inside, label: 'truck' };
    const car = { ...inside, label: 'car' };
    expect([truck, truck, car, truck].map((one) => see(one)[0]!.currentZones.length)).toEqual([0, 0, 1, 0]);
  });

  it('forgets who is gone, keeps what was entered when the zones change', () => {
    const all = new Zones();
    all.configure({ lower });
    all.update([inside], size);
    all.configure({ other: lower });
    expect(all.update([inside], size)[0]).toMatchObject({ currentZones: ['other'], enteredZones: ['lower', 'other'] });
    all.update([], size);
    expect(all.update([inside], size)[0]!.enteredZones).toEqual(['other']);
  });
});
