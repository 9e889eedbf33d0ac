import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { Pipeline } from '../../sdk/pipeline/pipeline.ts';

const polygon: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
];
const zoneOf = (zone: object) =>
  resolveSettings({ cameras: { door: { zones: { porch: { polygon, ...zone } } } } }).cameras.door!.zones.porch;

describe('the inertia of a zone', () => {
  it.each([
    [{}, 0.2],
    [{ inertia_seconds: 0 }, 0],
    [{ inertia_seconds: 1.5 }, 1.5],
    // Frames, as they were written before.
    [{ inertia: 1 }, 0],
    [{ inertia: 3 }, 0.2],
    [{ inertia: 100 }, 9.9],
    [{ inertia: 3, inertia_seconds: 4 }, 4],
  ])('is, of %j, %d s', (zone, seconds) => {
    expect(zoneOf(zone)).toEqual({ polygon, inertia_seconds: seconds });
  });

  it.each([
    [{ inertia: 0 }, /porch\.inertia: expected a whole number from 1 to 100, got 0/],
    [{ inertia: 2.5 }, /porch\.inertia: expected a whole number from 1 to 100, got 2.5/],
    [{ inertia: '3' }, /porch\.inertia: expected a whole number from 1 to 100, got "3"/],
    [{ inertia: 3, inertia_seconds: -1 }, /porch\.inertia_seconds: expected a number from 0 to 60, got -1/],
    [{ inertia_seconds: 61 }, /porch\.inertia_seconds: expected a number from 0 to 60, got 61/],
  ])('is wrong as %j', (zone, message) => {
    expect(() => zoneOf(zone)).toThrow(message);
  });

  it.each([null, 'x', [], { porch: null }, { porch: [] }])('is not looked for in zones that are none: %j', (zones) => {
    expect(() => resolveSettings({ cameras: { door: { zones } } })).toThrow(/cameras\.door\.zones/);
  });

  it('is taken in frames by a pipeline too, which says what it makes of it and tells it in seconds', async () => {
    const said: string[] = [];
    const warn = (line: string) => void said.push(line);
    const logger = { ...console, warn };
    const pipeline = new Pipeline({ source: 'scene:', logger, zones: { porch: { polygon, inertia: 6 } } });
    expect(pipeline.settings.zones.porch).toEqual({ polygon, inertia_seconds: 0.5 });
    const told: object[] = [];
    pipeline.on('settings', (change) => told.push(change));
    await pipeline.change({ zones: { steps: { polygon, inertia: 2 } } });
    expect(pipeline.settings.zones).toEqual({ steps: { polygon, inertia_seconds: 0.1 } });
    expect(told).toEqual([{ zones: { steps: { polygon, inertia_seconds: 0.1 } } }]);
    expect(said).toEqual([
      'zones.porch.inertia counts frames (6); it is read as inertia_seconds: 0.5, write that instead',
      'zones.steps.inertia counts frames (2); it is read as inertia_seconds: 0.1, write that instead',
    ]);
    // What does not name it says nothing.
    await pipeline.change({ zones: { steps: { polygon } } });
    expect(said).toHaveLength(2);
  });
});
