import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../../sdk/core/model.ts';
import { Pipeline, type PipelineOptions } from '../../../sdk/pipeline/pipeline.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { hasProgram, sharedData } from '../../support/needs.ts';

const clip = sharedData('video', 'one-by-one-person-detection.mp4');
/** First and last frame of each visit, at ten frames a second. */
const visits = [
  [66, 194],
  [230, 444],
  [506, 694],
  [748, 864],
  [932, 1194],
  [1238, 1356],
] as const;
/** Seconds: where a visit begins and ends was read off the clip by eye. */
const tolerance = 1.5;
const five: PipelineOptions = { detect: { fps: 5 } };

const name = 'six visits, one after the other (needs ffmpeg and ../shared)';

describe.skipIf(!clip || !hasProgram('ffmpeg'))(name, { timeout: 900_000 }, () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel();
  });
  afterAll(() => model?.close());

  async function watch(settings: PipelineOptions): Promise<{ messages: EventMessage[]; pipeline: Pipeline }> {
    const pipeline = new Pipeline({
      source: `file:${clip}`,
      speed: 'max',
      model,
      snapshots: { enabled: false },
      ...settings,
    });
    const messages: EventMessage[] = [];
    pipeline.on('event', (message) => messages.push(message));
    const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
    await pipeline.start();
    await ended;
    await pipeline.stop();
    return { messages, pipeline };
  }

  /** What was told at this rate, where it was watched already. */
  let atFive: EventMessage[] | undefined;

  it.each<[string, PipelineOptions]>([
    ['as it comes', {}],
    ['without the gate', { motion: { enabled: false } }],
    ['at five frames a second', five],
    ['at five, with a higher threshold', { detect: { fps: 5, threshold: 0.7 } }],
  ])('are six events, %s', async (_, settings) => {
    const { messages } = await watch(settings);
    if (settings === five) atFive = messages;
    const ids = new Set(messages.map(({ after }) => after.id));
    for (const id of ids) {
      const life = messages.filter(({ after }) => after.id === id).map(({ type }) => type);
      expect(life).toEqual(['new', ...life.slice(2).map(() => 'update'), 'end']);
    }
    const ends = messages.filter(({ type }) => type === 'end').map(({ after }) => after);
    expect(ends.map(({ label }) => label)).toEqual(visits.map(() => 'person'));
    expect(ids.size).toBe(visits.length);
    visits.forEach(([first, last], i) => {
      expect(Math.abs(ends[i]!.start_time - first / 10), `start of visit ${i + 1}`).toBeLessThan(tolerance);
      expect(Math.abs(ends[i]!.end_time! - last / 10), `end of visit ${i + 1}`).toBeLessThan(tolerance);
    });
  });

  it('are told the same each time, and the network is left alone between them', async () => {
    const first = atFive ?? (await watch(five)).messages;
    const second = await watch(five);
    expect(second.messages).toEqual(first);
    const { in: all, gated } = second.pipeline.stats.frames;
    expect(gated / all).toBeGreaterThan(0.2);
  });
});
