import { describe, expect, it } from 'vitest';
import type { ZoneSettings } from '../../sdk/config/schema.ts';
import { changedCounts, countTracks } from '../../sdk/vision/counts.ts';
import { track } from './fakes.ts';

const polygon: ZoneSettings['polygon'] = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const zones = { porch: { polygon, inertia_seconds: 0.2 }, road: { polygon, inertia_seconds: 0.2, labels: ['car'] } };
const tracks = [
  track({ id: 1, currentZones: ['porch'] }),
  track({ id: 2, visible: false }),
  track({ id: 3, confirmed: false, currentZones: ['porch'] }),
  track({ id: 4, label: 'car', currentZones: ['porch', 'road'] }),
];

describe('countTracks', () => {
  it('counts confirmed tracks of each label, out of sight too, in the view and in the zones for that label', () => {
    expect(countTracks(tracks, ['person', 'car', 'dog'], zones)).toEqual([
      { label: 'person', count: 2 },
      { label: 'person', zone: 'porch', count: 1 },
      { label: 'car', count: 1 },
      { label: 'car', zone: 'porch', count: 1 },
      { label: 'car', zone: 'road', count: 1 },
      { label: 'dog', count: 0 },
      { label: 'dog', zone: 'porch', count: 0 },
    ]);
  });
});

describe('changedCounts', () => {
  it('gives what is new or other than before', () => {
    const before = countTracks(tracks, ['person', 'car'], zones);
    expect(changedCounts([], before)).toEqual(before);
    expect(changedCounts(before, before)).toEqual([]);
    expect(changedCounts(before, countTracks(tracks.slice(1), ['person', 'car'], zones))).toEqual([
      { label: 'person', count: 1 },
      { label: 'person', zone: 'porch', count: 0 },
    ]);
  });
});
