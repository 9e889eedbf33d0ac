import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeviceOptions } from '../../../devices/device/device.ts';
import { openDevice } from '../../../devices/index.ts';
import { asset } from '../../../sdk/base/assets.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { encodeJpeg, readPicture } from '../../../sdk/picture/picture.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { ffmpeg, turned } from '../clip.ts';

/** Makes a clip of a filter's source. @returns Its path. */
function made(name: string, source: string, ...args: string[]): string {
  const path = join(temporaryFolder(), name);
  ffmpeg('-f', 'lavfi', '-i', source, ...args, path);
  return path;
}

/** What ffmpeg itself decodes, with the filters of the test. */
function reference(path: string, filters: string, pixelFormat: string): Buffer {
  const args = ['-nostdin', '-loglevel', 'fatal', '-i', path, '-map', '0:V:0', '-vf', filters];
  return execFileSync('ffmpeg', [...args, '-fps_mode', 'passthrough', '-pix_fmt', pixelFormat, '-f', 'rawvideo', '-'], {
    maxBuffer: 1 << 28,
  });
}

/** The times in ms that ffprobe reads, from the first on. */
function times(path: string): number[] {
  const show = ['-select_streams', 'V:0', '-show_entries', 'frame=best_effort_timestamp_time', '-of', 'csv=p=0'];
  const text = execFileSync('ffprobe', ['-v', 'error', ...show, path], { encoding: 'utf8' });
  const all = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  return all.map((time) => Math.round((time - all[0]!) * 1e6) / 1e3);
}

interface Seen {
  readonly size: string;
  readonly ms: number;
  readonly pixels: Buffer;
  readonly colour: string;
}

async function read(path: string, options: DeviceOptions = {}, see?: (frame: Frame) => Promise<void>) {
  const device = await openDevice(`file:${path}`, { speed: 'max', ...options });
  const frames: Seen[] = [];
  const sizes: string[] = [];
  for await (const frame of device.frames()) {
    const { width, height, wallTimeMs: ms, planes, colour } = frame;
    const pixels = Buffer.concat(planes.map(({ data }) => Buffer.from(data)));
    frames.push({ size: `${width}x${height}`, ms, pixels, colour: `${colour.matrix} ${colour.range}` });
    sizes.push(`${device.properties.width}x${device.properties.height}`);
    await see?.(frame);
    frame.release();
  }
  const { health } = device;
  await device.close();
  return { frames, sizes, health };
}

const difference = (a: Uint8Array, b: Uint8Array) => {
  expect(a.length).toBe(b.length);
  let [sum, most] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const one = Math.abs(a[i]! - b[i]!);
    sum += one;
    most = Math.max(most, one);
  }
  return { mean: sum / a.length, most };
};

const half = 'testsrc2=rate=5:duration=1';
const h264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))(
  'a video is read right (needs ffmpeg, ffprobe)',
  () => {
    it.each([
      ['352x576', '24/11', '768x576'],
      ['704x576', '16/11', '1024x576'],
      ['704x576', '12/11', '768x576'],
      ['960x1080', '2/1', '1920x1080'],
      ['640x480', '1/2', '640x960'],
      ['33x17', '3/2', '50x17'],
      ['64x48', '1/1', '64x48'],
      ['63x47', '0/1', '63x47'],
      // Nothing has such pixels.
      ['64x48', '255/1', '64x48'],
      ['1920x1088', '135/136', '1920x1088'],
      // What ffmpeg writes where it scales a square picture to HD; an anamorphic lens makes the other one.
      ['1920x1080', '9/16', '1920x1080'],
      ['1280x720', '27/64', '1280x720'],
      ['1280x720', '4/3', '1706x720'],
    ])('its pixels are square: %s at %s', async (size, aspect, shown) => {
      const path = made(
        'clip.mkv',
        `testsrc=rate=5:size=${size},setsar=${aspect}`,
        '-frames:v',
        '2',
        '-c:v',
        'ffv1',
        '-pix_fmt',
        'yuv420p',
      );
      const { frames } = await read(path);
      expect(frames.map((frame) => frame.size)).toEqual([shown, shown]);
      const [width, height] = shown.split('x');
      const right = reference(path, `scale=${width}:${height}:flags=bilinear`, 'yuv420p');
      expect(difference(Buffer.concat(frames.map(({ pixels }) => pixels)), right).most).toBe(0);
    });

    it.each<[DeviceOptions, string]>([
      [{ width: 320 }, '320x240'],
      [{ height: 240 }, '320x240'],
      [{ width: 320, height: 240 }, '320x240'],
      [{ width: 321, height: 241 }, '321x241'],
      [{ width: 400, height: 240 }, '320x240'],
      [{ width: 320, height: 400 }, '320x240'],
    ])('it keeps its proportions scaled to %j', async (options, shown) => {
      const path = made('clip.mkv', `${half}:size=352x576,setsar=24/11`, '-frames:v', '1', ...h264);
      expect((await read(path, options)).frames[0]!.size).toBe(shown);
    });

    it('is found in what it shows, at the same place, whatever the shape of its pixels', async () => {
      const model = await loadModel();
      onTestFinished(() => model.close());
      const found: { label: string; box: readonly number[] }[] = [];
      for (const [size, aspect] of [
        ['1024x576', '1/1'],
        ['704x576', '16/11'],
        ['480x576', '32/15'],
      ]) {
        const path = join(temporaryFolder(), 'cat.mp4');
        const filters = `crop=iw:iw*9/16,scale=${size!.replace('x', ':')},setsar=${aspect}`;
        ffmpeg('-i', asset('devices', 'scene', 'photos', 'cat.jpg'), '-vf', filters, '-frames:v', '1', ...h264, path);
        await read(path, {}, async (frame) => {
          expect([frame.width, frame.height]).toEqual([1024, 576]);
          const detections = await model.detect(frame, { scoreThreshold: 0.25 });
          const [cat] = [...detections].filter(({ label }) => label === 'cat');
          found.push(cat!);
          const { width, height } = await sharp(await encodeJpeg(frame)).metadata();
          expect([width, height]).toEqual([1024, 576]);
        });
      }
      const [right, ...others] = found;
      for (const { box } of others) {
        box.forEach((value, i) => {
          expect(Math.abs(value - right!.box[i]!)).toBeLessThan(40);
        });
      }
    });

    it('begins anew where its pixels change their shape and their number stays, as television does (needs an ffmpeg that follows)', async ({
      skip,
    }) => {
      const parts = ['1', '16/11', '1/2', '1'].map((aspect, i) =>
        made('part.ts', `${half}:size=64x48,setsar=${aspect}`, '-output_ts_offset', String(i), '-bf', '0', ...h264),
      );
      const path = join(temporaryFolder(), 'aspects.ts');
      writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
      // From ffmpeg 7 on all frames have the shape that was found before the first one.
      const told = spawnSync('ffmpeg', ['-nostdin', '-i', path, '-vf', 'showinfo', '-f', 'null', '-'], {
        encoding: 'utf8',
      });
      const shapes = new Set(told.stderr.match(/ sar:\S+ s:/g));
      skip(shapes.size === 1, 'this ffmpeg gives all frames one shape of pixels');
      const { frames, sizes } = await read(path);
      const expected = ['64x48', '92x48', '64x96', '64x48'].flatMap((size) => Array(5).fill(size));
      expect(frames.map(({ size }) => size)).toEqual(expected);
      expect(sizes.slice(1)).toEqual(expected.slice(1));
      for (const [i, part] of parts.entries()) {
        const alone = (await read(part)).frames.map(({ pixels }) => pixels);
        const ours = frames.slice(i * 5, i * 5 + 5).map(({ pixels }) => pixels);
        expect(difference(Buffer.concat(ours), Buffer.concat(alone)).most).toBe(0);
      }
    });

    it('begins anew where its picture changes its size or is turned', async () => {
      const parts = ['64x48', '48x64', '128x96', '64x48'].map((size, i) =>
        made('part.ts', `${half}:size=${size}`, '-output_ts_offset', String(i), '-bf', '0', ...h264),
      );
      const path = join(temporaryFolder(), 'all.ts');
      writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
      const { frames, sizes } = await read(path);
      const expected = ['64x48', '48x64', '128x96', '64x48'].flatMap((size) => Array(5).fill(size));
      expect(frames.map(({ size }) => size)).toEqual(expected);
      expect(sizes.slice(1)).toEqual(expected.slice(1));
      for (const [i, part] of parts.entries()) {
        const right = reference(part, 'null', 'yuv420p');
        const ours = frames.slice(i * 5, i * 5 + 5).map(({ pixels }) => pixels);
        expect(difference(Buffer.concat(ours), right).most).toBe(0);
      }
      // Matroska has one size in its head; that of the pictures counts.
      const copied = join(temporaryFolder(), 'all.mkv');
      ffmpeg('-i', path, '-c', 'copy', copied);
      expect((await read(copied)).frames.map(({ size }) => size)).toEqual(expected);
      // Scaled, each part has its proportions.
      const scaled = (await read(path, { width: 32, height: 32 })).frames.map(({ size }) => size);
      expect(scaled).toEqual(['32x24', '24x32', '32x24', '32x24'].flatMap((size) => Array(5).fill(size)));
    });

    it('is turned as a phone says', async () => {
      const flat = made('flat.mp4', `${half}:size=64x48`, ...h264);
      const path = join(temporaryFolder(), 'turned.mp4');
      turned(flat, 90, path);
      const { frames } = await read(path);
      expect(frames[0]!.size).toBe('48x64');
      expect(difference(frames[0]!.pixels, reference(path, 'null', 'yuv420p').subarray(0, 64 * 48 * 1.5)).most).toBe(0);
    });

    describe('its colours', () => {
      /** Four frames, each of one colour. */
      const bars = (size: string) => {
        const colours = ['0xE02020', '0x20C040', '0x3050E0', '0xC0A020'];
        const sources = colours.map(
          (colour, i) => `color=c=${colour}:size=${size}:rate=1:duration=1,format=rgb24[${i}]`,
        );
        return `${sources.join(';')};[0][1][2][3]concat=n=4,settb=1/1000,setpts=200*N`;
      };
      const yuv = (matrix: string, range: string) =>
        `scale=out_color_matrix=${matrix}:out_range=${range},format=yuv420p`;
      const tagged = (space: string, range: string) => ['-colorspace', space, '-color_range', range];

      it.each<[string, string, string, string[], string]>([
        ['bt709 in 360 rows', '640x360', yuv('bt709', 'tv'), [...h264, ...tagged('bt709', 'tv')], 'bt709 limited'],
        ['bt601 in 720 rows', '1280x720', yuv('bt601', 'tv'), [...h264, ...tagged('smpte170m', 'tv')], 'bt601 limited'],
        ['PAL in 720 rows', '1280x720', yuv('bt601', 'tv'), [...h264, ...tagged('bt470bg', 'tv')], 'bt601 limited'],
        ['no tags, 360 rows', '640x360', yuv('bt601', 'tv'), h264, 'bt601 limited'],
        ['no tags, 720 rows', '1280x720', yuv('bt709', 'tv'), h264, 'bt709 limited'],
        ['full range', '640x360', yuv('bt709', 'pc'), ['-c:v', 'ffv1', ...tagged('bt709', 'pc')], 'bt709 full'],
        ['full range of H.264', '640x360', yuv('bt709', 'pc'), [...h264, ...tagged('bt709', 'pc')], 'bt709 '],
        [
          'a JPEG camera',
          '1280x720',
          'scale=out_color_matrix=bt601:out_range=pc,format=yuvj422p',
          ['-c:v', 'mjpeg', '-q:v', '2'],
          'bt601 ',
        ],
        ['RGB', '1280x720', 'format=gbrp', ['-c:v', 'ffv1'], 'bt601 limited'],
        ['PNG', '640x360', 'format=rgb24', ['-c:v', 'png'], 'bt601 limited'],
        [
          '4:4:4',
          '640x360',
          'scale=out_color_matrix=bt709:out_range=tv,format=yuv444p',
          ['-c:v', 'libx264', ...tagged('bt709', 'tv')],
          'bt709 limited',
        ],
        [
          'wide colours in ten bits',
          '1280x720',
          'scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10',
          ['-c:v', 'ffv1', ...tagged('bt2020nc', 'tv')],
          'bt709 limited',
        ],
      ])('are right: %s', async (_, size, filter, codec, told) => {
        const path = made('bars.mkv', `${bars(size)},${filter}`, ...codec);
        const right = execFileSync(
          'ffmpeg',
          [
            '-nostdin',
            '-loglevel',
            'error',
            '-f',
            'lavfi',
            '-i',
            bars(size),
            '-pix_fmt',
            'rgb24',
            '-f',
            'rawvideo',
            '-',
          ],
          { maxBuffer: 1 << 28 },
        );
        const rgb: Uint8Array[] = [];
        const snapshots: Buffer[] = [];
        const { frames } = await read(path, {}, async (frame) => {
          rgb.push(kernels.converter().convert(frame, {}).data.slice());
          snapshots.push(
            await sharp(await encodeJpeg(frame, { quality: 100 }))
              .raw()
              .toBuffer(),
          );
        });
        expect(frames.map(({ colour }) => colour)).toEqual(Array(4).fill(expect.stringContaining(told)));
        for (const ours of [rgb, snapshots]) {
          const { mean, most } = difference(Buffer.concat(ours), right);
          expect(mean).toBeLessThan(2.5);
          expect(most).toBeLessThan(6);
        }
      });

      it('are those of the source’s size, however it is scaled', async () => {
        const path = made('bars.mkv', `${bars('1280x720')},${yuv('bt709', 'tv')}`, ...h264);
        expect((await read(path, { width: 320 })).frames[0]!.colour).toBe('bt709 limited');
      });
    });

    it.each([
      ['variable rate in Matroska', 'clip.mkv', "setpts='(N+0.45*sin(N*2))/20/TB'", 60],
      ['variable rate in MP4', 'clip.mp4', "setpts='(N+0.45*sin(N*2))/20/TB'", 60],
      ['two rates', 'clip.mp4', "setpts='if(lt(N,30),N/30,1+(N-30)/5)/TB'", 60],
      ['bursts', 'clip.mkv', "setpts='(floor(N/3)*0.5+mod(N,3)*0.002)/TB'", 30],
      ['a pause of an hour', 'clip.mp4', "setpts='(N/10+if(gte(N,10),3600,0))/TB'", 20],
      ['a pause of an hour in Matroska', 'clip.mkv', "setpts='(N/10+if(gte(N,10),3600,0))/TB'", 20],
    ])('gives each frame once, when it is: %s', async (_, name, filter, count) => {
      const source = `testsrc2=size=64x48:rate=20,settb=1/1000,${filter}`;
      const path = made(
        name,
        source,
        '-frames:v',
        String(count),
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '1/1000',
        ...h264,
      );
      const { frames, health } = await read(path);
      expect(frames).toHaveLength(count);
      const right = times(path);
      frames.forEach(({ ms }, i) => {
        expect(Math.abs(ms - right[i]!)).toBeLessThan(0.01);
      });
      const decoded = reference(path, 'null', 'yuv420p');
      expect(difference(Buffer.concat(frames.map(({ pixels }) => pixels)), decoded).most).toBe(0);
      expect(health).toMatchObject({ frames: count, dropped: 0, corrupt: 0 });
    });

    it('gives each frame of a bare stream once, at its rate', async () => {
      const path = made('clip.h264', 'testsrc2=size=64x48:rate=10', '-frames:v', '15', ...h264);
      const { frames } = await read(path);
      expect(frames).toHaveLength(15);
      for (const [i, { ms }] of frames.slice(1).entries()) expect(ms).toBeGreaterThan(frames[i]!.ms);
    });

    it('shows the larger of two video streams, and no cover', async () => {
      const folder = temporaryFolder();
      const [small, large, cover, two, song] = ['small.mp4', 'large.mp4', 'cover.jpg', 'two.mkv', 'song.mp3'].map(
        (name) => join(folder, name),
      ) as [string, string, string, string, string];
      ffmpeg('-f', 'lavfi', '-i', `${half}:size=64x48`, ...h264, small);
      ffmpeg('-f', 'lavfi', '-i', `${half}:size=128x96`, ...h264, large);
      ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=400x400', '-frames:v', '1', cover);
      ffmpeg('-i', small, '-i', large, '-map', '0', '-map', '1', '-c', 'copy', '-disposition:v:0', 'default', two);
      expect((await read(two)).frames.map(({ size }) => size)).toEqual(Array(5).fill('128x96'));
      const withCover = join(folder, 'with-cover.mp4');
      ffmpeg(
        '-i',
        cover,
        '-i',
        small,
        '-map',
        '0',
        '-map',
        '1',
        '-c',
        'copy',
        '-disposition:v:0',
        'attached_pic',
        withCover,
      );
      expect((await read(withCover)).frames.map(({ size }) => size)).toEqual(Array(5).fill('64x48'));
      ffmpeg(
        '-f',
        'lavfi',
        '-i',
        'sine=d=1',
        '-i',
        cover,
        '-map',
        '0',
        '-map',
        '1',
        '-c:v',
        'copy',
        '-disposition:v',
        'attached_pic',
        song,
      );
      await expect(openDevice(`file:${song}`)).rejects.toThrow(
        /holds no video, but audio \(mp3\), a picture \(mjpeg\)$/,
      );
    });

    it('says of a HEIC picture what it is', async () => {
      const path = join(temporaryFolder(), 'IMG_1.HEIC');
      writeFileSync(path, Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic')]));
      const photo = join(temporaryFolder(), 'photo.jpg');
      writeFileSync(photo, readFileSync(path));
      await expect(readPicture(photo)).rejects.toThrow(/photo\.jpg cannot be read as a picture: it is a HEIC picture/);
      await expect(openDevice(`file:${path}`)).rejects.toThrow(
        /IMG_1\.HEIC is no video: it is a HEIC picture, which cannot be read; .*heif-convert/,
      );
    });
  },
);
