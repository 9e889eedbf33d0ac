import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveSettings } from '../../sdk/config/settings.ts';
import type { Detector, Found } from '../../sdk/core/detector.ts';
import { LateError } from '../../sdk/core/frame-queue.ts';
import type { DetectOptions } from '../../sdk/core/model.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { AskedDetector } from '../../sdk/pipeline/ask-detector.ts';
import { Node } from '../../sdk/pipeline/node.ts';
import { Pipeline, type PipelineOptions } from '../../sdk/pipeline/pipeline.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import type { ObjectState } from '../../sdk/vision/event.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { pictures } from './fakes.ts';

const cat = { box: [20, 20, 80, 100], score: 0.9, label: 'cat' } as const;

async function folderOf(count: number): Promise<string> {
  const folder = join(temporaryFolder(), 'pictures');
  await pictures(
    folder,
    Array.from({ length: count }, () => [160, 120] as const),
  );
  return folder;
}

/** Plays `count` pictures with a detector that says this of each. */
async function play(detect: (frame: Frame) => Found | Promise<Found>, options: PipelineOptions = {}, count = 8) {
  const logger = recorder();
  const model: Detector = { name: 'mine', labels: ['cat', 'dog'], detect: async (frame) => detect(frame) };
  const pipeline = new Pipeline({ source: `file:${await folderOf(count)}`, speed: 'max', model, logger, ...options });
  onTestFinished(() => pipeline.stop());
  const told: string[] = [];
  const boxes: (readonly number[])[] = [];
  const events: ObjectState[] = [];
  pipeline.on('event', ({ type, after }) => told.push(`${type} ${after.label}`));
  pipeline.on('event', ({ after }) => events.push(after));
  pipeline.on('frame', ({ tracks }) => boxes.push(...tracks.map(({ box }) => box)));
  const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
  await pipeline.start();
  await ended;
  return { pipeline, told, boxes, events, problems: logger.lines.filter((line) => /^(warn|error)/.test(line)) };
}

const frame = () =>
  new Frame({
    format: 'GRAY8',
    width: 160,
    height: 120,
    planes: [{ data: new Uint8Array(160 * 120), stride: 160 }],
    sequence: 0,
    captureTimeNs: 0,
    wallTimeMs: 0,
  });

describe('Regions that a detector of one’s own is asked for', () => {
  const whole = { x: 0, y: 0, width: 160, height: 120 };
  const gate = { x: 100, y: 20, width: 80, height: 80 };

  it('are not given to it where it takes none: it is asked for the whole frame, once', async () => {
    const asked: DetectOptions[] = [];
    const detect = (_: Frame, options: DetectOptions) => ({ detections: asked.push(options) ? [cat] : [] });
    const detector = new AskedDetector({ labels: ['cat'], detect });
    const answer = await detector.ask(frame(), { scoreThreshold: 0.2, regions: [gate, whole] });
    expect(detector.takesRegions).toBe(false);
    expect(asked).toEqual([{ scoreThreshold: 0.2 }]);
    expect(answer).toMatchObject({ regions: [whole], cut: [false] });
  });

  it('are given to it, clipped, where it takes them; what they cut is found out', async () => {
    const asked: DetectOptions[] = [];
    const other = { box: [100, 30, 130, 60], score: 0.8, label: 'cat' } as const;
    const inside = { ...other, box: [120, 30, 150, 60] } as const;
    const detect = (_: Frame, options: DetectOptions) => ({ detections: asked.push(options) ? [other, inside] : [] });
    const detector = new AskedDetector({ labels: ['cat'], regions: true, detect });
    const clipped = { ...gate, width: 60 };
    expect(await detector.ask(frame(), { regions: [gate] })).toMatchObject({ regions: [clipped], cut: [true, false] });
    expect(await detector.ask(frame(), { regions: [gate, whole] })).toMatchObject({ cut: [false, false] });
    expect(await detector.ask(frame(), {})).toMatchObject({ regions: [whole], cut: [false, false] });
    expect(asked.map(({ regions }) => regions)).toEqual([[clipped], [clipped, whole], undefined]);
  });
});

describe('A detector of one’s own', () => {
  it('gets tracker, zones and events, with its own labels; its times are counted', async () => {
    const { pipeline, told, problems } = await play(() => ({ detections: [cat], times: { inferMs: 0.01 } }), {
      zones: { mat: { polygon: [[0, 0], [1, 0], [1, 1], [0, 1]] } }, // biome-ignore format: a line
    });
    expect(told.filter((line) => !line.startsWith('update'))).toEqual(['new cat', 'end cat']);
    expect(problems).toEqual([]);
    expect([pipeline.labels, pipeline.knownLabels]).toEqual([
      ['cat', 'dog'],
      ['cat', 'dog'],
    ]);
    const { frames, times } = pipeline.stats;
    expect(frames).toMatchObject({ in: 8, inferred: 8 });
    expect([times.infer, times.preprocess]).toEqual([0.01, 0]);
    expect(times.queue).toBeGreaterThan(0);
  });

  it('gives Detections too, whose labels may be in another order; boxes are cut off at the edges', async () => {
    const detections = Detections.from([{ box: [-10, 20, 80, 500], score: 0.9, classId: 1 }], ['bird', 'cat']);
    const { told, boxes, problems } = await play(() => ({ detections }));
    expect(problems).toEqual([]);
    expect(told).toContain('new cat');
    expect(boxes[0]).toEqual([0, 20, 80, 120]);
  });

  it('gives keypoints and masks, which are in its events; a mask with too many corners gets fewer', async () => {
    const many = Array.from(
      { length: 400 },
      (_, i) => [50 + 20 * Math.sin(i / 64), 60 + 20 * Math.cos(i / 64)] as const,
    );
    const keypoints = [{ name: 'nose', x: 50, y: 60, score: 0.75 }];
    const detector = new AskedDetector({
      labels: ['cat'],
      detect: () => ({ detections: [{ ...cat, keypoints, mask: [many] }] }),
    });
    const [found] = [...(await detector.ask(frame(), {}))!.detections];
    expect(found!.keypoints).toEqual(keypoints);
    expect(found!.mask![0]!.length).toBeLessThanOrEqual(96);
    const { events, problems } = await play(() => ({ detections: [{ ...cat, keypoints, mask: [many] }] }));
    expect(problems).toEqual([]);
    expect(events.at(-1)!.mask).toHaveLength(1);
    expect(events.at(-1)!.keypoints![0]).toMatchObject({
      name: 'nose',
      x: expect.closeTo(50, 0),
      y: expect.closeTo(60, 0),
      score: 0.75,
    });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'expected { detections } with Detections or a list of { box, score, label }, got undefined'],
    ['a list', [cat], 'got an array of 1'],
    ['no list', { detections: 3 }, 'got 3'],
    ['no row', { detections: [null] }, 'detection 0: expected a box of four numbers, got undefined'],
    [
      'NaN as a score',
      { detections: [cat, { ...cat, score: Number.NaN }] },
      'detection 1: expected a score of 0..1, got NaN',
    ],
    ['a score of percents', { detections: [{ ...cat, score: 90 }] }, 'expected a score of 0..1, got 90'],
    [
      'a box of three',
      { detections: [{ ...cat, box: [1, 2, 3] }] },
      'expected a box of four numbers, got an array of 3',
    ],
    [
      'a box that is turned',
      { detections: [{ ...cat, box: [50, 10, 20, 90] }] },
      'with x1 <= x2 and y1 <= y2, got [50, 10, 20, 90]',
    ],
    ['a box with NaN', { detections: [{ ...cat, box: [Number.NaN, 10, 20, 90] }] }, 'got [NaN, 10, 20, 90]'],
    [
      'an endless box',
      { detections: [{ ...cat, box: [0, 0, Number.POSITIVE_INFINITY, 9] }] },
      'got [0, 0, Infinity, 9]',
    ],
    ['fractions of the picture', { detections: [{ ...cat, box: [0.1, 0.2, 0.5, 0.9] }] }, 'are these fractions of it?'],
    [
      'keypoints without a place',
      { detections: [{ ...cat, keypoints: [{ name: 'nose', x: 3, score: 1 }] }] },
      'detection 0: expected at most 64 keypoints { name, x, y, score }, got an array of 1',
    ],
    [
      'keypoints of some objects only',
      { detections: [cat, { ...cat, keypoints: [{ name: 'nose', x: 3, y: 4, score: 1 }] }] },
      'or keypoints in none',
    ],
    ['a mask of two corners', { detections: [{ ...cat, mask: [[[1, 2], [3, 4]]] }] }, 'expected a mask of polygons'], // biome-ignore format: a line
    ['an unknown label', { detections: [{ ...cat, label: 'cow' }] }, 'expected a label of cat, dog; got "cow"'],
    ['a class id for a label', { detections: [{ ...cat, label: 0 }] }, 'expected a label of cat, dog; got 0'],
    [
      'a time that is none',
      { detections: [cat], times: { inferMs: Number.NaN } },
      'times.inferMs: expected milliseconds, got NaN',
    ],
  ])('%s is said once, and does not end the camera', async (_, found, problem) => {
    const { told, problems, pipeline } = await play(({ sequence }) =>
      sequence < 4 ? (found as Found) : { detections: [cat] },
    );
    expect(problems).toEqual([expect.stringContaining(`error detector mine: `)]);
    expect(problems[0]).toContain(problem);
    expect(told).toContain('new cat');
    expect(pipeline.stats.frames).toMatchObject({ in: 8, inferred: 4 });
  });

  it('may throw; what it did not look at is late', async () => {
    const { told, problems, pipeline } = await play(({ sequence }) => {
      if (sequence === 0) throw new Error('no answer from 10.0.0.7');
      if (sequence === 1) throw new LateError('busy');
      return { detections: [cat] };
    });
    expect(problems).toEqual(['error frame 0: no answer from 10.0.0.7']);
    expect(told).toContain('new cat');
    expect(pipeline.stats.frames).toMatchObject({ inferred: 6, late: 1 });
  });

  it.each<[string, unknown, string]>([
    ['a name', 'yolo', 'model: expected a model of loadModel() or a detector: { labels, detect }, got "yolo"'],
    [
      'no detect',
      { labels: ['cat'] },
      'model: detect: expected a model of loadModel() or a detector: { labels, detect }, with a function there',
    ],
    ['no labels', { detect: () => {} }, 'model.labels: expected a list of names, one at least, got undefined'],
    [
      'an empty list',
      { labels: [], detect: () => {} },
      'model.labels: expected a list of names, one at least, got an array of 0',
    ],
    [
      'a label twice',
      { labels: ['a', 'b', 'a'], detect: () => {} },
      'model.labels: expected each name once, got a twice',
    ],
    [
      'an empty label',
      { labels: ['a', ''], detect: () => {} },
      'model.labels[1]: expected 1 to 128 printable characters, got ""',
    ],
    ['a number for a name', { name: 3, labels: ['a'], detect: () => {} }, 'model.name: expected a text, got 3'],
  ])('is refused at the start: %s', async (_, model, problem) => {
    const pipeline = new Pipeline({ source: 'scene:', model: model as Detector, logger: recorder() });
    onTestFinished(() => pipeline.stop());
    await expect(pipeline.start()).rejects.toThrow(problem);
    expect(pipeline.device).toBeUndefined();
  });

  it('holds the labels of the settings to its own', async () => {
    const model: Detector = { labels: ['cat'], detect: () => ({ detections: [] }) };
    const pipeline = new Pipeline({ source: 'scene:', model, detect: { labels: ['cta'] } });
    onTestFinished(() => pipeline.stop());
    await expect(pipeline.start()).rejects.toThrow('expected labels that the model knows, got cta; did you mean cat?');
  });

  it('serves all cameras of a node, which names it', async () => {
    const model: Detector = { name: 'mine', labels: ['cat'], detect: () => ({ detections: [cat] }) };
    const settings = resolveSettings({ cameras: { a: { source: 'scene:' }, b: { source: 'scene:' } } });
    const node = new Node(settings, { speed: 'max', model, logger: recorder() });
    onTestFinished(() => node.stop());
    await node.start();
    expect(node.model).toBe(model);
    expect(node.card).toEqual({ name: 'mine', labels: ['cat'] });
    expect(node.stats().model).toBe('mine');
    const counted = () => [...node.pipelines.values()].every(({ counts }) => counts.some(({ count }) => count === 1));
    await until(counted);
  });
});
