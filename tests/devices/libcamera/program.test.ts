import { describe, expect, it } from 'vitest';
import type { Device } from '../../devices/device.ts';
import { createDevice } from '../../devices/index.ts';
import { LibcameraCamera } from '../../devices/libcamera.ts';
import { InputError } from '../../sdk/errors.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { fakeProgram, onlyPrograms, tree } from './fake.ts';

const pi4 = () => tree({ 'proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0', 'proc/cpuinfo': '' });
const pi5 = () => tree({ 'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0', 'proc/cpuinfo': '' });
const unknown = () => tree({ 'proc/cpuinfo': '' });

/**
 * What `rpicam-vid` does: bare frames, rows padded to a multiple of bytes. Pixels of a row hold the row's number, each
 * plane's first pixel the frame's number; padding is 255. `plan` says what each run does, the last for all that follow.
 */
const camera = (multiple: number, plan: string[]) => `
const value = (name) => Number(process.argv[process.argv.indexOf(name) + 1]);
const width = value('--width'), height = value('--height');
const stride = Math.ceil(width / ${multiple}) * ${multiple};
function picture(number) {
  const planes = [[width, height, stride], [width / 2, height / 2, stride / 2], [width / 2, height / 2, stride / 2]];
  return Buffer.concat(planes.map(([columns, rows, bytes]) => {
    const plane = Buffer.alloc(bytes * rows, 255);
    for (let row = 0; row < rows; row++) plane.fill(row, row * bytes, row * bytes + columns);
    plane[0] = number;
    return plane;
  }));
}
const plan = ${JSON.stringify(plan)};
const todo = plan[Math.min(run, plan.length) - 1];
process.stderr.write('fake camera: ' + todo + '\\n');
process.on('SIGTERM', () => { if (todo !== 'stall') process.exit(0); });
let number = 0;
const timer = setInterval(() => {
  process.stdout.write(picture(number++));
  if (todo === 'end' && number === 3) process.exit(0);
  if (todo === 'cut' && number === 3) { process.stdout.write(picture(3).subarray(0, 100)); process.exit(0); }
  if (todo === 'stall' && number === 2) { clearInterval(timer); setInterval(() => {}, 1000); }
}, 20);
if (todo === 'fail') { console.error('ERROR: *** no cameras available ***'); process.exit(255); }
`;

async function take(device: Device, count: number, see: (frame: Frame) => void = () => {}): Promise<void> {
  for await (const frame of device.frames()) {
    see(frame);
    frame.release();
    if (--count === 0) return;
  }
}

function states(device: Device): string[] {
  const seen: string[] = [];
  device.on('health', ({ state }) => seen.push(state));
  return seen;
}

describe('libcamera:', () => {
  it.each([
    ['a Pi 4', 64, pi4, 160, 192],
    ['a Pi 5', 128, pi5, 160, 256],
  ])('reads rows padded as on %s', async (_, multiple, root, width, stride) => {
    const fake = fakeProgram('rpicam-vid', camera(multiple, ['frames']));
    const device = new LibcameraCamera('libcamera:1', '1', { width, height: 90, fps: 15 }, root());
    await device.open();
    expect(device.properties).toMatchObject({ kind: 'libcamera', format: 'I420', width, height: 90, live: true });
    await take(device, 3, (frame) => {
      const [y, u, v] = frame.planes;
      expect([y!.stride, u!.stride, v!.stride]).toEqual([stride, stride / 2, stride / 2]);
      expect(y!.data[stride * 89 + width - 1]).toBe(89);
      expect([u!.data[0], v!.data[0]]).toEqual([y!.data[0], y!.data[0]]);
      expect(v!.data[(stride / 2) * 44 + width / 2 - 1]).toBe(44);
    });
    await device.close();
    expect(device.health).toMatchObject({ state: 'closed', corrupt: 0, restarts: 0 });
    const [args] = fake.runs();
    expect(args!.join(' ')).toBe(
      '--nopreview --timeout 0 --verbose 0 --camera 1 --width 160 --height 90 --framerate 15 --codec yuv420 --flush --output -',
    );
  });

  it('asks for a width that needs no padding where it does not know the board', async () => {
    fakeProgram('rpicam-vid', camera(64, ['frames']));
    const device = new LibcameraCamera('libcamera:', '', { width: 161, height: 91 }, unknown());
    await device.open();
    expect(device.properties).toMatchObject({ width: 256, height: 92 });
    await device.close();
  });

  it('takes libcamera-vid where there is no rpicam-vid', async () => {
    onlyPrograms();
    const fake = fakeProgram('libcamera-vid', camera(64, ['frames']));
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    await device.open();
    await device.close();
    expect(fake.runs()).toHaveLength(1);
  });

  it('comes back after an end with status 0, a cut frame and a hang, and counts them', async () => {
    fakeProgram('rpicam-vid', camera(128, ['end', 'cut', 'stall', 'frames']));
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const device = createDevice('libcamera:', { width: 128, height: 96, stallTimeoutMs: 300, logger });
    const seen = states(device);
    await device.open();
    let last = -1;
    await new Promise<void>((resolve) => {
      void (async () => {
        for await (const frame of device.frames()) {
          expect(frame.sequence).toBeGreaterThan(last);
          last = frame.sequence;
          frame.release();
          if (device.health.restarts === 3) resolve();
        }
      })();
    });
    expect(device.health).toMatchObject({ state: 'online', restarts: 3, stalls: 1, corrupt: 1 });
    expect(device.health).toMatchObject({ reconnects_last_hour: 3, stalls_last_hour: 1 });
    await device.close();
    expect(seen).toEqual([
      ...['opening', 'online', 'offline', 'online', 'offline', 'online', 'offline', 'online', 'closed'],
    ]);
    expect(warnings.join('\n')).toMatch(/the stream ended \(exit status 0\): fake camera: end/);
    expect(warnings.join('\n')).toMatch(/no frame for 0\.3 s: fake camera: stall/);
  });

  it('says what to do when there is no camera, no program, or no such number', async () => {
    fakeProgram('rpicam-vid', camera(64, ['fail']));
    const device = createDevice('libcamera:2');
    await expect(device.open()).rejects.toThrow(/there is no camera 2: check its ribbon cable/);
    await expect(device.open()).rejects.toThrow(InputError);
    expect(device.health.state).toBe('closed');
    await expect(createDevice('libcamera:front').open()).rejects.toThrow(/expected libcamera: or libcamera:NUMBER/);
    onlyPrograms();
    await expect(createDevice('libcamera:').open()).rejects.toThrow(/rpicam-vid .*sudo apt install rpicam-apps-lite/);
  });

  it('can be closed while it opens, while it waits to try again, and twice', async () => {
    fakeProgram('rpicam-vid', camera(128, ['end', 'stall']));
    const device = createDevice('libcamera:', { width: 128, height: 96, stallTimeoutMs: 200 });
    const opening = device.open();
    await Promise.all([expect(opening).rejects.toThrow(/closed while it opened/), device.close()]);
    await device.close();
    await device.open();
    while (device.health.state !== 'offline') await new Promise((resolve) => device.once('health', resolve));
    await Promise.all([device.close(), device.close()]);
    expect(device.health.state).toBe('closed');
  });

  it('can be closed by whoever hears that it is offline', async () => {
    fakeProgram('rpicam-vid', camera(128, ['end']));
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    const closed = new Promise<void>((resolve) => {
      device.on('health', ({ state }) => state === 'offline' && resolve(device.close()));
    });
    await device.open();
    await closed;
    expect(device.health).toMatchObject({ state: 'closed', restarts: 0 });
  });

  it('can be opened and closed twenty times', async () => {
    const fake = fakeProgram('rpicam-vid', camera(128, ['frames']));
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    for (let count = 0; count < 20; count++) {
      await device.open();
      await take(device, 1);
      await device.close();
    }
    expect(fake.runs()).toHaveLength(20);
    expect(device.listenerCount('health')).toBe(0);
  });
});
