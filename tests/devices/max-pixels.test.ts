import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DeviceOptions } from '../../devices/device/device.ts';
import { openDevice } from '../../devices/index.ts';
import { CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { ffmpeg } from './clip.ts';
import { MjpegServer } from './mjpeg-server.ts';

/** 320x240. */
const pixels = 76_800;

async function sources(): Promise<[name: string, uri: string, refusal: RegExp][]> {
  const folder = temporaryFolder();
  const made = (name: string, ...args: string[]) => {
    const path = join(folder, name);
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=5:duration=1', '-pix_fmt', 'yuv420p', ...args, path);
    return `file:${path}`;
  };
  const picture = join(folder, 'picture.png');
  await sharp({ create: { width: 320, height: 240, channels: 3, background: 'red' } }).toFile(picture);
  const server = closing(await MjpegServer.start({ width: 320, height: 240 }), (one) => one.kill());
  const tooLarge = /expected frames of at most 0\.0767\d* megapixels, got 3\d\dx2\d\d; max_megapixels of the camera/;
  return [
    ['h264', made('h264.mp4', '-c:v', 'libx264'), tooLarge],
    ['raw video', made('raw.mkv', '-c:v', 'rawvideo'), tooLarge],
    ['y4m', made('clip.y4m'), tooLarge],
    ['http', server.url(), tooLarge],
    ['a picture', `file:${picture}`, /expected at most 0\.0767\d* megapixels/],
    ['a recording', `recording:${recording()}`, tooLarge],
  ];
}

/** Made by hand: its video is smaller than its index has it. */
function recording(): string {
  const folder = join(temporaryFolder(), 'recording');
  mkdirSync(folder);
  const info = {
    ...{ version: 1, ocellus: '0.1.0', board: 'pc', camera: 'door', model: 'off', codec: 'ffv1' },
    settings: validate(CameraSettings, { source: 'scene:' }, 'camera'),
    source: { uri: 'scene:', kind: 'scene', title: 'scene' },
  };
  writeFileSync(join(folder, 'recording.json'), JSON.stringify(info));
  const video = { video: 'video-0.mkv', format: 'I420', width: 320, height: 240 };
  const lines = [
    { ...video, colour: { matrix: 'bt601', range: 'limited' } },
    { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 },
    { frames: 1 },
  ];
  writeFileSync(join(folder, 'frames.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  ffmpeg('-f', 'lavfi', '-i', 'color=size=32x24', '-frames:v', '1', '-c:v', 'ffv1', join(folder, 'video-0.mkv'));
  return folder;
}

async function attempt(uri: string, options: DeviceOptions): Promise<string> {
  const device = await openDevice(uri, { stallTimeoutMs: 20_000, ...options }).catch((error: Error) => error.message);
  if (typeof device === 'string') return device;
  const { width, height } = device.properties;
  await device.close();
  return `${width}x${height}`;
}

describe.skipIf(!hasProgram('ffmpeg'))('the largest frame (needs ffmpeg)', () => {
  it('is what was asked for, to the pixel, of every kind of source', async () => {
    for (const [name, uri, refusal] of await sources()) {
      expect([name, await attempt(uri, { maxPixels: pixels })]).toEqual([name, '320x240']);
      expect([name, await attempt(uri, { maxPixels: pixels - 1 })]).toEqual([name, expect.stringMatching(refusal)]);
      // Refused before it is decoded.
      const small = [name, await attempt(uri, { maxPixels: 1 })];
      expect(small).toEqual([name, expect.stringMatching(/megapixels/)]);
    }
  });

  it('counts before a picture is shrunk as well: that is what it takes to decode it', async () => {
    const path = join(temporaryFolder(), 'large.mkv');
    ffmpeg('-f', 'lavfi', '-i', 'color=size=8000x6000', '-frames:v', '1', '-c:v', 'mjpeg', path);
    expect(await attempt(`file:${path}`, { width: 64 })).toMatch(
      /expected frames of at most 40 megapixels, got 8000x6000/,
    );
    expect(await attempt(`file:${path}`, { width: 64, maxPixels: 48e6 })).toBe('64x48');
  });
});
