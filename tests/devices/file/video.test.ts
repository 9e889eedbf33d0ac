import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Device, DeviceOptions } from '../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../devices/index.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram, sharedData } from '../../support/needs.ts';
import { onlyPrograms } from '../../support/programs.ts';
import { clip, ffmpeg, readToEnd } from '../clip.ts';

async function readAll(device: Device, see?: (frame: Frame) => void): Promise<number> {
  const count = await readToEnd(device, see);
  await device.close();
  return count;
}

const failure = (uri: string, options?: DeviceOptions): Promise<string> =>
  openDevice(uri, options).then(
    () => expect.fail('it opened'),
    (error: Error) => error.message,
  );

describe.skipIf(!hasProgram('ffmpeg'))('file: a video (needs ffmpeg)', () => {
  it('gives each frame with its media time at speed max', async () => {
    const device = await openDevice(`file:${clip('a b: c%20.mp4')}`, { speed: 'max' });
    expect(device.properties).toMatchObject({
      kind: 'file',
      format: 'I420',
      width: 64,
      height: 48,
      fps: 25,
      live: false,
    });
    const seen: { sequence: number; ms: number; ns: number; luma: number }[] = [];
    const count = await readAll(device, ({ sequence, wallTimeMs, captureTimeNs, planes }) =>
      seen.push({ sequence, ms: wallTimeMs, ns: captureTimeNs, luma: planes[0]!.data[64 * 24 + 32]! }),
    );
    expect(count).toBe(20);
    seen.forEach(({ sequence, ms, ns, luma }, index) => {
      expect({ sequence, ms, ns }).toEqual({ sequence: index, ms: index * 40, ns: index * 40e6 });
      expect(Math.abs(luma - (16 + index * 8))).toBeLessThan(4);
    });
    expect(device.health).toMatchObject({ frames: 20, dropped: 0, corrupt: 0, lastError: undefined });
  });

  it('ends with the state ended, and starts again with loop', async () => {
    const path = clip('a.mp4', { frames: 5 });
    const states: string[] = [];
    const device = createDevice(path, { speed: 'max' });
    device.on('health', ({ state }) => states.push(state));
    await device.open();
    await readAll(device);
    expect(states).toEqual(['opening', 'online', 'ended', 'closed']);

    const looped = await openDevice(path, { speed: 'max', loop: true });
    const times: number[] = [];
    for await (const frame of looped.frames()) {
      times.push(frame.wallTimeMs);
      frame.release();
      if (times.length === 13) break;
    }
    await looped.close();
    expect(times).toEqual(times.map((_, index) => index * 40));
  });

  it('shows frames when they are due in realtime, and the newest to a slow reader', async () => {
    const device = await openDevice(`file:${clip('a.mp4', { frames: 20 })}`);
    const seen: number[] = [];
    const before = Date.now();
    for await (const frame of device.frames()) {
      expect(frame.wallTimeMs).toBeGreaterThanOrEqual(before - 1);
      seen.push(frame.sequence);
      frame.release();
      // So slow that five more have come meanwhile.
      if (seen.length === 2) await expect.poll(() => device.health.frames).toBeGreaterThanOrEqual(seen[1]! + 6);
    }
    await device.close();
    expect(seen.at(-1)).toBe(19);
    // The last one that was counted may not have been handed on yet.
    expect(seen[2]! - seen[1]!).toBeGreaterThanOrEqual(4);
    expect(device.health.frames).toBe(20);
    expect(device.health.dropped).toBe(20 - seen.length);
  });

  it('drops nothing at speed max for a reader that keeps its frames as long as it can', async () => {
    const device = await openDevice(`file:${clip('a.mp4', { frames: 30 })}`, { speed: 'max' });
    const kept: Frame[] = [];
    let count = 0;
    for await (const frame of device.frames()) {
      expect(frame.sequence).toBe(count++);
      kept.push(frame);
      if (kept.length > 6) kept.shift()!.release();
    }
    for (const frame of kept) frame.release();
    await device.close();
    expect([count, device.health.dropped]).toEqual([30, 0]);
  });

  it('gives no more frames than asked for, in the size asked for', async () => {
    const path = clip('a.mp4', { rate: 20, frames: 20 });
    const device = await openDevice(path, { speed: 'max', fps: 5, width: 32 });
    expect(device.properties).toMatchObject({ fps: 5, width: 32, height: 24 });
    expect(await readAll(device)).toBe(5);
    const few = await openDevice(path, { speed: 'max', fps: 50 });
    expect(few.properties.fps).toBe(20);
    expect(await readAll(few)).toBe(20);
  });

  it('reads odd sizes', async () => {
    const device = await openDevice(clip('a.avi', { size: '33x17', codec: ['-c:v', 'ffv1'] }), { speed: 'max' });
    expect(device.properties).toMatchObject({ width: 33, height: 17 });
    expect(await readAll(device, ({ planes }) => expect(planes[1]!.stride).toBe(17))).toBe(20);
  });

  it('goes on over damaged parts', async () => {
    const bytes = readFileSync(clip('a.avi', { frames: 60 }));
    bytes.fill(0x55, Math.floor(bytes.length * 0.5), Math.floor(bytes.length * 0.55));
    const path = join(temporaryFolder(), 'damaged.avi');
    writeFileSync(path, bytes);
    const device = await openDevice(path, { speed: 'max' });
    expect(await readAll(device)).toBeGreaterThan(20);
    expect(device.health.lastError).toMatch(/^ffmpeg: /);
  });

  it('says what ffmpeg says of what is no video', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.mp4');
    writeFileSync(path, '');
    expect(await failure(path)).toMatch(/no video can be read from .*a\.mp4; ffmpeg says: .*Invalid data/);
    writeFileSync(path, readFileSync(clip('b.mp4')).subarray(0, 900));
    expect(await failure(path)).toMatch(/ffmpeg says: .*moov atom not found|Invalid data/);
    ffmpeg('-f', 'lavfi', '-i', 'sine=d=1', join(folder, 'sound.wav'));
    expect(await failure(join(folder, 'sound.wav'))).toMatch(/sound\.wav holds no video, but audio \(pcm_s16le\)$/);
    const playlist = join(folder, 'list.m3u8');
    writeFileSync(playlist, '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n');
    expect(await failure(playlist)).toMatch(/not on whitelist|Invalid data/);
    // Shown as YUV, red would be violet.
    const [source, other] = ['testsrc=d=1:s=64x48:r=5,format=yuv420p', join(folder, 'other.mkv')];
    ffmpeg('-f', 'lavfi', '-i', source, '-c:v', 'ffv1', '-colorspace', 'ycgco', other);
    expect(await failure(other)).toMatch(/expected a video in YUV or RGB, got ycgco/);
    expect(await failure(`file:${folder}/none.mp4`)).toMatch(/none\.mp4 does not exist/);
    expect(await failure('file:')).toMatch(/expected the path of a video/);
    onlyPrograms();
    expect(await failure(path)).toMatch(/ffmpeg is needed .*sudo apt install ffmpeg/);
  });

  it('takes the ways to write a path', async () => {
    const path = clip('x y.mp4', { frames: 3 });
    for (const uri of [path, `file:${path}`, `file://${encodeURI(path)}`]) {
      expect(await readAll(await openDevice(uri, { speed: 'max' }))).toBe(3);
    }
    const home = process.env.HOME;
    process.env.HOME = temporaryFolder();
    try {
      copyFileSync(path, join(process.env.HOME, 'x.mp4'));
      expect(await readAll(await openDevice('file:~/x.mp4', { speed: 'max' }))).toBe(3);
    } finally {
      process.env.HOME = home;
    }
  });

  it('can be closed at any time and opened again', async () => {
    const device = createDevice(clip('a.mp4'), { speed: 'max' });
    await Promise.all([expect(device.open()).rejects.toThrow(/closed while it opened/), device.close()]);
    for (let count = 0; count < 3; count++) {
      await device.open();
      const frames = device.frames();
      (await frames.next()).value.release();
      const pending = [frames.next(), frames.next(), frames.next()];
      await device.close();
      for (const { done, value } of await Promise.all(pending)) if (!done) value.release();
      expect((await frames.next()).done).toBe(true);
    }
    expect(device.health).toMatchObject({ state: 'closed', corrupt: 0 });
  });
});

const video = sharedData('video', 'one-by-one-person-detection.mp4');
describe.skipIf(!video || !hasProgram('ffmpeg'))('file: the clip of people (needs ../shared/data, ffmpeg)', () => {
  it('has 1394 frames', async () => {
    const device = await openDevice(video!, { speed: 'max' });
    expect(await readAll(device)).toBe(1394);
    expect(device.health).toMatchObject({ frames: 1394, dropped: 0, corrupt: 0 });
  });
});
