import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Device, DeviceOptions } from '../../../devices/device/device.ts';
import { createDevice } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { until } from '../../support/until.ts';

/** A camera that does what a test says: gives a frame, gives none, fails, or takes its time. */
const camera = vi.hoisted(() => ({
  opened: [] as unknown[][],
  asked: [] as [number, number][],
  reading: 0,
  mostReading: 0,
  mats: 0,
  released: 0,
  open: (): void => {},
  read: async (): Promise<'frame' | 'nothing'> => 'frame',
}));

vi.mock('../../../sdk/opencv-bindings/load.ts', () => {
  class Mat {
    readonly rows: number;
    readonly cols: number;
    readonly data: Uint8Array | undefined;
    constructor(rows = 0, cols = 0, _type = 0, data?: Uint8Array) {
      camera.mats++;
      this.rows = rows;
      this.cols = cols;
      this.data = data;
    }
    copyTo(target: Mat): Mat {
      target.data!.fill(7);
      return new Mat();
    }
    release(): void {
      camera.mats--;
    }
  }
  class VideoCapture {
    constructor(...source: unknown[]) {
      camera.opened.push(source);
      camera.open();
    }
    readAsync(callback: (error: unknown, mat?: Mat) => void): void {
      camera.reading++;
      camera.mostReading = Math.max(camera.mostReading, camera.reading);
      setImmediate(() =>
        camera.read().then(
          (what) => {
            camera.reading--;
            callback(null, what === 'frame' ? new Mat(4, 6) : new Mat());
          },
          (error) => {
            camera.reading--;
            callback(error.message);
          },
        ),
      );
    }
    get(): number {
      return 0;
    }
    set(property: number, value: number): void {
      camera.asked.push([property, value]);
    }
    release(): void {
      expect(camera.reading).toBe(0);
      camera.released++;
    }
  }
  const cv = {
    Mat,
    VideoCapture,
    CAP_V4L2: 200,
    CAP_PROP_FRAME_WIDTH: 3,
    CAP_PROP_FRAME_HEIGHT: 4,
    CAP_PROP_FPS: 5,
  };
  return { loadOpenCv: () => cv };
});

beforeEach(() => {
  Object.assign(camera, { opened: [], asked: [], reading: 0, mostReading: 0, mats: 0, released: 0 });
  camera.open = () => {};
  camera.read = async () => 'frame';
});

async function open(uri: string, options?: DeviceOptions): Promise<{ device: Device; states: string[] }> {
  const device = createDevice(uri, options);
  const states: string[] = [];
  device.on('health', ({ state }) => states.push(state));
  onTestFinished(() => device.close());
  await device.open();
  return { device, states };
}

describe('opencv: a camera', () => {
  it('asks for size and rate, and gives what comes as a live source', async () => {
    const { device } = await open('opencv:2', { width: 640, height: 480, fps: 15 });
    expect(camera.opened).toEqual([[2, 200]]);
    expect(camera.asked).toEqual([
      [3, 640],
      [4, 480],
      [5, 15],
    ]);
    expect(device.properties).toMatchObject({ kind: 'opencv', width: 6, height: 4, format: 'BGR24', live: true });
    let count = 0;
    for await (const frame of device.frames()) {
      expect([...frame.planes[0]!.data]).toEqual(Array(72).fill(7));
      frame.release();
      if (++count === 20) break;
    }
    await device.close();
    // Each Mat was given back, and no two reads were under way at once.
    expect({ mats: camera.mats, most: camera.mostReading, released: camera.released }).toEqual({
      mats: 0,
      most: 1,
      released: 1,
    });
  });

  it('counts frames that nobody took, and those that found no buffer', async () => {
    const { device } = await open('opencv:');
    const frames = device.frames();
    const held = [];
    for (let i = 0; i < 8; i++) held.push((await frames.next()).value!);
    await until(() => device.health.dropped > 5);
    for (const frame of held) frame.release();
    const { value } = await frames.next();
    expect(value!.sequence).toBeGreaterThan(held.at(-1)!.sequence);
    value!.release();
  });

  it.each<[string, () => Promise<'nothing'>, string]>([
    ['ends', async () => 'nothing', 'the stream ended'],
    ['fails', async () => Promise.reject(new Error('unplugged')), 'unplugged'],
  ])('is offline when it %s, opened again until it is there, and online then', async (_, lose, why) => {
    const { device, states } = await open('opencv:0');
    camera.read = lose;
    let tries = 0;
    camera.open = () => {
      if (++tries === 1) throw 'failed to open capture';
      camera.read = async () => 'frame';
    };
    await until(() => states.at(-1) === 'offline');
    expect(device.health.lastError).toBe(why);
    await until(() => states.at(-1) === 'online');
    expect(states).toEqual(['opening', 'online', 'offline', 'online']);
    expect(device.health.restarts).toBe(2);
  });

  it('is offline while no frame comes, and waits for the read that is under way before it closes', async () => {
    const { device, states } = await open('opencv:0', { stallTimeoutMs: 30 });
    let give = () => {};
    camera.read = () => new Promise((resolve) => (give = () => resolve('frame')));
    await until(() => states.at(-1) === 'offline');
    expect(device.health).toMatchObject({ stalls: 1, lastError: 'no frame for 0.0 s' });
    const closing = device.close();
    expect(camera.released).toBe(0);
    give();
    await closing;
    expect(camera.released).toBe(1);
    expect(camera.mats).toBe(0);
  });

  it('says so when it cannot be opened, or gives nothing', async () => {
    camera.read = async () => 'nothing';
    await expect(open('opencv:0')).rejects.toThrow('it was opened, but gives no frame');
    camera.read = () => Promise.reject(new Error('broken'));
    await expect(open('opencv:0')).rejects.toThrow('broken');
    camera.open = () => {
      throw 'VideoCapture::New - failed to open capture';
    };
    await expect(open('opencv:0')).rejects.toThrow(InputError);
    await expect(open('opencv:0')).rejects.toThrow('opencv:0: OpenCV cannot open it; is it there');
    expect(camera.mats).toBe(0);
  });
});
