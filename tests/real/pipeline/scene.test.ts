import { expect, it } from 'vitest';
import { cast, cycleSeconds } from '../../../devices/scene/cast.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';

const cycles = 2;
/** Seconds. An actor is found when it is half in, and lost when it is half out. */
const tolerance = 1.6;

it('tells each visit of the built-in scene once, with the default network and settings', {
  timeout: 900_000,
}, async () => {
  const pipeline = new Pipeline({ source: 'scene:', speed: 'max' });
  const begun: string[] = [];
  const visits: { label: string; start: number; end: number }[] = [];
  const snapshots = new Set<string>();
  pipeline.on('snapshot', ({ id }) => snapshots.add(id));
  pipeline.on('event', ({ type, after }) => {
    expect(snapshots.has(after.id), 'a picture comes before its event').toBe(true);
    if (type === 'new') begun.push(after.label);
    if (type === 'end') visits.push({ label: after.label, start: after.start_time, end: after.end_time! });
  });
  const over = new Promise<void>((resolve) => {
    pipeline.on('frame', ({ frame }) => {
      if (frame.wallTimeMs >= cycles * cycleSeconds * 1000) resolve();
    });
  });
  await pipeline.start();
  await over;
  await pipeline.stop();
  const expected = Array.from({ length: cycles }, (_, cycle) =>
    cast.map(({ label, comes, gone }) => ({
      label,
      comes: comes + cycle * cycleSeconds,
      gone: gone + cycle * cycleSeconds,
    })),
  ).flat();
  expect(begun).toEqual(expected.map(({ label }) => label));
  expect(visits.map(({ label }) => label)).toEqual(begun);
  visits.forEach(({ label, start, end }, i) => {
    expect(Math.abs(start - expected[i]!.comes), `${label} comes`).toBeLessThan(tolerance);
    expect(Math.abs(end - expected[i]!.gone), `${label} goes`).toBeLessThan(tolerance);
  });
});
