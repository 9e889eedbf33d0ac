import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeviceOptions } from '../../../devices/device/device.ts';
import { NativeLibcameraCamera } from '../../../devices/libcamera/native.ts';
import { controlsOf, nativeValues, ourName, ourWords } from '../../../devices/libcamera/native-controls.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { FakeAddon, piControls } from './fake-addon.ts';

const size = { width: 160, height: 90 };

async function opened(options: DeviceOptions = {}, addon = new FakeAddon(), rest = '') {
  const device = new NativeLibcameraCamera(`libcamera:${rest}`, rest, addon, { ...size, ...options });
  onTestFinished(() => device.close());
  await device.open();
  const frames = device.frames();
  (await frames.next()).value.release();
  return { device, addon, frames };
}

const next = async (frames: AsyncIterableIterator<Frame>): Promise<Frame> => (await frames.next()).value;

describe('libcamera: through the native source', () => {
  it('counts cameras as rpicam-hello does, and those on USB after them', async () => {
    const ids = [];
    for (const rest of ['', '1', '2']) {
      const { device, addon } = await opened({}, undefined, rest);
      ids.push(addon.wanted[0]!.id);
      await device.close();
    }
    expect(ids).toEqual([
      '/base/soc/i2c0mux/i2c@1/ov5647@36',
      '/base/soc/i2c0mux/i2c@0/imx219@10',
      '/base/axi/pcie@120000/rp1/usb@300000-2:1.0',
    ]);
  });

  it('shows frames where the camera wrote them, with its strides, its time and what its sensor tells', async () => {
    const { device, addon, frames } = await opened();
    const capturedNs = Number(process.hrtime.bigint()) - 20e6;
    const metadata = { ExposureTime: [9998], AnalogueGain: [2.5], Lux: [431], ColourGains: [1.5, 2], AfState: [0] };
    addon.frame(1, { capturedNs, metadata });
    const frame = await next(frames);
    expect(frame).toMatchObject({ format: 'NV12', ...size, captureTimeNs: capturedNs, sequence: 1 });
    expect(frame.sensor).toEqual({ exposureUs: 9998, analogueGain: 2.5, lux: 431 });
    expect(frame.planes.map(({ stride }) => stride)).toEqual([192, 192]);
    expect(Date.now() - frame.wallTimeMs).toBeGreaterThanOrEqual(19);
    frame.release();
    const values = Object.fromEntries((await device.controls()).map(({ name, value }) => [name, value]));
    expect(values).toMatchObject({ exposure_time: 9998, analogue_gain: 2.5, red_gain: 1.5, blue_gain: 2 });
  });

  it('gives a buffer back with the last release, and not before', async () => {
    const { addon, frames } = await opened();
    addon.frame(1);
    const frame = (await next(frames)).acquire();
    expect(addon.free.size).toBe(2);
    frame.release();
    expect(addon.free.size).toBe(2);
    frame.release();
    expect(addon.free.size).toBe(3);
  });

  it('lets the newest win, and counts what nobody took and what the camera had no buffer for', async () => {
    const { device, addon, frames } = await opened();
    for (const sequence of [1, 2, 3]) addon.frame(sequence);
    expect(device.health).toMatchObject({ frames: 4, dropped: 2 });
    expect((await next(frames)).sequence).toBe(3);
    // That one is still out; of the next ones 4 and 5 found no buffer.
    addon.frame(6);
    const frame = await next(frames);
    expect(frame.sequence).toBe(6);
    expect(device.health).toMatchObject({ frames: 7, dropped: 4 });
    // A count that begins anew, or is none, is no gap.
    frame.release();
    addon.frame(0);
    expect((await next(frames)).sequence).toBe(7);
    addon.frame(4_000_000);
    expect(device.health).toMatchObject({ frames: 9, dropped: 4 });
  });

  it('keeps to the rate, though a camera does not', async () => {
    const { device, addon, frames } = await opened({ fps: 10 });
    expect(addon.wanted[0]!.controls).toEqual([['FrameDurationLimits', [1e5, 1e5]]]);
    const start = Number(process.hrtime.bigint()) + 1e9;
    for (let i = 1; i <= 30; i++) {
      addon.frame(i, { capturedNs: start + (i * 1e9) / 30 });
      const due = i % 3 === 1;
      if (due) (await next(frames)).release();
      expect(addon.free.size).toBe(3);
    }
    expect(device.health).toMatchObject({ frames: 31, dropped: 0 });
  });

  it('takes from a camera that is a little faster as many as it was asked for', async () => {
    const { addon, frames } = await opened({ fps: 10 });
    const start = Number(process.hrtime.bigint()) + 1e9;
    let shown = 0;
    // Five seconds at twelve a second.
    for (let i = 1; i <= 60; i++) {
      addon.frame(i, { capturedNs: start + (i * 1e9) / 12 });
      if (addon.free.size === 3) continue;
      (await next(frames)).release();
      shown++;
    }
    expect(shown).toBeGreaterThanOrEqual(49);
    expect(shown).toBeLessThanOrEqual(51);
  });

  it('passes a corrupt frame by', async () => {
    const { device, addon } = await opened();
    addon.frame(1, { corrupt: true });
    expect(addon.free.size).toBe(3);
    expect(device.health).toMatchObject({ corrupt: 1, frames: 1 });
  });

  it('comes back after it was unplugged, with a frame of the old camera still held', async () => {
    const { device, addon, frames } = await opened({ controls: { analogue_gain: 2 } });
    const states: string[] = [];
    device.on('health', ({ state }) => states.push(state));
    addon.frame(1);
    const held = await next(frames);
    addon.unplug();
    const frame = await next(frames);
    expect(states).toEqual(['offline', 'online']);
    expect(frame.sequence).toBe(2);
    expect(device.health).toMatchObject({ restarts: 1, stalls: 0, lastError: expect.stringContaining('unplugged') });
    // The controls are set on the camera that came back.
    expect(addon.set.at(-1)).toEqual([['AnalogueGain', [2]]]);
    expect(addon.open_).toBe(1);
    frame.release();
    held.release();
    expect(addon.free.size).toBe(3);
  });

  it('restarts a camera that stalls, but not one whose buffers are all in use here', async () => {
    // This machine may stall as well.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { device, addon, frames } = await opened({ stallTimeoutMs: 1000 });
    const held = [];
    for (const sequence of [1, 2, 3]) {
      addon.frame(sequence);
      held.push(await next(frames));
    }
    expect(addon.frame(4)).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    expect(device.health).toMatchObject({ state: 'online', stalls: 0, restarts: 0 });
    for (const frame of held) frame.release();
    addon.frame(5);
    (await next(frames)).release();
    // Now it is the camera's fault.
    let isBack = false;
    const back = next(frames).finally(() => {
      isBack = true;
    });
    while (!isBack) await vi.advanceTimersByTimeAsync(100);
    (await back).release();
    expect(device.health).toMatchObject({ stalls: 1, restarts: 1 });
  });

  it('takes a still beside the stream', async () => {
    const { device, addon, frames } = await opened({ libcamera: { still: true } });
    const stills = [device.still(), device.still()];
    expect(addon.stillsAsked).toBe(1);
    addon.frame(1);
    const first = await stills[0]!;
    expect(first).toMatchObject({ format: 'NV12', width: 3280, height: 2464, sequence: 1 });
    (await next(frames)).release();
    // There is one buffer for stills: the second waits for it.
    addon.frame(2);
    expect(addon.stillsAsked).toBe(0);
    first.release();
    expect(addon.stillsAsked).toBe(1);
    addon.frame(3);
    (await stills[1]!).release();
    expect(addon.isStillOut).toBe(false);
  });

  it('says so when it keeps none, or is lost before it comes', async () => {
    const { device } = await opened();
    await expect(device.still()).rejects.toThrow(/set libcamera\.still to true/);
    const { device: other, addon } = await opened({ libcamera: { still: true } });
    const still = other.still();
    addon.unplug();
    await expect(still).rejects.toThrow(/was lost before the still came/);
    await other.close();
    await expect(other.still()).rejects.toThrow(/is closed/);
  });

  it('opens in a sensor mode', async () => {
    const { addon } = await opened({ libcamera: { mode: '1640:1232:10' } });
    expect(addon.wanted[0]).toMatchObject({ modeWidth: 1640, modeHeight: 1232, modeBits: 10, ...size, still: false });
  });

  it('says why it cannot be opened', async () => {
    const addon = new FakeAddon();
    const open = (options: DeviceOptions = {}, rest = '') =>
      new NativeLibcameraCamera('libcamera:', rest, addon, { ...size, ...options }).open();
    await expect(open({}, '3')).rejects.toThrow(/there is no camera 3: .* 0 \(ov5647\), 1 \(imx219\), 2 \(webcam\)/);
    await expect(open({}, 'front')).rejects.toThrow(/expected libcamera: or libcamera:NUMBER/);
    await expect(open({ libcamera: { mode: 'fast' } })).rejects.toThrow(/libcamera\.mode: expected/);
    await expect(open({ controls: { gain: 2 } })).rejects.toThrow(/controls\.gain: this camera has no such control/);
    expect(addon.open_).toBe(0);
    addon.refusal = 'the camera cannot be had: Device or resource busy';
    await expect(open()).rejects.toThrow(/the camera is used by another program/);
    await expect(open()).rejects.toThrow(InputError);
    addon.cameras = [];
    await expect(open()).rejects.toThrow(/there is no camera 0: .* libcamera has none/);
  });

  it('can be closed while it opens, and twenty times', async () => {
    const addon = new FakeAddon();
    const device = new NativeLibcameraCamera('libcamera:', '', addon, size);
    await Promise.all([expect(device.open()).rejects.toThrow(/closed while it opened/), device.close()]);
    expect(addon.open_).toBe(0);
    for (let count = 0; count < 20; count++) {
      await device.open();
      await Promise.all([device.close(), device.close()]);
      expect(addon.open_).toBe(0);
    }
  });
});

describe('controls of the native source', () => {
  it('have our names and words', () => {
    expect(['ExposureTime', 'AeEnable', 'FocusFoM', 'HdrMode'].map(ourName)).toEqual([
      'exposure_time',
      'ae_enable',
      'focus_fo_m',
      'hdr_mode',
    ]);
    expect(ourWords({ 0: 'AfRangeNormal', 1: 'AfRangeMacro' })).toEqual({ 0: 'normal', 1: 'macro' });
    expect(ourWords({ 0: 'MeteringCentreWeighted', 1: 'MeteringSpot' })).toEqual({ 0: 'centre_weighted', 1: 'spot' });
    expect(ourWords({ 0: 'NoiseReductionModeOff' })).toEqual({ 0: 'off' });
    const known = controlsOf(piControls, new Map());
    expect(known.map(({ name }) => name)).toEqual([
      ...['analogue_gain', 'awb_enable', 'awb_mode', 'blue_gain', 'exposure_time', 'exposure_time_mode', 'red_gain'],
    ]);
    expect(known.find(({ name }) => name === 'awb_mode')).toMatchObject({
      kind: 'menu',
      choices: { 0: 'auto', 5: 'daylight', 6: 'cloudy' },
    });
  });

  it('lets a lens that can focus do so by itself, unless it is told otherwise', () => {
    const words = { 0: 'AfModeManual', 1: 'AfModeAuto', 2: 'AfModeContinuous' };
    const facts = { size: 1, min: 0, default: 0 } as const;
    const lens = [
      { ...facts, name: 'AfMode', kind: 'integer', max: 2, choices: words },
      { ...facts, name: 'LensPosition', kind: 'number', max: 15, choices: {} },
    ] as const;
    expect(nativeValues(lens, {})).toEqual([['AfMode', [2]]]);
    expect(nativeValues(lens, { af_mode: 'auto' })).toEqual([['AfMode', [1]]]);
    expect(nativeValues(lens, { lens_position: 2.5 })).toEqual([
      ['AfMode', [0]],
      ['LensPosition', [2.5]],
    ]);
  });

  it('are set while it runs, with the automatic that would undo them, and taken back', async () => {
    const { device, addon } = await opened({ controls: { awb_mode: 'cloudy' } });
    expect(addon.set).toEqual([[['AwbMode', [6]]]]);
    await device.setControls({ exposure_time: 5000, red_gain: 1.25, blue_gain: 2 });
    expect(addon.set[1]).toEqual([
      ['AwbMode', [0]],
      ['ExposureTime', [5000]],
      ['ExposureTimeMode', [1]],
      ['AwbEnable', [0]],
      ['ColourGains', [1.25, 2]],
    ]);
    await device.setControls({});
    expect(addon.set[2]).toEqual([
      ['ExposureTime', [20_000]],
      ['ExposureTimeMode', [0]],
      ['AwbEnable', [1]],
      ['ColourGains', [1, 1]],
    ]);
    await expect(device.setControls({ exposure_time: 0.5 })).rejects.toThrow(/expected a whole number from 1 to 66666/);
    await expect(device.setControls({ red_gain: 1 })).rejects.toThrow(/controls\.red_gain: expected blue_gain as well/);
    expect(addon.set).toHaveLength(3);
  });
});
