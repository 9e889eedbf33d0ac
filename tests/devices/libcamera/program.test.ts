import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Device } from '../../../devices/device/device.ts';
import { createDevice } from '../../../devices/index.ts';
import { ProgramLibcameraCamera } from '../../../devices/libcamera/program.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';
import { camera } from './stand-in.ts';

/** The runs that were to give a stream. */
const streams = (fake: { runs: () => string[][] }) => fake.runs().filter((args) => !args.includes('--frames'));

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

describe('libcamera: through a program', () => {
  it.each([
    ['of 64 bytes, as up to a Pi 4', 64, 160, 192],
    ['of 128, as on a Pi 5', 128, 160, 256],
    ['of 32', 32, 160, 160],
  ])('finds out that rows are padded to a multiple %s', async (_, multiple, width, stride) => {
    const fake = fakeProgram('rpicam-vid', camera(multiple, ['frames']));
    const device = new ProgramLibcameraCamera('libcamera:1', '1', { width, height: 90, fps: 15 });
    await device.open();
    expect(device.properties).toMatchObject({ kind: 'libcamera', format: 'I420', width, height: 90, live: true });
    // What the program asks of its camera for frames that are not encoded.
    expect(device.properties.colour).toEqual({ matrix: 'bt601', range: 'full' });
    await take(device, 3, (frame) => {
      const [y, u, v] = frame.planes;
      expect([y!.stride, u!.stride, v!.stride]).toEqual([stride, stride / 2, stride / 2]);
      expect(y!.data[stride * 89 + width - 1]).toBe(89);
      expect([u!.data[0], v!.data[0]]).toEqual([y!.data[0], y!.data[0]]);
      expect(v!.data[(stride / 2) * 44 + width / 2 - 1]).toBe(44);
    });
    await device.close();
    expect(device.health).toMatchObject({ state: 'closed', corrupt: 0, restarts: 0 });
    const common =
      '--nopreview --verbose 0 --width 160 --height 90 --framerate 15 --camera 1 --codec yuv420 --flush --output -';
    expect(fake.runs().map((args) => args.join(' '))).toEqual([
      `${common} --frames 1 --timeout 0`,
      `${common} --timeout 0`,
    ]);
  });

  it('says so when no length of rows explains a frame', async () => {
    fakeProgram('rpicam-vid', camera(64, ['frames'], 100));
    await expect(createDevice('libcamera:', { width: 128, height: 96 }).open()).rejects.toThrow(
      /expected a frame of 128x96 with rows of up to 256 bytes of padding, got 18532 bytes/,
    );
  });

  it('measures once, though it restarts', async () => {
    const fake = fakeProgram('rpicam-vid', camera(64, ['end', 'frames']));
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    await device.open();
    for await (const frame of device.frames()) {
      frame.release();
      if (device.health.restarts === 1) break;
    }
    await device.close();
    expect(fake.runs()).toHaveLength(3);
  });

  it('makes odd sizes even', async () => {
    fakeProgram('rpicam-vid', camera(64, ['frames']));
    const device = createDevice('libcamera:', { width: 161, height: 91 });
    await device.open();
    expect(device.properties).toMatchObject({ width: 162, height: 92 });
    await device.close();
  });

  it('passes the sensor mode, the controls by their names, and a tuning file', async () => {
    const fake = fakeProgram('rpicam-vid', camera(64, ['frames']));
    const tuning = join(temporaryFolder(), 'imx219_noir.json');
    writeFileSync(tuning, '{}');
    const device = createDevice('libcamera:', {
      width: 128,
      height: 96,
      controls: { exposure_time: 9000, awb_mode: 'cloudy', hdr_mode: 'single_exposure', red_gain: 1.5, blue_gain: 2 },
      libcamera: { mode: '2304:1296:10:P', tuning },
    });
    await device.open();
    await device.close();
    const [args] = streams(fake);
    expect(args!.join(' ')).toContain(
      '--camera 0 --mode 2304:1296:10:P --shutter 9000 --awb cloudy --hdr single-exp --awbgains 1.5,2 --tuning-file',
    );
    expect(args![args!.indexOf('--tuning-file') + 1]).toBe(tuning);
  });

  it.each([
    [{ libcamera: { mode: '2304x1296' } }, /libcamera\.mode: expected WIDTH:HEIGHT:BITS/],
    [{ libcamera: { mode: '2304:1296:40' } }, /libcamera\.mode: .* 8 to 16 bits/],
    [{ libcamera: { tuning: 'imx219.json' } }, /libcamera\.tuning: expected the absolute path/],
    [{ libcamera: { tuning: '/etc/hostname' } }, /libcamera\.tuning: expected the absolute path/],
    [{ controls: { awb_mode: 'moonlight' } }, /controls\.awb_mode: expected one of 0 \(auto\), 1 \(incandescent\)/],
    [
      { controls: { shutter: 100 } },
      /controls\.shutter: this camera has no such control; expected one of exposure_time,/,
    ],
    [{ controls: { analogue_gain: 65 } }, /controls\.analogue_gain: expected a number from 0 to 64, got 65/],
    [{ controls: { red_gain: 2 } }, /controls\.red_gain: expected blue_gain as well/],
    [
      { controls: { lens_position: 2, af_mode: 'continuous' } },
      /controls\.lens_position: it has no effect while af_mode is/,
    ],
  ])('says what is wrong with %j, and runs nothing', async (options, message) => {
    const fake = fakeProgram('rpicam-vid', camera(64, ['frames']));
    const opening = createDevice('libcamera:', options).open();
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toThrow(InputError);
    expect(fake.runs()).toEqual([]);
  });

  it('starts the program again with other controls, and that is no loss', async () => {
    const fake = fakeProgram('rpicam-vid', camera(64, ['frames']));
    const device = createDevice('libcamera:', { width: 128, height: 96, controls: { brightness: 0.5 } });
    const seen = states(device);
    await device.open();
    const frames = device.frames();
    (await frames.next()).value.release();
    await expect(device.setControls({ brightness: 2 })).rejects.toThrow(/brightness: expected a number from -1 to 1/);
    await device.setControls({ contrast: 1.5 });
    expect((await device.controls()).find(({ name }) => name === 'contrast')).toMatchObject({ value: 1.5, default: 1 });
    await vi.waitFor(() => expect(streams(fake)).toHaveLength(2), { timeout: 300_000 });
    (await frames.next()).value.release();
    await device.close();
    const [first, second] = streams(fake).map((args) => args.join(' '));
    expect(first).toContain('--brightness 0.5');
    expect(second).toContain('--contrast 1.5');
    expect(second).not.toContain('--brightness');
    expect(seen).toEqual(['opening', 'online', 'closed']);
    expect(device.health).toMatchObject({ restarts: 0, corrupt: 0, stalls: 0 });
  });

  it('takes libcamera-vid where there is no rpicam-vid', async () => {
    onlyPrograms();
    const fake = fakeProgram('libcamera-vid', camera(64, ['frames']));
    const device = createDevice('libcamera:', { width: 128, height: 96 });
    await device.open();
    await device.close();
    expect(streams(fake)).toHaveLength(1);
  });

  it('comes back after an end with status 0, a cut frame and a hang, and counts them', async () => {
    fakeProgram('rpicam-vid', camera(128, ['end', 'cut', 'stall', 'frames']));
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    const device = createDevice('libcamera:', { width: 128, height: 96, stallTimeoutMs: 3000, logger });
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
    expect(warnings.join('\n')).toMatch(/no frame for 3\.0 s: fake camera: stall/);
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
    const device = createDevice('libcamera:', { width: 128, height: 96, stallTimeoutMs: 3000 });
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
    expect(streams(fake)).toHaveLength(20);
    expect(device.listenerCount('health')).toBe(0);
  });
});
