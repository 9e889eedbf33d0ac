import { EventEmitter } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type CameraControl,
  closedHealth,
  type Device,
  type DeviceEvents,
  type DeviceHealth,
  type DeviceProperties,
} from '../../devices/device/device.ts';
import { FrameOutlet } from '../../devices/device/outlet.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { SourceReader, type SourceReaderOptions } from '../../sdk/pipeline/source-reader.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { greyFrame } from '../vision/fakes.ts';

/** A device that does as it is told. */
class FakeDevice extends EventEmitter<DeviceEvents> implements Device {
  readonly uri = 'fake:';
  readonly outlet = new FrameOutlet();
  state: DeviceHealth['state'] = 'closed';
  closes = 0;
  readonly #opening: Promise<void>;

  constructor(opening: Promise<void> = Promise.resolve()) {
    super();
    this.#opening = opening;
    opening.catch(() => {});
  }

  get properties(): DeviceProperties {
    throw new Error('not asked for');
  }

  get health(): DeviceHealth {
    return { ...closedHealth, state: this.state };
  }

  async open(): Promise<void> {
    this.setState('opening');
    let onClose = () => {};
    const closed = new Promise<void>((resolve) => {
      onClose = resolve;
    });
    this.once('health', onClose);
    await Promise.race([this.#opening, closed]);
    this.off('health', onClose);
    if (this.state !== 'opening') throw new Error('closed while it opened');
    this.setState('online');
  }

  frames(): AsyncIterableIterator<Frame> {
    return this.outlet.frames();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async controls(): Promise<CameraControl[]> {
    return [];
  }

  async setControls(): Promise<void> {}

  async close(): Promise<void> {
    this.closes++;
    this.outlet.close();
    this.setState('closed');
  }

  end(): void {
    this.setState('ended');
    this.outlet.end();
  }

  setState(state: DeviceHealth['state']): void {
    if (state === this.state) return;
    this.state = state;
    this.emit('health', this.health);
  }
}

function source(devices: FakeDevice[], over: Partial<SourceReaderOptions> = {}) {
  const logger = recorder();
  const log: string[] = [];
  const made: FakeDevice[] = [];
  const one = new SourceReader({
    make: () => {
      const device = devices[made.length];
      if (!device) throw new Error('no more devices');
      made.push(device);
      return device;
    },
    patient: false,
    ready: Promise.resolve(),
    onFrame: async (frame) => {
      log.push(`frame ${frame.sequence}`);
    },
    onHealth: () => {
      log.push(one.health.state);
    },
    onOver: async (ended) => {
      log.push(ended ? 'ended' : 'over');
    },
    logger,
    ...over,
  });
  return { source: one, log, made, lines: logger.lines };
}

describe('SourceReader', () => {
  it('opens, gives each frame, releases it, and says when it is over', async () => {
    const device = new FakeDevice();
    const { source: one, log } = source([device]);
    expect(one.device).toBeUndefined();
    await one.start();
    expect(one.device).toBe(device);
    const frame = greyFrame(0);
    device.outlet.offer(frame);
    await until(() => log.includes('frame 0'));
    device.end();
    await until(() => log.includes('ended'));
    expect(log).toEqual(['opening', 'online', 'frame 0', 'ended', 'ended']);
    expect(() => frame.planes).toThrow();
    await one.stop();
  });

  it('opens before anybody listens, and tells nothing until then', async () => {
    const device = new FakeDevice();
    let listen = () => {};
    const heard = new Promise<void>((resolve) => {
      listen = resolve;
    });
    const { source: one, log } = source([device], { heard });
    const starting = one.start();
    await until(() => device.state === 'online');
    const frame = greyFrame(0);
    device.outlet.offer(frame);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual([]);
    expect(one.device).toBeUndefined();
    listen();
    await starting;
    await until(() => log.includes('frame 0'));
    expect(log).toEqual(['online', 'frame 0']);
    await one.stop();
  });

  it('is not read when nobody comes to listen', async () => {
    const device = new FakeDevice();
    const { source: one, log } = source([device], { heard: Promise.reject(new Error('no hub')) });
    await one.start();
    expect(one.device).toBeUndefined();
    await one.stop();
    expect(log).toEqual([]);
    expect(device.closes).toBe(1);
  });

  it('tells why it cannot be opened once somebody listens', async () => {
    let listen = () => {};
    const heard = new Promise<void>((resolve) => {
      listen = resolve;
    });
    const reasons: string[] = [];
    const { source: one, lines } = source([new FakeDevice(Promise.reject(new Error('no camera')))], {
      ...{ heard, patient: true },
      onUnavailable: (reason) => reasons.push(reason),
    });
    const starting = one.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([reasons, lines]).toEqual([[], []]);
    listen();
    await starting;
    expect(reasons).toEqual(['no camera']);
    await one.stop();
  });

  it('throws what the device throws, and leaves it to the caller to tell', async () => {
    const { source: one, lines } = source([new FakeDevice(Promise.reject(new Error('no camera')))]);
    await expect(one.start()).rejects.toThrow('no camera');
    expect(lines).toEqual([]);
    expect(one.health.lastError).toBe('no camera');
    await one.stop();
  });

  it('throws when there is no such device at all', async () => {
    const { source: one } = source([]);
    await expect(one.start()).rejects.toThrow('no more devices');
    expect(one.health).toMatchObject({ state: 'closed', lastError: 'no more devices' });
    await one.stop();
  });

  it('tries again when it is patient, says the same error once', async () => {
    const failing = () => new FakeDevice(Promise.reject(new Error('no camera')));
    const good = new FakeDevice();
    const { source: one, made, lines } = source([failing(), failing(), good], { patient: true });
    await one.start();
    expect(one.device).toBeUndefined();
    await until(() => one.device === good);
    expect(made.length).toBe(3);
    expect(lines).toEqual(['error no camera']);
    await one.stop();
  });

  it('says each of two errors that take turns once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const failing = (i: number) => new FakeDevice(Promise.reject(new Error(i % 2 ? 'no route' : 'timed out')));
    const {
      source: one,
      made,
      lines,
    } = source([...Array.from({ length: 6 }, (_, i) => failing(i)), new FakeDevice()], {
      patient: true,
    });
    void one.start();
    while (made.length < 7) await vi.advanceTimersByTimeAsync(30_000);
    expect(lines).toEqual(['error timed out', 'error no route']);
    vi.useRealTimers();
    await one.stop();
  });

  it('can be stopped while it opens', async () => {
    const device = new FakeDevice(new Promise(() => {}));
    const { source: one, log, lines } = source([device]);
    const started = one.start();
    await one.stop();
    await started;
    expect(device.state).toBe('closed');
    expect(one.device).toBeUndefined();
    expect(log).not.toContain('online');
    expect(lines).toEqual([]);
  });

  it('can be stopped while it waits for the next try, and tries no more', async () => {
    const failing = new FakeDevice(Promise.reject(new Error('no camera')));
    const { source: one, made } = source([failing, new FakeDevice()], { patient: true });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    await one.start();
    // It waits for the next try.
    expect(vi.getTimerCount()).toBe(1);
    await one.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(made).toEqual([failing]);
  });

  it('can be stopped before it was started, and does not start then', async () => {
    const { source: one, made } = source([new FakeDevice()]);
    await one.stop();
    await one.start();
    expect(made).toEqual([]);
  });

  it('waits for the frame that is being dealt with, twice if asked twice', async () => {
    let finish = () => {};
    const device = new FakeDevice();
    const { source: one, log } = source([device], {
      onFrame: () =>
        new Promise<void>((resolve) => {
          finish = () => {
            log.push('dealt with');
            resolve();
          };
        }),
    });
    await one.start();
    device.outlet.offer(greyFrame(0));
    await new Promise(setImmediate);
    const stops = [one.stop(), one.stop()].map((stopped) => stopped.then(() => log.push('stopped')));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(log).not.toContain('stopped');
    finish();
    await Promise.all(stops);
    expect(log.slice(-4)).toEqual(['dealt with', 'over', 'stopped', 'stopped']);
  });

  it('reads nothing when what it waits for fails', async () => {
    const device = new FakeDevice();
    const { source: one, log } = source([device], { ready: Promise.reject(new Error('no model')) });
    await one.start();
    device.outlet.offer(greyFrame(0));
    await one.stop();
    expect(log).toEqual(['opening', 'online', 'closed']);
  });

  it('says so when the device breaks, and is over', async () => {
    const device = new FakeDevice();
    device.frames = () => {
      throw new Error('broken');
    };
    const { source: one, log, lines } = source([device]);
    await one.start();
    await until(() => log.includes('over'));
    expect(lines).toEqual(['error broken']);
    await one.stop();
  });
});
