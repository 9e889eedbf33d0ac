import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BoardMonitor } from '../../devices/index.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { crossValidate, type HeadTrainer } from '../../sdk/learn/heads/trainer.ts';
import type { FrameReport } from '../../sdk/pipeline/events.ts';
import { Node, type NodeStats } from '../../sdk/pipeline/node.ts';
import { pi4WithIna219 } from '../devices/boards/trees.ts';
import { temporaryFolder, tree } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { FakeModel } from './fakes.ts';

function nodeOf(settings: Record<string, unknown>, speed: 'realtime' | 'max' = 'max') {
  const logger = recorder();
  const node = new Node(resolveSettings(settings), { logger, speed });
  onTestFinished(() => node.stop());
  return { node, logger };
}

describe('Node', () => {
  it('runs its cameras on one model; one that cannot be opened does not keep the others from running', async () => {
    const absent = join(temporaryFolder(), 'absent');
    const { node, logger } = nodeOf({
      node: 'porch',
      cameras: { scene: { source: 'scene:' }, gone: { source: `file:${absent}` }, off: { enabled: false } },
    });
    expect(node.name).toBe('porch');
    expect(() => node.model).toThrow('await start() first');
    let known: string[] = [];
    const statuses: string[] = [];
    await node.start({
      before: () => {
        known = [...node.pipelines.keys()];
        for (const [name, pipeline] of node.pipelines)
          pipeline.on('status', (status) => statuses.push(`${name} ${status}`));
      },
    });
    expect(known).toEqual(['scene', 'gone', 'off']);
    expect(statuses.sort()).toEqual(['off disabled', 'scene online']);
    expect(logger.lines.filter((line) => line.startsWith('error gone:')).length).toBe(1);
    const scene = node.pipelines.get('scene')!;
    await until(() => scene.stats.frames.inferred > 3);
    expect(node.stats()).toMatchObject({
      model: node.card!.name,
      cpuPercent: 0,
      cameras: {
        scene: { device: { state: 'online' } },
        gone: { device: { state: 'closed', lastError: expect.stringContaining(absent) } },
        off: { frames: { in: 0 } },
      },
    });
    expect(node.stats().memory.residentMb).toBeGreaterThan(10);
    await node.stop();
    await node.stop();
    expect([...node.pipelines.values()].map(({ status }) => status)).toEqual(['offline', 'offline', 'disabled']);
    expect(() => node.model).toThrow('await start() first');
  });

  it('leaves a model open that was given', async () => {
    const model = new FakeModel();
    const settings = resolveSettings({ cameras: { gate: { source: 'scene:' } } });
    const node = new Node(settings, { speed: 'max', model: model.model });
    await node.start();
    await until(() => model.looks > 3);
    expect(node.stats().model).toBe('fake');
    await node.stop();
    expect(model.closed).toBe(false);
  });

  it('says which camera is missing, with an event and to standard error by default', async () => {
    const said: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    onTestFinished(() => write.mockRestore());
    const absent = join(temporaryFolder(), 'absent');
    const settings = resolveSettings({ cameras: { scene: { source: 'scene:' }, gone: { source: `file:${absent}` } } });
    const node = new Node(settings, { model: new FakeModel().model });
    onTestFinished(() => node.stop());
    const missing: [string, string][] = [];
    node.on('unavailable', (camera, reason) => missing.push([camera, reason]));
    await node.start();
    await until(() => missing.length > 0);
    expect(missing).toEqual([['gone', expect.stringContaining(absent)]]);
    expect(said).toEqual([`ocellus: gone: ${missing[0]![1]}\n`]);
    expect(node.pipelines.get('scene')!.status).toBe('online');
  });

  it('says what it is made of, where a program without types hands over something else', () => {
    const settings = resolveSettings({ cameras: { scene: { source: 'scene:' } } });
    const make = (from: object, options: object) => () => new Node(from as typeof settings, options);
    const wanted = 'expected the result of resolveSettings(), with an object there, got';
    expect(make({ ...settings, learn: undefined }, {})).toThrow(`Node: settings: learn: ${wanted} undefined`);
    expect(make({ ...settings, storage: null }, {})).toThrow(`Node: settings: storage: ${wanted} null`);
    expect(make(settings, { data: 5 })).toThrow('Node: options: data: expected a text there, got 5');
    expect(make(settings, { sources: null })).toThrow('Node: options: sources: expected an object there, got null');
  });

  it('puts stages in the way of its cameras’ frames, by name', async () => {
    const settings = resolveSettings({ cameras: { a: { source: 'scene:' }, b: { source: 'scene:' } } });
    const logger = recorder();
    const passed: string[] = [];
    const note = <T>(what: string) => ({
      process: (value: T) => {
        passed.push(what);
        return value;
      },
    });
    const stages = { a: { before: [note<Frame>('before a')], after: [note<FrameReport>('after a')] } };
    const node = new Node(settings, { speed: 'max', model: new FakeModel().model, logger, stages });
    onTestFinished(() => node.stop());
    await node.start();
    await until(() => passed.length >= 4 && node.pipelines.get('b')!.stats.frames.in > 3);
    expect(passed.slice(0, 4)).toEqual(['before a', 'after a', 'before a', 'after a']);
    expect(() => new Node(settings, { stages: { c: {} } })).toThrow(
      'stages.c: expected the name of a camera of the settings (a, b)',
    );
  });

  it('learns by kinds of heads of one’s own', async () => {
    const trained: number[] = [];
    const first: HeadTrainer = {
      kind: 'first',
      train: (set) => {
        trained.push(set.examples.length);
        const margins = () => Float64Array.from({ length: set.classes }, (_, c) => (c === 0 ? 1 : 0));
        return { margins, leftOut: crossValidate(set, () => margins), tensors: {} };
      },
      restore: (_, classes) => () => Float64Array.from({ length: classes }, (_, c) => (c === 0 ? 1 : 0)),
    };
    const settings = resolveSettings({ cameras: { gate: { source: 'scene:' } } });
    const data = temporaryFolder();
    const node = new Node(settings, { model: new FakeModel().model, data, trainers: [first] });
    onTestFinished(() => node.stop());
    await node.start();
    await once(node.pipelines.get('gate')!, 'frame');
    await node.learning!.teach({ camera: 'gate', subject: { view: 'gate' }, label: 'open' });
    expect(trained).toEqual([1]);
    expect(node.learning!.summary.heads.gate!.info!.kind).toBe('first');
    expect(() => new Node(settings, { trainers: first as never })).toThrow('Node: options: trainers: expected');
  });

  it('goes on when a listener throws or its promise is rejected, and tells the others', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const logger = recorder();
    const settings = resolveSettings({ cameras: { scene: { source: 'scene:' } } });
    const node = new Node(settings, { model: new FakeModel().model, logger });
    onTestFinished(() => node.stop());
    let reports = 0;
    node.on('stats', () => {
      throw new Error('a bad listener');
    });
    node.on('stats', async () => {
      throw new Error('a bad promise');
    });
    node.on('stats', () => reports++);
    await node.start();
    vi.advanceTimersByTime(10_000);
    await until(() => reports === 1);
    await until(() => logger.lines.includes('error a listener of "stats" failed: a bad promise'));
    expect(logger.lines).toContain('error a listener of "stats" failed: a bad listener');
    vi.advanceTimersByTime(10_000);
    await until(() => reports === 2);
  });

  it('says why it has no report, and goes on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const logger = recorder();
    const board = new BoardMonitor({ root: temporaryFolder() });
    vi.spyOn(board, 'take').mockRejectedValue(new Error('no sensor'));
    const node = new Node(resolveSettings({ cameras: {} }), { model: new FakeModel().model, logger, board });
    onTestFinished(() => node.stop());
    await node.start();
    vi.advanceTimersByTime(10_000);
    await until(() => logger.lines.includes('error no report of the node: no sensor'));
  });

  it('runs without a detector where none is wanted', async () => {
    const { node, logger } = nodeOf({ core: { model: 'off' }, cameras: { gate: { source: 'scene:' } } });
    const gate = () => node.pipelines.get('gate')!;
    let reports = 0;
    await node.start({ before: () => void gate().on('frame', ({ inferred }) => (reports += inferred ? 1000 : 1)) });
    await until(() => reports > 5);
    expect(reports).toBeLessThan(1000);
    expect(node.model).toBeNull();
    expect(node.stats()).toMatchObject({ model: 'off', cameras: { gate: { frames: { inferred: 0 } } } });
    expect(gate().labels).toEqual([]);
    expect(logger.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  });

  it('reports every ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { node } = nodeOf({ cameras: { scene: { source: 'scene:' } } }, 'realtime');
    await node.start();
    const reports: NodeStats[] = [];
    node.on('stats', (stats) => reports.push(stats));
    vi.advanceTimersByTime(9_999);
    expect(reports).toEqual([]);
    vi.advanceTimersByTime(1);
    await until(() => reports.length > 0);
    expect(reports).toMatchObject([{ cameras: { scene: { fps: { in: expect.any(Number) } } } }]);
    expect(reports[0]!.cpuPercent).toBeGreaterThan(0);
    await node.stop();
    vi.advanceTimersByTime(20_000);
    expect(reports.length).toBe(1);
  });

  it('tells power, and the energy of a frame that was looked at', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const root = tree(pi4WithIna219);
    const board = new BoardMonitor({ root, ask: async () => 'throttled=0x10000' });
    const settings = resolveSettings({ cameras: { scene: { source: 'scene:' } } });
    const node = new Node(settings, { speed: 'max', model: new FakeModel().model, board });
    onTestFinished(() => node.stop());
    expect(node.senses).toBeUndefined();
    const begun = performance.now();
    await node.start();
    await until(() => node.senses !== undefined);
    expect(node.senses).toEqual({ temperature: true, throttling: true, power: true });
    const inferred = () => node.stats().cameras.scene!.frames.inferred;
    expect(node.stats()).toMatchObject({ temperature: 48.686, power: null });
    const before = inferred();
    await until(() => inferred() >= before + 20);
    const reports: NodeStats[] = [];
    node.on('stats', (stats) => reports.push(stats));
    vi.advanceTimersByTime(10_000);
    await until(() => reports.length > 0);
    const { power, throttling } = reports[0]!;
    expect(throttling).toEqual({ now: [], sinceBoot: ['under-voltage'] });
    expect(power).toMatchObject({ source: 'ina219', covers: 'sensor', watts: 0.622 });
    // At least 20 frames, in less than the time since the start.
    const most = 0.622 * ((performance.now() - begun) / 1000);
    expect(power!.joules).toBeLessThan(most);
    expect(power!.joulesPerInference).toBeGreaterThan(0);
    expect(power!.joulesPerInference).toBeLessThan(most / 20);
  });

  it('throws when the model cannot be used, and leaves nothing open', async () => {
    const { node } = nodeOf({ core: { model: '/nowhere.onnx' }, cameras: { scene: { source: 'scene:' } } });
    await expect(node.start()).rejects.toThrow('/nowhere.onnx');
    expect([...node.pipelines.values()].map(({ device }) => device)).toEqual([undefined]);
  });

  it('throws when what is to be done before fails, and opens no camera', async () => {
    const { node } = nodeOf({ cameras: { scene: { source: 'scene:' } } });
    const before = async () => {
      throw new Error('no broker');
    };
    await expect(node.start({ before })).rejects.toThrow('no broker');
    expect([...node.pipelines.values()].map(({ status }) => status)).toEqual(['offline']);
  });

  it('can be stopped while it starts, and started again', async () => {
    const { node } = nodeOf({ cameras: { scene: { source: 'scene:' } } });
    let isReady = false;
    const before = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      isReady = true;
    };
    const starting = node.start({ before });
    expect(node.start()).toBe(starting);
    await node.stop();
    await starting;
    expect(isReady).toBe(true);
    expect(node.pipelines.get('scene')!.device).toBeUndefined();
    await node.start();
    expect(node.pipelines.get('scene')!.status).toBe('online');
  });
});
