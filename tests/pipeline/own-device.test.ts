import { expect, it, onTestFinished } from 'vitest';
import { createDevice, DeviceBase, openDevice, registerDevice } from '../../devices/index.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import { Node } from '../../sdk/pipeline/node.ts';
import { Pipeline, type PipelineOptions } from '../../sdk/pipeline/pipeline.ts';
import { until } from '../support/until.ts';
import { FakeModel } from './fakes.ts';

const colour = { matrix: 'bt601', range: 'full' } as const;

/** Gives these capture times, in ms, one frame after the other; each waits to be taken. */
class Tape extends DeviceBase {
  opened = 0;
  readonly #timesMs: readonly number[];
  readonly #pool = new FramePool({ format: 'GRAY8', width: 64, height: 48 });
  fails = 0;

  constructor(timesMs: readonly number[], uri = 'tape:') {
    super(uri);
    this.#timesMs = timesMs;
  }

  protected async start() {
    this.opened++;
    if (this.fails-- > 0) throw new InputError('the tape is not in yet');
    return { kind: 'tape', title: 'Tape', format: 'GRAY8', width: 64, height: 48, colour, live: false } as const;
  }

  protected override read(): void {
    void this.#play();
  }

  async #play(): Promise<void> {
    for (const [sequence, ms] of this.#timesMs.entries()) {
      const bytes = this.#pool.take()!.fill(sequence);
      this.counters.frames++;
      await this.outlet.put(this.#pool.frame(bytes, { sequence, captureTimeNs: ms * 1e6, wallTimeMs: ms }));
    }
    if (this.closed) return;
    this.outlet.end();
    this.setState('ended');
  }

  protected async stop() {}
}

const moments = (count: number, stepMs: number) => Array.from({ length: count }, (_, i) => i * stepMs);

function pipelineOf(options: PipelineOptions): Pipeline {
  const pipeline = new Pipeline({ model: new FakeModel().model, motion: { enabled: false }, ...options });
  onTestFinished(() => pipeline.stop());
  return pipeline;
}

/** The frames that a pipeline was given until its source ended. */
async function framesOf(pipeline: Pipeline): Promise<number[]> {
  const seen: number[] = [];
  let ended = false;
  pipeline.on('frame', ({ frame }) => seen.push(frame.sequence));
  pipeline.on('ended', () => {
    ended = true;
  });
  await pipeline.start();
  await until(() => ended);
  return seen;
}

it('reads a device that is given, and closes it', async () => {
  const tape = new Tape(moments(3, 1000));
  const pipeline = pipelineOf({ source: tape });
  expect(pipeline.settings.source).toBe('tape:');
  expect(await framesOf(pipeline)).toEqual([0, 1, 2]);
  expect(pipeline.device).toBe(tape);
  await pipeline.stop();
  expect(tape.health.state).toBe('closed');
  expect(tape.listenerCount('health')).toBe(0);
});

it('reads one that is open already, as openDevice gives it', async () => {
  const tape = await openDevice(new Tape(moments(3, 1000)));
  expect(await framesOf(pipelineOf({ source: tape }))).toEqual([0, 1, 2]);
  expect((tape as Tape).opened).toBe(1);
});

it('looks at no more frames a second than detect.fps, whatever the device gives', async () => {
  const at = (fps: number, speed?: 'max') =>
    framesOf(pipelineOf({ source: new Tape(moments(60, 1000 / 30)), detect: { fps }, speed }));
  expect(await at(10)).toHaveLength(20);
  expect(await at(30)).toHaveLength(60);
  expect(await at(10, 'max')).toHaveLength(60);
});

it('the same holds for a scheme that was registered, by its factory or without it', async () => {
  onTestFinished(registerDevice('tape', (uri) => new Tape(moments(60, 1000 / 30), uri)));
  expect(await framesOf(pipelineOf({ source: 'tape:a', detect: { fps: 10 } }))).toHaveLength(20);
});

it('tries one that cannot be opened again, without listening to it twice', async () => {
  const tape = new Tape(moments(2, 1000));
  tape.fails = 2;
  expect(await framesOf(pipelineOf({ source: tape, patient: true }))).toEqual([0, 1]);
  expect(tape.opened).toBe(3);
  expect(tape.listenerCount('health')).toBe(1);
});

it('opens it again at restart, and leaves it for another source', async () => {
  const tape = new Tape(moments(2, 1000));
  const pipeline = pipelineOf({ source: tape });
  expect(await framesOf(pipeline)).toEqual([0, 1]);
  await pipeline.restart();
  expect(tape.opened).toBe(2);
  await pipeline.change({ source: 'scene:' });
  expect(pipeline.device?.properties.kind).toBe('scene');
  expect(tape.health.state).toBe('closed');
  await pipeline.change({ source: 'tape:' });
  expect(tape.opened).toBe(3);
});

it.each<[string, PipelineOptions]>([
  ['width', { width: 320 }],
  ['controls', { controls: { brightness: 3 } }],
  ['transport', { transport: 'udp' }],
  ['poll_fps', { poll_fps: 5 }],
])('says that %s is for whoever makes the device', (name, options) => {
  const act = () => new Pipeline({ source: new Tape([]), ...options });
  expect(act).toThrow(InputError);
  expect(act).toThrow(`camera camera: ${name}: expected none, for its source is a device`);
});

it('says that what was given is no device', () => {
  expect(() => new Pipeline({ source: {} as Tape })).toThrow(InputError);
  expect(() => new Pipeline({ source: null as unknown as Tape })).toThrow('expected a Device, got null');
});

it('a Node reads devices in place of the sources of its settings', async () => {
  const settings = resolveSettings({ cameras: { door: { source: 'rtsp://127.0.0.1:9/none' }, yard: {} } });
  const sources = { door: new Tape(moments(3, 1000)), yard: createDevice('scene:') };
  const node = new Node(settings, { model: new FakeModel().model, sources });
  onTestFinished(() => node.stop());
  const frames: number[] = [];
  await node.start({
    before: () => void node.pipelines.get('door')!.on('frame', ({ frame }) => frames.push(frame.sequence)),
  });
  await until(() => frames.length === 3);
  expect(node.pipelines.get('yard')!.device).toBe(sources.yard);
  expect(() => new Node(settings, { sources: { porch: sources.door } })).toThrow(
    'sources.porch: expected the name of a camera of the settings (door, yard)',
  );
});
