import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { StaleError } from '../../sdk/base/errors.ts';
import type { CameraChange } from '../../sdk/config/schema.ts';
import type { Detector } from '../../sdk/core/detector.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import type { FrameReport } from '../../sdk/pipeline/events.ts';
import { Pipeline, type PipelineLearning, type PipelineOptions } from '../../sdk/pipeline/pipeline.ts';
import type { SubLabel } from '../../sdk/vision/track.ts';
import { camera } from '../devices/libcamera/stand-in.ts';
import { temporaryFolder } from '../support/folders.ts';
import { heapAfterCollection } from '../support/heap.ts';
import { fakeProgram } from '../support/programs.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { boxAt, type Seen } from '../vision/fakes.ts';
import { FakeModel, pictures } from './fakes.ts';

const person: Seen = [boxAt(60, 60, 40, 80), 'person', 0.8];
const car: Seen = [boxAt(200, 60, 100, 60), 'car', 0.8];

/** A pipeline with a fake network, that is stopped after the test. */
function pipelineOf(options: PipelineOptions & { fake?: FakeModel } = {}) {
  const { fake = new FakeModel(), ...rest } = options;
  const logger = recorder();
  const pipeline = new Pipeline({ source: 'scene:', speed: 'max', model: fake.model, logger, ...rest });
  onTestFinished(() => pipeline.stop());
  const told: string[] = [];
  pipeline.on('event', ({ type, after }) => told.push(`${type} ${after.label}`));
  pipeline.on('snapshot', ({ label }) => told.push(`snapshot ${label}`));
  pipeline.on('status', (status) => told.push(status));
  pipeline.on('ended', () => told.push('ended'));
  pipeline.on('settings', (change) => told.push(`settings ${JSON.stringify(change)}`));
  const errors = () => logger.lines.filter((line) => line.startsWith('error'));
  return { pipeline, fake, errors, told };
}

/** Resolves with the report of the n-th frame from now on. */
function frames(pipeline: Pipeline, n = 1): Promise<FrameReport> {
  return new Promise((resolve) => {
    let left = n;
    const onFrame = (report: FrameReport) => {
      if (--left > 0) return;
      pipeline.off('frame', onFrame);
      resolve(report);
    };
    pipeline.on('frame', onFrame);
  });
}

async function folderOf(sizes: readonly (readonly [number, number])[]): Promise<string> {
  const folder = join(temporaryFolder(), 'pictures');
  await pictures(folder, sizes);
  return folder;
}

const many = (n: number) => Array.from({ length: n }, () => [320, 180] as const);

describe('Pipeline', () => {
  it('refuses to start with a label that the model does not know, and says which is near', async () => {
    const { pipeline, told } = pipelineOf({ detect: { labels: ['preson'] } });
    await expect(pipeline.start()).rejects.toThrow(
      'camera camera: detect.labels: expected labels that the model knows, got preson; did you mean person?',
    );
    expect([pipeline.status, told.includes('new person')]).toEqual(['offline', false]);
  });

  it('refuses a change to a label that the model does not know, also while the model loads, and goes on', async () => {
    let loaded = (_: Detector) => {};
    const promise = new Promise<Detector>((resolve) => {
      loaded = resolve;
    });
    const { pipeline, fake, told } = pipelineOf({ model: promise });
    const starting = pipeline.start();
    const change = pipeline.change({ detect: { labels: ['cra'] } });
    loaded(fake.model);
    await expect(change).rejects.toThrow(
      'detect.labels: expected labels that the model knows, got cra; did you mean car?',
    );
    await starting;
    await frames(pipeline);
    const square = [[0, 0], [1, 0], [1, 1]] as [number, number][]; // biome-ignore format: one line
    for (const patch of [
      { detect: { thresholds: { dgo: 0.5 } } },
      { zones: { mat: { polygon: square, labels: ['dgo'] } } },
      { lines: { gate: { from: [0, 0], to: [1, 1], labels: ['dgo'] } } },
    ] as CameraChange[]) {
      await expect(pipeline.change(patch)).rejects.toThrow('got dgo; did you mean dog?');
    }
    expect(told.filter((line) => line.startsWith('settings'))).toEqual([]);
    await pipeline.change({ detect: { labels: ['dog', 'car'] } });
    expect(pipeline.labels).toEqual(['car', 'dog']);
    await frames(pipeline);
  });

  it('plays a folder of pictures to its end and tells all in order', async () => {
    const { pipeline, fake, told } = pipelineOf({ source: `file:${await folderOf(many(8))}`, detect: { fps: 10 } });
    fake.see = () => [person];
    const order: string[] = [];
    for (const name of ['motion', 'snapshot', 'event', 'count', 'frame'] as const) {
      pipeline.on(name, () => order.push(name));
    }
    await pipeline.start();
    await until(() => told.includes('ended'));
    expect(told).toEqual(['online', 'snapshot person', 'new person', 'offline', 'end person', 'ended']);
    // The third frame makes it an object: its picture, its event, its count, then the frame.
    expect(order.slice(order.indexOf('snapshot') - 1, order.indexOf('snapshot') + 4)).toEqual([
      'frame',
      'snapshot',
      'event',
      'count',
      'frame',
    ]);
    expect(order.at(-1)).toBe('count');
    expect(pipeline.stats).toMatchObject({
      frames: { in: 8, dropped: 0, gated: 0, late: 0, inferred: 8 },
      objects: 0,
      times: { preprocess: 1, infer: 2, decode: 3 },
      device: { state: 'ended', frames: 8 },
    });
    expect(pipeline.counts).toContainEqual({ label: 'person', count: 0 });
    expect(pipeline.moving).toBe(false);
  });

  it('gives the frame on loan with its tracks, and the newest one to keep', async () => {
    const { pipeline, fake } = pipelineOf();
    fake.see = () => [person];
    expect(pipeline.latestFrame()).toBeUndefined();
    expect(pipeline.labels).toEqual([]);
    await expect(pipeline.snapshot()).rejects.toThrow('camera camera has given no picture yet: offline');
    const fifth = frames(pipeline, 5);
    await pipeline.start();
    const { inferred, tracks, moving } = await fifth;
    expect({ inferred, moving, seen: tracks.map(({ label }) => label) }).toEqual({
      inferred: true,
      moving: true,
      seen: ['person'],
    });
    expect(pipeline.labels).toEqual(['person', 'car', 'dog']);
    const latest = pipeline.latestFrame()!;
    expect(latest.planes.length).toBe(3);
    latest.release();
    expect(await sharp(await pipeline.snapshot({ maxHeight: 90 })).metadata()).toMatchObject({
      format: 'jpeg',
      width: 160,
      height: 90,
    });
    expect(pipeline.device?.properties.kind).toBe('scene');
  });

  it('gives a still of a camera that takes them, but none past stages that make its pictures', async () => {
    const cat = JSON.stringify(asset('devices', 'scene', 'photos', 'cat.jpg'));
    fakeProgram('rpicam-vid', camera(64, ['frames']));
    fakeProgram('rpicam-still', `fs.copyFileSync(${cat}, process.argv[process.argv.indexOf('--output') + 1]);`);
    const settings = { source: 'libcamera:', width: 128, height: 96, speed: 'realtime' } as const;
    const { pipeline } = pipelineOf(settings);
    await expect(pipeline.snapshot({ still: true })).rejects.toThrow(/takes no stills: its source .* is not open/);
    await pipeline.start();
    const jpeg = await pipeline.snapshot({ still: true });
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 451, height: 300 });
    await pipeline.stop();

    const { pipeline: other } = pipelineOf();
    await other.start();
    await expect(other.snapshot({ still: true })).rejects.toThrow(/takes no stills/);

    const { pipeline: blurred } = pipelineOf({ ...settings, after: [{ process: (report) => report }] });
    await blurred.start();
    await expect(blurred.snapshot({ still: true })).rejects.toThrow(/stages make its pictures/);
  });

  it('takes a picture of each event only when it is wanted', async () => {
    const { pipeline, fake, told } = pipelineOf({
      source: `file:${await folderOf(many(5))}`,
      snapshots: { enabled: false },
    });
    fake.see = () => [person];
    await pipeline.start();
    await until(() => told.includes('ended'));
    expect(told).not.toContain('snapshot person');
    expect(told).toContain('new person');
  });

  it('skips the network while nothing moves', async () => {
    const { pipeline, fake } = pipelineOf();
    // The first three seconds of the scene are a still wall.
    const done = frames(pipeline, 30);
    await pipeline.start();
    await done;
    const { gated, inferred } = pipeline.stats.frames;
    expect(gated).toBeGreaterThan(15);
    expect(fake.looks).toBe(inferred);
  });

  it('keeps going when a listener throws or its promise is rejected, and keeps nothing from the others', async () => {
    const { pipeline, fake, errors } = pipelineOf({ source: `file:${await folderOf(many(6))}` });
    fake.see = () => [person, car];
    const heard: string[] = [];
    pipeline.on('event', () => {
      throw new Error('a bad listener');
    });
    pipeline.on('event', async () => {
      throw new Error('a bad promise');
    });
    pipeline.on('event', ({ type, after }) => heard.push(`${type} ${after.label}`));
    pipeline.on('frame', () => {
      throw new Error('a bad one too');
    });
    let ended = false;
    pipeline.once('ended', () => {
      ended = true;
    });
    await pipeline.start();
    await until(() => ended);
    expect(heard.filter((line) => !line.startsWith('update')).sort()).toEqual([
      'end car',
      'end person',
      'new car',
      'new person',
    ]);
    expect(pipeline.stats.frames.in).toBe(6);
    expect(errors()).toContain('error a listener of "event" failed: a bad listener');
    expect(errors()).toContain('error a listener of "event" failed: a bad promise');
  });

  it('goes on when the network fails at a frame, and says the same once', async () => {
    const { pipeline, fake, errors, told } = pipelineOf({ source: `file:${await folderOf(many(9))}` });
    fake.see = ({ sequence }) => {
      if (sequence < 4) throw new Error('out of order');
      return [person];
    };
    await pipeline.start();
    await until(() => told.includes('ended'));
    expect(errors()).toEqual(['error frame 0: out of order']);
    expect(told).toContain('new person');
  });

  it('takes a source that changes its size midway for another scene', async () => {
    const sizes = [...many(5), ...Array.from({ length: 5 }, () => [640, 360] as const)];
    const { pipeline, fake, told } = pipelineOf({
      source: `file:${await folderOf(sizes)}`,
      snapshots: { enabled: false },
    });
    fake.see = () => [person];
    const widths = new Set<number>();
    pipeline.on('frame', ({ frame }) => widths.add(frame.width));
    await pipeline.start();
    await until(() => told.includes('ended'));
    expect([...widths]).toEqual([320, 640]);
    expect(told.filter((line) => line.includes('person'))).toEqual([
      'new person',
      'end person',
      'new person',
      'end person',
    ]);
  });
});

describe('Pipeline: settings', () => {
  it('refuses wrong ones and names the field', () => {
    expect(() => new Pipeline({ name: 'door', detect: { threshold: 2 } })).toThrow(
      /camera door is not right:\n {2}detect.threshold: expected a number from 0 to 1, got 2/,
    );
  });

  it('changes what is given while it runs, leaves the rest, replaces maps whole', async () => {
    const { pipeline, fake, told } = pipelineOf({
      detect: { thresholds: { car: 0.9 } },
      snapshots: { enabled: false },
    });
    fake.see = () => [person, car];
    await pipeline.start();
    await until(() => told.includes('new person'));
    expect(told).not.toContain('new car');
    const { device } = pipeline;
    await pipeline.change({ detect: { thresholds: { dog: 0.9 } } });
    await until(() => told.includes('new car'));
    expect(pipeline.settings.detect).toMatchObject({ threshold: 0.6, thresholds: { dog: 0.9 } });
    const polygon: [number, number][] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    await pipeline.change({ zones: { porch: { polygon, inertia_seconds: 0 } } });
    await until(() => pipeline.counts.some(({ zone, count }) => zone === 'porch' && count === 1));
    await pipeline.change({ zones: {} });
    expect(pipeline.settings.zones).toEqual({});
    // None of these needs the camera to be opened again.
    expect(pipeline.device).toBe(device);
    expect(told.filter((line) => line === 'online').length).toBe(1);
    expect(told).toContain('settings {"zones":{}}');
  });

  it('changes nothing when the change is wrong', async () => {
    const { pipeline, told } = pipelineOf();
    const before = pipeline.settings;
    await expect(pipeline.change({ track: { lost: -1 } })).rejects.toThrow('track.lost: expected a number from 0.1');
    expect(pipeline.settings).toBe(before);
    expect(told).toEqual([]);
  });

  it('can be changed before it is started', async () => {
    const { pipeline, told } = pipelineOf({ source: 'file:/nowhere' });
    await pipeline.change({ source: 'scene:' });
    await pipeline.start();
    expect(pipeline.device?.properties.kind).toBe('scene');
    expect(told).toContain('settings {"source":"scene:"}');
  });

  it('changes the source while it runs: the old one is over, the totals go on', async () => {
    const folder = await folderOf(many(4));
    const { pipeline, fake, told } = pipelineOf({ snapshots: { enabled: false } });
    fake.see = () => [person];
    await pipeline.start();
    await until(() => told.includes('new person'));
    const old = pipeline.device!;
    await pipeline.change({ source: `file:${folder}` });
    expect(old.health.state).toBe('closed');
    const before = pipeline.stats.frames.in;
    await until(() => told.includes('ended'));
    expect(pipeline.stats.frames.in).toBeGreaterThanOrEqual(before);
    expect(told.filter((line) => line.includes('person'))).toEqual([
      'new person',
      'end person',
      'new person',
      'end person',
    ]);
  });

  it('tries a changed source again and again until it can be opened', async () => {
    const folder = join(temporaryFolder(), 'later');
    const { pipeline, errors, told } = pipelineOf();
    await pipeline.start();
    await pipeline.change({ source: `file:${folder}` });
    expect(pipeline.status).toBe('offline');
    expect(pipeline.stats.device.lastError).toContain(folder);
    expect(errors().length).toBe(1);
    await pictures(folder, many(3));
    await until(() => told.includes('ended'));
  });

  it('reads a file at the rate that is asked for by name, at its own otherwise', async () => {
    const { pipeline } = pipelineOf();
    await pipeline.start();
    expect(pipeline.device?.properties.fps).toBe(10);
    await pipeline.change({ detect: { fps: 4 } });
    expect(pipeline.device?.properties.fps).toBe(4);
  });

  it('is disabled: opens nothing until it is enabled', async () => {
    const { pipeline, fake, told } = pipelineOf({ enabled: false, snapshots: { enabled: false } });
    fake.see = () => [person];
    await pipeline.start();
    expect(told).toEqual(['disabled']);
    expect(pipeline.device).toBeUndefined();
    expect(pipeline.labels).toEqual(['person', 'car', 'dog']);
    await pipeline.change({ enabled: true });
    await until(() => told.includes('new person'));
    await pipeline.change({ enabled: false });
    expect(pipeline.device).toBeUndefined();
    expect(pipeline.latestFrame()).toBeUndefined();
    expect(told.filter((line) => !line.startsWith('settings'))).toEqual([
      'disabled',
      'offline',
      'online',
      'new person',
      'disabled',
      'end person',
    ]);
  });
});

describe('Pipeline: a core that other cameras use too', () => {
  it('says whose frame it is, how often and how long it waits, and counts what came too late', async () => {
    const source = `file:${await folderOf(many(8))}`;
    const { pipeline, fake } = pipelineOf({ source, speed: 'realtime', detect: { fps: 50, priority: 3 }, loop: true });
    fake.see = () => [person];
    fake.late = true;
    await pipeline.start();
    await until(() => pipeline.stats.frames.late > 2);
    expect(pipeline.stats.frames).toMatchObject({ inferred: 0, gated: 0 });
    expect(fake.asked).toMatchObject({ stream: { name: 'camera', weight: 3 }, maxWaitMs: 20 });
    fake.late = false;
    await until(() => pipeline.tracks.length === 1);
  });
});

describe('Pipeline: learning', () => {
  it('is shown each frame with its tracks, is waited for as fast as it goes, and names what comes in the next', async () => {
    const seen: string[] = [];
    const names = new Map<number, SubLabel>();
    let resets = 0;
    const learning: PipelineLearning = {
      look: async ({ frame, tracks, inferred }) => {
        seen.push(`${frame.sequence} ${tracks.length} ${inferred}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        for (const { id } of tracks) names.set(id, { label: 'the postman', score: 0.9 });
      },
      nameOf: (trackId) => names.get(trackId),
      reset: () => resets++,
    };
    const { pipeline, fake } = pipelineOf({ source: `file:${await folderOf(many(6))}`, learning });
    fake.see = () => [person];
    const messages: string[] = [];
    pipeline.on('event', ({ type, after }) => messages.push(`${type} ${after.sub_label}`));
    const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
    await pipeline.start();
    await ended;
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].map((sequence) => `${sequence} 1 true`));
    expect(new Set(messages)).toEqual(new Set(['new the postman', 'update the postman', 'end the postman']));
    expect(resets).toBe(1);
  });
});

describe('Pipeline: start and stop', () => {
  it('throws when the source cannot be used, and can be started again', async () => {
    const folder = join(temporaryFolder(), 'later');
    const { pipeline, told } = pipelineOf({ source: `file:${folder}` });
    await expect(pipeline.start()).rejects.toThrow(folder);
    expect(pipeline.status).toBe('offline');
    await pictures(folder, many(3));
    await pipeline.start();
    await until(() => told.includes('ended'));
  });

  it('throws when the scheme is unknown, or the model cannot be used', async () => {
    await expect(pipelineOf({ source: 'film:reel' }).pipeline.start()).rejects.toThrow(
      'there is no device called "film:"',
    );
    const { pipeline } = pipelineOf({ model: Promise.reject(new Error('no such model')) });
    await expect(pipeline.start()).rejects.toThrow('no such model');
    expect(pipeline.device).toBeUndefined();
  });

  it('is patient with a source that is not there yet', async () => {
    const folder = join(temporaryFolder(), 'later');
    const { pipeline, told, errors } = pipelineOf({ source: `file:${folder}`, patient: true });
    await pipeline.start();
    expect(pipeline.status).toBe('offline');
    expect(errors().length).toBe(1);
    await pictures(folder, many(3));
    await until(() => told.includes('ended'));
    expect(told).toEqual(['online', 'offline', 'ended']);
  });

  it('stops trying when it is stopped', async () => {
    const folder = join(temporaryFolder(), 'later');
    const { pipeline, told } = pipelineOf({ source: `file:${folder}`, patient: true });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    await pipeline.start();
    await pipeline.stop();
    await pictures(folder, many(3));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual([]);
  });

  it('can be stopped while it starts, twice, and started again', async () => {
    const { pipeline, fake, told } = pipelineOf();
    const first = pipeline.start();
    await Promise.all([pipeline.stop(), pipeline.stop()]);
    await first;
    expect(pipeline.device).toBeUndefined();
    await pipeline.stop();
    const second = [pipeline.start(), pipeline.start()];
    await Promise.all(second);
    await frames(pipeline, 3);
    await pipeline.stop();
    expect(pipeline.status).toBe('offline');
    const { looks } = fake;
    // So long that another pipeline looks at some.
    const other = pipelineOf();
    await other.pipeline.start();
    await frames(other.pipeline, 3);
    expect(fake.looks).toBe(looks);
    expect(told.filter((line) => line === 'online').length).toBe(1);
    // One that is given stays open.
    expect(fake.closed).toBe(false);
  });

  it('stop, then start at once: the second has the camera', async () => {
    const { pipeline } = pipelineOf();
    await pipeline.start();
    const first = pipeline.device;
    void pipeline.stop();
    await pipeline.start();
    expect(pipeline.device).not.toBe(first);
    expect(first?.health.state).toBe('closed');
    await frames(pipeline, 2);
  });

  it('opens one device when it is changed several times while it opens: the last one', async () => {
    const { pipeline, told } = pipelineOf({ source: `file:${await folderOf(many(3))}` });
    const started = pipeline.start();
    const changes = [3, 5, 7].map((fps) => pipeline.change({ source: 'scene:', detect: { fps } }));
    await Promise.all([started, ...changes]);
    await until(() => pipeline.device !== undefined);
    expect(pipeline.device?.properties).toMatchObject({ kind: 'scene', fps: 7 });
    await frames(pipeline, 2);
    expect(told.filter((line) => line === 'online').length).toBe(1);
  });

  it('ends what runs when it is stopped, also from a listener', async () => {
    const { pipeline, fake, told } = pipelineOf({ snapshots: { enabled: false } });
    fake.see = () => [person];
    let stopping: Promise<void> | undefined;
    pipeline.once('event', () => {
      stopping = pipeline.stop();
    });
    await pipeline.start();
    await until(() => stopping !== undefined);
    await stopping;
    expect(told).toEqual(['online', 'new person', 'offline', 'end person']);
  });

  it('waits for the frame the network still looks at', async () => {
    const { pipeline, fake } = pipelineOf();
    fake.takesMs = 100;
    await pipeline.start();
    await until(() => fake.looks > 0);
    const { looks } = fake;
    await pipeline.stop();
    expect(fake.looks).toBe(looks);
    expect(pipeline.stats.frames.inferred).toBe(looks);
  });

  it('loads and closes the default model itself', async () => {
    const pipeline = new Pipeline({ source: 'scene:', speed: 'max' });
    const third = frames(pipeline, 3);
    await pipeline.start();
    await third;
    expect(pipeline.labels).toContain('person');
    expect(pipeline.stats.times.infer).toBeGreaterThan(0);
    await pipeline.stop();
    // Also while it loads.
    const starting = pipeline.start();
    await pipeline.stop();
    await starting;
  });

  it('restarts its source: the running events end, and frames arrive again', async () => {
    const { pipeline, fake, told } = pipelineOf({ motion: { enabled: false }, snapshots: { enabled: false } });
    fake.see = () => [person];
    await pipeline.start();
    await until(() => told.includes('new person'));
    const device = pipeline.device;
    const before = pipeline.stats.frames.in;
    await pipeline.restart();
    expect(told).toContain('end person');
    await frames(pipeline, 3);
    expect(pipeline.device).not.toBe(device);
    expect(pipeline.stats.frames.in).toBeGreaterThan(before);
    await until(() => told.filter((what) => what === 'new person').length === 2);
  });

  it('sets the controls of a camera that stays open, and keeps what it was set to where that does not take them', async () => {
    const { pipeline, told } = pipelineOf();
    await pipeline.change({ controls: { gain: 1 } });
    await pipeline.start();
    const device = pipeline.device!;
    await expect(pipeline.change({ controls: { gain: 2 }, loop: true })).rejects.toThrow(
      'controls: expected none, since scene: has no controls; got gain',
    );
    expect(pipeline.settings.controls).toEqual({ gain: 1 });
    const set = vi.spyOn(device, 'setControls').mockResolvedValue();
    await pipeline.change({ controls: { brightness: 3, power_line_frequency: '50 Hz' } });
    await pipeline.change({ detect: { threshold: 0.3 } });
    await pipeline.change({ controls: {} });
    expect(set.mock.calls).toEqual([[{ brightness: 3, power_line_frequency: '50 Hz' }], [{}]]);
    expect(pipeline.settings.controls).toEqual({});
    expect(pipeline.device).toBe(device);
    // Another source gets them when it is opened.
    await pipeline.change({ controls: { gain: 4 }, detect: { fps: 5 } });
    expect(set).toHaveBeenCalledTimes(2);
    expect(pipeline.device).not.toBe(device);
    expect(told.filter((what) => what.startsWith('settings'))).toHaveLength(5);
  });

  it('refuses a change of settings that others have changed since, also while that is under way', async () => {
    const { pipeline } = pipelineOf();
    await pipeline.start();
    const seen = pipeline.revision;
    const both = [0.3, 0.4].map((threshold) => pipeline.change({ detect: { threshold } }, { seen }));
    const answers = await Promise.allSettled(both);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(answers[1]).toMatchObject({ reason: expect.any(StaleError) });
    expect([pipeline.settings.detect.threshold, pipeline.revision]).toEqual([0.3, seen + 1]);
    // Without a revision the last one wins.
    await pipeline.change({ detect: { threshold: 0.5 } });
    expect(pipeline.settings.detect.threshold).toBe(0.5);

    // While the camera's controls are set, somebody else changes something.
    const given: object[] = [];
    let set!: () => void;
    vi.spyOn(pipeline.device!, 'setControls').mockImplementation((values) => {
      given.push(values);
      return given.length === 1 ? new Promise((resolve) => (set = resolve)) : Promise.resolve();
    });
    const late = pipeline.change({ controls: { gain: 2 } }, { seen: pipeline.revision });
    while (given.length === 0) await new Promise(setImmediate);
    await pipeline.change({ detect: { threshold: 0.6 } });
    set();
    await expect(late).rejects.toThrow(StaleError);
    expect([given, pipeline.settings.controls]).toEqual([[{ gain: 2 }, {}], {}]);
    // Another pipeline's are others, although it was changed as often.
    expect(pipelineOf().pipeline.revision).not.toBe(seen);
  });

  it('opens a camera anew whose controls change while it opens', async () => {
    const logger = recorder();
    const { pipeline } = pipelineOf({ logger });
    const starting = pipeline.start();
    while (pipeline.stats.device.state !== 'opening') await new Promise(setImmediate);
    await pipeline.change({ controls: { gain: 1 } });
    await starting;
    await frames(pipeline, 1);
    // So says a scene that was opened with them.
    expect(logger.lines.join('\n')).toContain('this source has no controls');
  });

  it('does not restart what is switched off or was not started', async () => {
    const { pipeline } = pipelineOf();
    await expect(pipeline.restart()).rejects.toThrow('camera camera: expected a running one, this one is offline');
    await pipeline.start();
    await pipeline.change({ enabled: false });
    await expect(pipeline.restart()).rejects.toThrow('this one is disabled');
    expect(pipeline.device).toBeUndefined();
  });
});

describe('Pipeline: memory', () => {
  it('gives every buffer back, and holds no more over thousands of frames than over hundreds', async () => {
    const take = vi.spyOn(FramePool.prototype, 'take');
    onTestFinished(() => take.mockRestore());
    const { pipeline, fake } = pipelineOf({
      motion: { enabled: false },
      lines: { gate: { from: [0, 0], to: [1, 1] } },
    });
    // Somebody comes every 4 s, so that tracks and events come and go.
    fake.see = ({ sequence }) => (sequence % 40 < 15 ? [[boxAt(60 + (sequence % 40) * 10, 60), 'person', 0.8]] : []);
    await pipeline.start();
    await frames(pipeline, 500);
    const before = await heapAfterCollection();
    await frames(pipeline, 3000);
    const after = await heapAfterCollection();
    const pools = new Set(take.mock.contexts as FramePool[]);
    expect(pools.size).toBe(1);
    const [pool] = pools;
    expect(pool!.allocated).toBeLessThanOrEqual(pool!.capacity);
    await pipeline.stop();
    expect(pool!.inUse).toBe(0);
    // Megabytes; the spy above keeps some words for each call.
    expect((after - before) / 2 ** 20).toBeLessThan(8);
  });

  it('gives buffers back when it is stopped at any moment', async () => {
    const take = vi.spyOn(FramePool.prototype, 'take');
    onTestFinished(() => take.mockRestore());
    const { pipeline, fake } = pipelineOf();
    fake.see = () => [person];
    // While it opens, while a frame is looked at, and after some.
    for (const looks of [0, 1, 2, 5]) {
      fake.takesMs = 2 * looks;
      const before = fake.looks;
      await pipeline.start();
      await until(() => fake.looks >= before + looks);
      await pipeline.stop();
    }
    for (const pool of new Set(take.mock.contexts as FramePool[])) expect(pool.inUse).toBe(0);
  });
});
