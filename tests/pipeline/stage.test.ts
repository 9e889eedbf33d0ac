import { describe, expect, it, onTestFinished } from 'vitest';
import { Frame } from '../../sdk/frame/frame.ts';
import type { FrameReport } from '../../sdk/pipeline/events.ts';
import { Pipeline, type PipelineOptions } from '../../sdk/pipeline/pipeline.ts';
import { passFrame, type Stage, startStages, stopStages } from '../../sdk/pipeline/stage.ts';
import type { ChangeFinder } from '../../sdk/vision/changes/change-finder.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { boxAt, greyFrame, type Seen } from '../vision/fakes.ts';
import { FakeModel } from './fakes.ts';

const person: Seen = [boxAt(30, 30, 20, 20), 'person', 0.8];

/** A frame of this size, all of one grey, that counts how many of its kind were freed. */
function frameOf(width: number, height: number, grey: number, onFree?: () => void): Frame {
  const data = new Uint8Array(width * height).fill(grey);
  const info = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
  return new Frame({ ...info, format: 'GRAY8', width, height, planes: [{ data, stride: width }] }, onFree);
}

function pipelineOf(options: PipelineOptions & { fake?: FakeModel }) {
  const { fake = new FakeModel(), ...rest } = options;
  const logger = recorder();
  const pipeline = new Pipeline({ source: 'scene:', speed: 'max', model: fake.model, logger, ...rest });
  onTestFinished(() => pipeline.stop());
  const reports: FrameReport[] = [];
  pipeline.on('frame', (report) => reports.push(report));
  const events: string[] = [];
  pipeline.on('event', ({ type }) => events.push(type));
  pipeline.on('snapshot', () => events.push('snapshot'));
  return { pipeline, fake, reports, events, errors: () => logger.lines.filter((line) => line.startsWith('error')) };
}

describe('Pipeline: stages before the core', () => {
  it('look at, and show, what they give; frames they make are released', async () => {
    const sizes = new Set<string>();
    let made = 0;
    let freed = 0;
    const small: Stage<Frame> = {
      process: () => {
        made++;
        return frameOf(64, 48, 50, () => freed++);
      },
    };
    const same: Stage<Frame> = { process: async (frame) => frame };
    const { pipeline, fake, reports } = pipelineOf({ before: [small, same] });
    fake.see = ({ width, height }) => {
      sizes.add(`${width}x${height}`);
      return [];
    };
    await pipeline.start();
    await until(() => reports.length >= 5);
    const shown = pipeline.latestFrame()!;
    expect([shown.width, shown.height]).toEqual([64, 48]);
    shown.release();
    await pipeline.stop();
    expect([...sizes]).toEqual(['64x48']);
    expect(freed).toBe(made);
  });

  it('skip a frame that they fail on, say so once, and go on', async () => {
    let calls = 0;
    const failing: Stage<Frame> = {
      process: (frame) => {
        if (++calls <= 5) throw new Error('out of focus');
        return frame;
      },
    };
    const { pipeline, reports, errors } = pipelineOf({ before: [failing] });
    await pipeline.start();
    await until(() => reports.length > 0);
    expect(errors()).toEqual([expect.stringContaining('out of focus')]);
  });
});

describe('Pipeline: stages after the core', () => {
  it('get what was seen, and what they give is what is shown and told', async () => {
    let freed = 0;
    let made = 0;
    const blurring: Stage<FrameReport> = {
      process: (report) => {
        made++;
        return { ...report, frame: frameOf(report.frame.width, report.frame.height, 1, () => freed++) };
      },
    };
    const seen: number[] = [];
    const measuring: Stage<FrameReport> = {
      process: (report) => {
        seen.push(report.frame.planes[0]!.data[0]!);
        return report;
      },
    };
    const { pipeline, fake, reports, events } = pipelineOf({
      before: [{ process: () => frameOf(320, 180, 200) }],
      after: [blurring, measuring],
    });
    const looked = new Set<number>();
    fake.see = (frame) => {
      looked.add(frame.planes[0]!.data[0]!);
      return [person];
    };
    let unblurred = 0;
    pipeline.on('frame', ({ frame }) => {
      if (frame.planes[0]!.data[0] !== 1) unblurred++;
    });
    await pipeline.start();
    // Nothing is shown before the stages have seen it.
    const early = pipeline.latestFrame();
    expect(early === undefined || early.planes[0]!.data[0] === 1).toBe(true);
    early?.release();
    await until(() => reports.length >= 8);
    expect(await pipeline.snapshot()).toBeInstanceOf(Buffer);
    await pipeline.stop();
    expect([...looked]).toEqual([200]);
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(unblurred).toBe(0);
    expect(events).toEqual(expect.arrayContaining(['snapshot', 'new', 'end']));
    expect(freed).toBe(made);
  });

  it.each<[string, Stage<FrameReport>, string]>([
    [
      'fail',
      {
        process: () => {
          throw new Error('no paint');
        },
      },
      'no paint',
    ],
    [
      'give another size',
      { process: (report) => ({ ...report, frame: frameOf(8, 8, 1) }) },
      'expected a frame of 320x180, the size that the boxes are in, got 8x8',
    ],
  ])('that %s show nothing; events are told all the same, without a picture', async (_, stage, message) => {
    const { pipeline, fake, reports, events, errors } = pipelineOf({
      before: [{ process: () => frameOf(320, 180, 200) }],
      after: [stage],
    });
    fake.see = () => [person];
    await pipeline.start();
    await until(() => events.includes('new'));
    expect(events).not.toContain('snapshot');
    expect(reports).toEqual([]);
    expect(pipeline.latestFrame()).toBeUndefined();
    expect(errors()).toEqual([expect.stringContaining(message)]);
  });
});

describe('Pipeline: the life of its stages', () => {
  function living(name: string, log: string[]): Stage<Frame> {
    return {
      start: async () => void log.push(`start ${name}`),
      process: (frame) => {
        if (log.at(-1) !== name) log.push(name);
        return frame;
      },
      stop: () => void log.push(`stop ${name}`),
    };
  }

  it('starts them before the first frame, stops them after the last one in the opposite order, and again', async () => {
    const log: string[] = [];
    const { pipeline, reports } = pipelineOf({ before: [living('a', log)], after: [] });
    for (let i = 0; i < 2; i++) {
      reports.length = 0;
      await pipeline.start();
      await until(() => reports.length > 0);
      await pipeline.stop();
    }
    await pipeline.stop();
    expect(log).toEqual(['start a', 'a', 'stop a', 'start a', 'a', 'stop a']);
  });

  it('stops those that were started when one cannot be', async () => {
    const log: string[] = [];
    const broken = { start: () => Promise.reject(new Error('no lens')), process: (frame: Frame) => frame };
    const { pipeline } = pipelineOf({ before: [living('a', log), broken, living('c', log)] });
    await expect(pipeline.start()).rejects.toThrow('no lens');
    expect(log).toEqual(['start a', 'stop a']);
  });

  it('may be stopped while they start', async () => {
    const log: string[] = [];
    let go: (() => void) | undefined;
    const slow: Stage<Frame> = { ...living('a', log), start: () => new Promise<void>((resolve) => (go = resolve)) };
    const { pipeline, reports } = pipelineOf({ before: [slow] });
    const starting = pipeline.start();
    await until(() => go !== undefined);
    const stopping = pipeline.stop();
    go!();
    await Promise.all([starting, stopping]);
    expect(log).toEqual(['stop a']);
    expect(reports).toEqual([]);
  });

  it('stops all of them, whatever one of them does', async () => {
    const complaints: unknown[] = [];
    const stopped: string[] = [];
    const stage = (name: string, fails = false) => ({
      stop: () => {
        stopped.push(name);
        if (fails) throw new Error(name);
      },
    });
    await startStages([stage('a')]);
    await stopStages([stage('a'), stage('b', true), stage('c')], (error) => complaints.push(error));
    expect(stopped).toEqual(['c', 'b', 'a']);
    expect(complaints).toEqual([new Error('b')]);
  });
});

it('passFrame releases what it was given on the way when a later stage fails', async () => {
  let freed = 0;
  const first = greyFrame(0);
  const making = { process: () => frameOf(8, 8, 1, () => freed++) };
  const failing = { process: () => Promise.reject(new Error('no')) };
  await expect(passFrame([making, making, failing], first)).rejects.toThrow('no');
  expect(freed).toBe(2);
  expect(first.references).toBe(1);
});

it('the motion gate of a pipeline goes by the finder of changes it is given', async () => {
  let looks = 0;
  const never: ChangeFinder = {
    changed: new Uint8Array(0),
    begin: () => {},
    find: () => {
      looks++;
      return 0;
    },
    accept: () => {},
  };
  const { pipeline, reports } = pipelineOf({ changes: never, motion: { keepalive: 3600 } });
  await pipeline.start();
  await until(() => reports.length >= 30);
  expect(looks).toBeGreaterThanOrEqual(30);
  expect(reports.slice(15, 30).some(({ moving }) => moving)).toBe(false);
});
