import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { Node } from '../../sdk/pipeline/node.ts';
import { Pipeline } from '../../sdk/pipeline/pipeline.ts';
import type { EventMessage } from '../../sdk/vision/event.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';
import type { Seen } from '../vision/fakes.ts';
import { FakeModel, pictures } from './fakes.ts';

const person: Seen = [[100, 50, 140, 150], 'person', 0.8];

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([
  ['an hour back', -3600],
  ['two years on', 2 * 365 * 86_400],
])('a board whose clock is set %s while somebody is there tells how long they were there', async (_, seconds) => {
  const model = new FakeModel();
  model.see = () => [person];
  const settings = resolveSettings({
    cameras: { door: { source: 'scene:', motion: { enabled: false }, track: { confirm: 3, lost: 0.5 } } },
  });
  const node = closing(new Node(settings, { model: model.model }), (it) => it.stop());
  const messages: EventMessage[] = [];
  const begun = performance.now();
  await node.start({
    before: () => void node.pipelines.get('door')!.on('event', (message) => messages.push(structuredClone(message))),
  });
  const ofType = (type: EventMessage['type']) => messages.filter((message) => message.type === type);
  await until(() => ofType('new').length === 1);
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + seconds * 1000);
  const { looks } = model;
  await until(() => model.looks > looks + 5);
  model.see = () => [];
  await until(() => ofType('end').length === 1);
  const passed = (performance.now() - begun) / 1000;
  model.see = () => [person];
  await until(() => ofType('new').length === 2);

  const [first, second] = [ofType('new')[0]!.after, ofType('new')[1]!.after];
  const { start_time, end_time, frame_time, id } = ofType('end')[0]!.after;
  expect([id, start_time]).toEqual([first.id, first.start_time]);
  // Three frames made it an object, and five were looked at after that.
  expect(end_time! - start_time).toBeGreaterThan(0);
  expect(end_time! - start_time).toBeLessThan(passed);
  expect(frame_time).toBe(end_time);
  expect(Math.abs(second.start_time - first.start_time - seconds), 'the next one knows the time').toBeLessThan(
    (performance.now() - begun) / 1000,
  );
});

it('gives the ids of a replay again, and others where it is told to', async () => {
  const folder = temporaryFolder();
  await pictures(join(folder, 'pictures'), Array(6).fill([160, 120]));
  const idsOf = async (options: { eventSalt?: string }) => {
    const model = new FakeModel();
    model.see = () => [[[20, 20, 60, 100], 'person', 0.8]];
    const source = `file:${join(folder, 'pictures')}`;
    const pipeline = new Pipeline({ source, speed: 'max', model: model.model, motion: { enabled: false }, ...options });
    const ids = new Set<string>();
    pipeline.on('event', ({ after }) => ids.add(after.id));
    const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
    await pipeline.start();
    await ended;
    await pipeline.stop();
    expect(ids.size).toBe(1);
    return [...ids];
  };
  expect(await idsOf({})).toEqual(await idsOf({}));
  expect(await idsOf({ eventSalt: 'a' })).toEqual(await idsOf({ eventSalt: 'a' }));
  const all = [await idsOf({}), await idsOf({ eventSalt: 'a' }), await idsOf({ eventSalt: 'b' })];
  expect(new Set(all.flat()).size).toBe(3);
});
