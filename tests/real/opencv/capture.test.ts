import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Device, DeviceOptions } from '../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../devices/index.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { clip, ffmpeg, readToEnd, turned } from '../../devices/clip.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { hasOpenCv } from '../../support/prepared.ts';
import { until } from '../../support/until.ts';

/** A clip in Motion JPEG. */
const mjpeg = ({ name = 'a.avi', ...options }: { name?: string; frames?: number; rate?: number } = {}) =>
  clip(name, { ...options, codec: ['-c:v', 'mjpeg', '-q:v', '2'] });

async function open(uri: string, options?: DeviceOptions): Promise<Device> {
  const device = await openDevice(uri, options);
  onTestFinished(() => device.close());
  return device;
}

describe.skipIf(!(await hasOpenCv()) || !hasProgram('ffmpeg'))('opencv: (needs npm run opencv and ffmpeg)', () => {
  it('gives each frame of a file with its media time at speed max', async () => {
    const device = await open(`opencv:${mjpeg({ name: 'a b: %20.avi' })}`, { speed: 'max' });
    expect(device.properties).toMatchObject({
      kind: 'opencv',
      format: 'BGR24',
      width: 64,
      height: 48,
      fps: 25,
      live: false,
    });
    const levels: number[] = [];
    const count = await readToEnd(device, ({ sequence, wallTimeMs, captureTimeNs, planes }) => {
      expect([sequence, wallTimeMs, captureTimeNs]).toEqual([levels.length, levels.length * 40, levels.length * 40e6]);
      levels.push(planes[0]!.data[(64 * 24 + 32) * 3]!);
    });
    expect(count).toBe(20);
    expect(levels.every((level, i) => i === 0 || level > levels[i - 1]!)).toBe(true);
    expect(device.health).toMatchObject({ state: 'ended', frames: 20, dropped: 0, corrupt: 0, lastError: undefined });
  });

  it('waits for a slow reader at speed max, and drops nothing', async () => {
    const device = await open(`opencv:${mjpeg()}`, { speed: 'max' });
    const held: Frame[] = [];
    for await (const frame of device.frames()) {
      held.push(frame);
      if (held.length === 8) for (const one of held.splice(0)) one.release();
    }
    for (const one of held) one.release();
    expect(device.health).toMatchObject({ frames: 20, dropped: 0 });
  });

  it('shows a file in its own time, the newest frame first, and counts what nobody took', async () => {
    const device = await open(`opencv:${mjpeg({ frames: 12, rate: 50 })}`);
    const seen: number[] = [];
    for await (const { sequence, release } of wrap(device)) {
      seen.push(sequence);
      // Time for three more.
      const due = Math.min(12, device.health.frames + 3);
      await until(() => device.health.frames >= due);
      release();
    }
    expect(seen.at(-1)).toBe(11);
    expect(seen.length).toBeLessThan(8);
    expect(device.health.dropped).toBe(12 - seen.length);
  });

  it('starts a file again with loop, scales it, and takes fewer frames', async () => {
    const device = await open(`opencv:${mjpeg({ frames: 5 })}`, { speed: 'max', loop: true, width: 32, fps: 12.5 });
    expect(device.properties).toMatchObject({ width: 32, height: 24 });
    const times: number[] = [];
    for await (const frame of device.frames()) {
      times.push(frame.wallTimeMs);
      expect(frame).toMatchObject({ width: 32, height: 24 });
      frame.release();
      if (times.length === 8) break;
    }
    expect(times).toEqual([0, 80, 160, 240, 320, 400, 480, 560]);
  });

  it('may be closed at any time, and opened again', async () => {
    const device = createDevice(`opencv:${mjpeg({ frames: 200 })}`, { speed: 'max' });
    for (let i = 0; i < 5; i++) {
      await device.open();
      if (i % 2 === 0) {
        const frames = device.frames();
        (await frames.next()).value!.release();
      }
      await device.close();
    }
    const opening = device.open();
    await device.close();
    await expect(opening).rejects.toThrow('was closed while it opened');
    expect(device.health.state).toBe('closed');
  });

  it.each([
    ['/nowhere/a.avi', 'does not exist'],
    ['.', 'expected a video, got the folder'],
    ['package.json', 'OpenCV cannot open it'],
    ['99', 'OpenCV cannot open it'],
    ['rtsp://camera/1', 'network cameras are rtsp:'],
    ['videotestsrc ! autovideosink', 'does not exist'],
  ])('says what is wrong with opencv:%s', async (rest, message) => {
    await expect(openDevice(`opencv:${rest}`)).rejects.toThrow(message);
  });

  it.each([0, 90, 180, 270])('turns a phone’s video by %i degrees as ffmpeg does', async (degrees) => {
    const folder = temporaryFolder();
    const [flat, path] = [join(folder, 'flat.mp4'), join(folder, 'turned.mp4')];
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=64x48:rate=5:duration=0.4',
      '-c:v',
      'libx264',
      '-pix_fmt',
      'yuv420p',
      flat,
    );
    turned(flat, degrees, path);
    const args = ['-nostdin', '-loglevel', 'error', '-i', path, '-pix_fmt', 'bgr24', '-f', 'rawvideo', '-'];
    const right = execFileSync('ffmpeg', args);
    const device = await open(`opencv:${path}`, { speed: 'max' });
    const [width, height] = degrees % 180 === 0 ? [64, 48] : [48, 64];
    expect(device.properties).toMatchObject({ width, height });
    const ours: Buffer[] = [];
    await readToEnd(device, ({ planes }) => ours.push(Buffer.from(planes[0]!.data)));
    const pixels = Buffer.concat(ours);
    expect(pixels).toHaveLength(right.length);
    let sum = 0;
    for (let i = 0; i < right.length; i++) sum += Math.abs(pixels[i]! - right[i]!);
    // The two make RGB of chroma in their own ways.
    expect(sum / right.length).toBeLessThan(6);
  });

  it('gives each frame when it is, at a variable rate as well', async () => {
    const path = join(temporaryFolder(), 'clip.mp4');
    const source = "testsrc2=size=64x48:rate=20,settb=1/1000,setpts='(N+0.45*sin(N*2))*50'";
    const encode = ['-frames:v', '30', '-fps_mode', 'passthrough', '-enc_time_base', '1/1000', '-c:v', 'libx264'];
    ffmpeg('-f', 'lavfi', '-i', source, ...encode, '-pix_fmt', 'yuv420p', path);
    const show = ['-select_streams', 'V:0', '-show_entries', 'frame=best_effort_timestamp_time', '-of', 'csv=p=0'];
    const right = execFileSync('ffprobe', ['-v', 'error', ...show, path], { encoding: 'utf8' });
    const times: number[] = [];
    await readToEnd(await open(`opencv:${path}`, { speed: 'max' }), ({ wallTimeMs }) => times.push(wallTimeMs));
    const expected = right
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((time) => Number(time) * 1000);
    expect(times.map((time) => Math.round(time))).toEqual(expected.map((time) => Math.round(time - expected[0]!)));
  });

  it('has square pixels', async () => {
    const path = join(temporaryFolder(), 'clip.mp4');
    const source = 'testsrc2=size=352x576:rate=5:duration=0.4,setsar=24/11';
    ffmpeg('-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', path);
    expect((await open(`opencv:${path}`)).properties).toMatchObject({ width: 768, height: 576 });
    expect((await open(`opencv:${path}`, { width: 320 })).properties).toMatchObject({ width: 320, height: 240 });
  });

  it('says of a video that is cut off that it is, at its end', async () => {
    const path = mjpeg({ name: 'cut.mkv' });
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const device = await open(`opencv:${path}`, { speed: 'max' });
    expect(await readToEnd(device)).toBeGreaterThan(5);
    expect(device.health).toMatchObject({ state: 'ended', lastError: expect.stringContaining('ended prematurely') });
  });

  it('refuses a video whose pixels change their shape', async () => {
    const folder = temporaryFolder();
    const parts = ['1', '16/11'].map((aspect, i) => {
      const part = join(folder, `${i}.ts`);
      const source = `testsrc2=size=64x48:rate=5:duration=1,setsar=${aspect}`;
      ffmpeg('-f', 'lavfi', '-i', source, '-output_ts_offset', `${i}`, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', part);
      return readFileSync(part);
    });
    const path = join(folder, 'both.ts');
    writeFileSync(path, Buffer.concat(parts));
    await expect(openDevice(`opencv:${path}`)).rejects.toThrow('(64x48, 64x48 at 16:11), which OpenCV does not notice');
  });

  it('refuses a video that changes its size, and a picture, with what reads them', async () => {
    const folder = temporaryFolder();
    const parts = ['64x48', '48x64'].map((size, i) => {
      const part = join(folder, `${i}.ts`);
      const source = `testsrc2=size=${size}:rate=5:duration=1`;
      ffmpeg('-f', 'lavfi', '-i', source, '-output_ts_offset', `${i}`, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', part);
      return readFileSync(part);
    });
    const path = join(folder, 'both.ts');
    writeFileSync(path, Buffer.concat(parts));
    await expect(openDevice(`opencv:${path}`)).rejects.toThrow(
      /changes the size of its picture \(64x48, 48x64\), which OpenCV does not notice: file:.*both\.ts reads it$/,
    );
    const photo = join(folder, 'photo.jpg');
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=64x48', '-frames:v', '1', photo);
    await expect(openDevice(`opencv:${photo}`)).rejects.toThrow(
      /is a picture: file:.*photo\.jpg reads it, turned as its EXIF/,
    );
  });

  it('lets no file make it call another machine', async () => {
    let asked = 0;
    const video = readFileSync(mjpeg());
    const server = createServer((_, response) => {
      asked++;
      response.end(video);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await until(() => server.listening);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.avi`;
    const list = join(temporaryFolder(), 'list.m3u8');
    writeFileSync(list, `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${url}\n#EXT-X-ENDLIST\n`);
    await expect(openDevice(`opencv:${list}`)).rejects.toThrow();
    expect(asked).toBe(0);
  });
});

/** Frames that are released by who reads them, after a pause. */
async function* wrap(device: Device): AsyncGenerator<{ sequence: number; release: () => void }> {
  for await (const frame of device.frames()) yield { sequence: frame.sequence, release: () => frame.release() };
}
