import { describe, expect, it } from 'vitest';
import type { ZoneSettings } from '../../sdk/config/schema.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { Zones } from '../../sdk/vision/zones.ts';
import { track } from './fakes.ts';

const size = { width: 100, height: 100 };
/** The lower half of the picture. */
const lower: ZoneSettings = {
  polygon: [
    [0, 0.5],
    [1, 0.5],
    [1, 1],
    [0, 1],
  ],
  inertia: 1,
};
const outside = track({ box: [40, 10, 60, 40] });
const inside = track({ box: [40, 40, 60, 70] });

function zones(settings: Record<string, ZoneSettings>): { see: (...tracks: Track[]) => Track[] } {
  const all = new Zones();
  all.configure(settings);
  return { see: (...tracks) => all.update(tracks, size) };
}

describe('Zones', () => {
  it('asks where the middle of the lower edge stands, not how much of the box is inside', () => {
    const { see } = zones({ lower });
    expect(see(track({ box: [0, 0, 100, 49] }))[0]!.currentZones).toEqual([]);
    expect(see(track({ box: [40, 0, 60, 51] }))[0]!.currentZones).toEqual(['lower']);
    const right = {
      ...lower,
      polygon: [
        [0.5, 0],
        [1, 0],
        [1, 1],
        [0.5, 1],
      ] as ZoneSettings['polygon'],
    };
    expect(zones({ right }).see(track({ box: [0, 0, 99, 50] }))[0]!.currentZones).toEqual([]);
    expect(zones({ right }).see(track({ box: [2, 0, 100, 50] }))[0]!.currentZones).toEqual(['right']);
  });

  it('counts a box that reaches the lower edge of the picture as standing on its last row', () => {
    expect(zones({ lower }).see(track({ box: [40, 40, 60, 100] }))[0]!.currentZones).toEqual(['lower']);
  });

  it('lets an object in, and out, after `inertia` frames in a row', () => {
    const { see } = zones({ lower: { ...lower, inertia: 3 } });
    const way = [inside, inside, outside, inside, inside, inside, outside, outside, inside, outside, outside, outside];
    expect(way.map((one) => see(one)[0]!.currentZones.length)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0]);
  });

  it('does not count frames in which the object was out of sight', () => {
    const { see } = zones({ lower: { ...lower, inertia: 2 } });
    const hidden = { ...inside, visible: false };
    expect([inside, hidden, hidden, inside].map((one) => see(one)[0]!.currentZones.length)).toEqual([0, 0, 0, 1]);
    // And keeps it where it was seen last.
    expect(see({ ...outside, visible: false })[0]!.currentZones).toEqual(['lower']);
  });

  it('remembers all zones that were entered, in that order', () => {
    const upper = {
      ...lower,
      polygon: [
        [0, 0],
        [1, 0],
        [1, 0.5],
        [0, 0.5],
      ] as ZoneSettings['polygon'],
    };
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
