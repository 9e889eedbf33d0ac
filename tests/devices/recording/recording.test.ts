import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Device, DeviceOptions, DeviceProperties } from '../../../devices/device/device.ts';
import { openDevice } from '../../../devices/index.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { written } from '../../../sdk/base/written.ts';
import { CameraSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { Frame, type FrameInfo } from '../../../sdk/frame/frame.ts';
import { type PixelFormat, pixelFormats, planeLayout } from '../../../sdk/frame/layout.ts';
import { Recorder, type RecorderOptions } from '../../../sdk/pipeline/recorder.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';

const properties: DeviceProperties = {
  kind: 'rtsp',
  title: 'door/1',
  format: 'I420',
  width: 32,
  height: 24,
  fps: 10,
  colour: { matrix: 'bt601', range: 'limited' },
  live: true,
};
const settings = validate(CameraSettings, { source: 'rtsp://me:hunter2@door/1' }, 'camera');
const camera = () => ({ name: 'door', settings, device: { uri: 'rtsp://me:***@door/1', properties } as Device });

function recorder(folder: string, options: Partial<RecorderOptions> = {}): Recorder {
  return new Recorder({ folder, camera, model: 'nanodet-g-416-int8', lossless: true, ...options });
}

/** A frame of noise; rows are `padding` bytes longer than they need be. */
function noise(
  info: Partial<FrameInfo> & { format?: PixelFormat; width?: number; height?: number; padding?: number; seed?: number },
): Frame {
  const { format = 'I420', width = 32, height = 24, padding = 0, seed = 1, ...rest } = info;
  let state = seed;
  const next = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 16;
  const planes = planeLayout(format, width, height).planes.map(({ rowBytes, rows }) => ({
    data: Uint8Array.from({ length: (rowBytes + padding) * rows }, next),
    stride: rowBytes + padding,
  }));
  const times = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0, ...rest };
  return new Frame({ format, width, height, planes, ...times });
}

interface Seen {
  sequence: number;
  captureTimeNs: number;
  wallTimeMs: number;
  format: PixelFormat;
  width: number;
  height: number;
  colour: Frame['colour'];
  pixels: string;
}

/** What a frame is, without the padding of its rows. */
function seen({ sequence, captureTimeNs, wallTimeMs, format, width, height, colour, planes }: Frame): Seen {
  const rows = planeLayout(format, width, height).planes.flatMap(({ rowBytes, rows }, i) =>
    Array.from({ length: rows }, (_, row) => {
      const { data, stride } = planes[i]!;
      return Buffer.from(data.subarray(row * stride, row * stride + rowBytes));
    }),
  );
  const pixels = Buffer.concat(rows).toString('base64');
  return { sequence, captureTimeNs, wallTimeMs, format, width, height, colour, pixels };
}

async function record(folder: string, frames: readonly Frame[], options?: Partial<RecorderOptions>): Promise<Recorder> {
  const made = recorder(folder, options);
  await made.start();
  for (const frame of frames) expect(await made.process(frame)).toBe(frame);
  await made.stop();
  return made;
}

async function replay(folder: string, options: DeviceOptions = {}) {
  const warnings: string[] = [];
  const note = (message: string) => warnings.push(message);
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note };
  const device = await openDevice(`recording:${folder}`, { speed: 'max', logger, ...options });
  const frames: Seen[] = [];
  for await (const frame of device.frames()) {
    frames.push(seen(frame));
    frame.release();
  }
  const { health } = device;
  await device.close();
  return { frames, health, warnings, properties: device.properties };
}

const failure = (folder: string): Promise<string> =>
  openDevice(`recording:${folder}`, { speed: 'max' }).then(
    () => expect.fail('it opened'),
    (error: Error) => error.message,
  );

/** Ten frames a tenth of a second apart, the fourth of which nobody took in time. */
const tenth = (count = 10) =>
  Array.from({ length: count }, (_, i) => i + (i >= 3 ? 1 : 0)).map((sequence) =>
    noise({
      sequence,
      captureTimeNs: 5e12 + sequence * 1e8 + 17,
      wallTimeMs: 1.7e12 + sequence * 100.125,
      seed: sequence,
    }),
  );

describe.skipIf(!hasProgram('ffmpeg'))('recording: (needs ffmpeg)', { timeout: 900_000 }, () => {
  it('gives each frame back as it was: its pixels, its number, its times', async () => {
    const folder = join(temporaryFolder(), 'a b: c%20');
    const frames = tenth();
    const made = await record(folder, frames);
    expect([made.frames, made.failure]).toEqual([10, undefined]);
    const again = await replay(folder);
    expect(again.frames).toEqual(frames.map(seen));
    expect(again.warnings).toEqual([]);
    expect(again.health).toMatchObject({ state: 'ended', frames: 10, dropped: 0, corrupt: 0, lastError: undefined });
    expect(again.properties).toMatchObject({
      kind: 'recording',
      title: 'door: door/1 (recording a b: c%20)',
      format: 'I420',
      width: 32,
      height: 24,
      fps: 10,
      live: false,
    });
  });

  it('replays what an earlier version recorded', async () => {
    const folder = temporaryFolder();
    const frames = tenth(5);
    await record(folder, frames);
    const [index, info] = ['frames.jsonl', 'recording.json'].map((name) => join(folder, name)) as [string, string];
    const lines = readFileSync(index, 'utf8');
    expect(lines).toMatch(/^\{"sequence":0,"capture_time_ns":5000000000017,"wall_time_ms":1700000000000\}$/m);
    writeFileSync(index, lines.replaceAll('capture_time_ns', 'captureTimeNs').replaceAll('wall_time_ms', 'wallTimeMs'));
    writeFileSync(info, readFileSync(info, 'utf8').replace('"version": 2', '"version": 1'));
    expect(JSON.parse(readFileSync(info, 'utf8')).version).toBe(1);
    const again = await replay(folder);
    expect(again.frames).toEqual(frames.map(seen));
    expect(again.health).toMatchObject({ state: 'ended', frames: 5, corrupt: 0, lastError: undefined });
  });

  it('counts what it writes: all of its files', async () => {
    const folder = temporaryFolder();
    const before = written.stats.recordings.bytes;
    const small = [0, 1].map((sequence) => noise({ sequence, captureTimeNs: sequence * 1e8 }));
    await record(folder, [...small, noise({ sequence: 2, captureTimeNs: 2e8, width: 64 })]);
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes).toHaveLength(4);
    expect(written.stats.recordings.bytes - before).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  it('keeps what the camera was, and no password', async () => {
    const folder = temporaryFolder();
    await record(folder, tenth(1));
    const text = readFileSync(join(folder, 'recording.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      version: 2,
      camera: 'door',
      settings: { source: 'rtsp://me:***@door/1', detect: { threshold: 0.6 } },
      source: { uri: 'rtsp://me:***@door/1', kind: 'rtsp', title: 'door/1', fps: 10 },
      model: 'nanodet-g-416-int8',
      codec: 'ffv1',
    });
    expect(text).not.toContain('hunter2');
  });

  it.each(pixelFormats)('loses nothing of %s, whatever the size and the padding', async (format) => {
    const size = fc.integer({ min: 16, max: 70 });
    const shape = fc.record({ width: size, height: size, padding: fc.integer({ min: 0, max: 65 }), seed: fc.nat(1e6) });
    await fc.assert(
      fc.asyncProperty(shape, async (one) => {
        const folder = temporaryFolder();
        const frames = [0, 1, 2].map((i) =>
          noise({ ...one, format, sequence: i, captureTimeNs: i, seed: one.seed + i }),
        );
        const { failure: why } = await record(folder, frames);
        expect(why).toBeUndefined();
        expect((await replay(folder)).frames).toEqual(frames.map(seen));
      }),
      { numRuns: 5 },
    );
  });

  it('stays near to the picture where it may lose something, the same at each replay', async () => {
    const folder = temporaryFolder();
    const grey = (i: number) => {
      const frame = noise({ sequence: i, captureTimeNs: i, width: 64, height: 48 });
      frame.planes[0]!.data.fill(40 + i * 10);
      frame.planes[1]!.data.fill(128);
      frame.planes[2]!.data.fill(100);
      return frame;
    };
    await record(folder, [0, 1, 2, 3].map(grey), { lossless: false });
    const first = await replay(folder);
    expect(first.frames).toHaveLength(4);
    for (const [i, { pixels }] of first.frames.entries()) {
      const luma = Buffer.from(pixels, 'base64')[64 * 24 + 32]!;
      expect(Math.abs(luma - (40 + i * 10))).toBeLessThanOrEqual(2);
    }
    for (const _ of [1, 2]) expect((await replay(folder)).frames).toEqual(first.frames);
  });

  it('goes on in another video where the picture changes its size, its format or its colours', async () => {
    const folder = temporaryFolder();
    const shapes = [
      { width: 32 },
      { width: 40 },
      { width: 40, format: 'RGB24' },
      { width: 40, colour: { matrix: 'bt709', range: 'full' } },
      { width: 32 },
    ] as const;
    const frames = shapes.flatMap((shape, i) =>
      [0, 1].map((j) => noise({ ...shape, sequence: 2 * i + j, captureTimeNs: 2 * i + j, seed: 9 * i + j })),
    );
    await record(folder, frames);
    expect((await replay(folder)).frames).toEqual(frames.map(seen));
  });

  it('ends by itself after so many seconds of the frames’ own time, once', async () => {
    const folder = temporaryFolder();
    const over: number[] = [];
    const made = recorder(folder, { seconds: 0.3, onOver: () => over.push(made.frames) });
    await made.start();
    for (const frame of tenth()) await made.process(frame);
    await made.stop();
    // 0, 0.1, 0.2, and after the drop 0.4.
    expect([over, made.frames]).toEqual([[4], 4]);
    expect((await replay(folder)).frames.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 4]);
  });

  it('is over when the source is opened anew', async () => {
    const folder = temporaryFolder();
    let overs = 0;
    await record(folder, [...tenth(3), noise({ sequence: 0, captureTimeNs: 6e12 }), ...tenth(5)], {
      onOver: () => overs++,
    });
    expect(overs).toBe(1);
    expect((await replay(folder)).frames).toEqual(tenth(3).map(seen));
  });

  it('never comes earlier in realtime than it did, and drops nothing for a slow reader', async () => {
    const folder = temporaryFolder();
    await record(folder, tenth());
    const device = await openDevice(`recording:${folder}`);
    const before = performance.now();
    const sequences: number[] = [];
    for await (const frame of device.frames()) {
      expect(performance.now() - before).toBeGreaterThanOrEqual((frame.captureTimeNs - 5e12 - 17) / 1e6 - 2);
      if (sequences.push(frame.sequence) === 2) await new Promise((resolve) => setTimeout(resolve, 400));
      frame.release();
    }
    expect(device.health.dropped).toBe(0);
    await device.close();
    expect(sequences).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('goes on with its times in a loop, and can be closed at any time and opened again', async () => {
    const folder = temporaryFolder();
    await record(folder, tenth(3));
    const device = await openDevice(`recording:${folder}`, { speed: 'max', loop: true });
    const times: [number, number][] = [];
    for await (const frame of device.frames()) {
      times.push([frame.sequence, frame.captureTimeNs]);
      frame.release();
      if (times.length === 8) break;
    }
    await device.close();
    expect(times).toEqual(times.map((_, i) => [i, 5e12 + i * 1e8 + 17]));
    for (let i = 0; i < 3; i++) {
      await device.open();
      const frames = device.frames();
      const { value } = await frames.next();
      expect(value.captureTimeNs).toBe(5e12 + 17);
      value.release();
      await device.close();
    }
    expect(device.health).toMatchObject({ state: 'closed', corrupt: 0, lastError: undefined });
  });

  it('leaves no file and no program behind, read to its end or not', async () => {
    const folder = temporaryFolder();
    await record(folder, tenth(3));
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const round = async (i: number) => {
      const device = await openDevice(`recording:${folder}`, { speed: 'max', loop: i % 2 === 0 });
      let left = i % 3;
      for await (const frame of device.frames()) {
        frame.release();
        if (left-- === 0) break;
      }
      await device.close();
      await record(join(folder, `${i}`), tenth(2));
    };
    for (let i = 0; i < 3; i++) await round(i);
    const before = openFiles();
    for (let i = 3; i < 20; i++) await round(i);
    await expect.poll(openFiles).toBeLessThanOrEqual(before);
  });

  describe('of a recording that was interrupted or damaged', () => {
    const copy = async (count = 30): Promise<string> => {
      const folder = join(temporaryFolder(), 'cut');
      await record(folder, tenth(count));
      return folder;
    };
    const edit = (folder: string, change: (lines: string[]) => string) => {
      const file = join(folder, 'frames.jsonl');
      writeFileSync(file, change(readFileSync(file, 'utf8').trimEnd().split('\n')));
    };
    const damage = async (change: (lines: string[]) => string) => {
      const folder = await copy();
      edit(folder, change);
      return replay(folder);
    };

    it('replays what there is, wherever it was cut off', async () => {
      const whole = await copy();
      const index = readFileSync(join(whole, 'frames.jsonl'));
      const video = readFileSync(join(whole, 'video-0.mkv'));
      const { frames } = await replay(whole);
      const firstLine = index.indexOf('\n') + 1;
      await fc.assert(
        fc.asyncProperty(
          fc.double({ min: 0.2, max: 1, noNaN: true }),
          fc.double({ min: 0.2, max: 1, noNaN: true }),
          async (a, b) => {
            const folder = join(temporaryFolder(), 'cut');
            cpSync(whole, folder, { recursive: true });
            // The line of the end is not there at a recording that was interrupted.
            const end = index.lastIndexOf('\n', index.length - 2) + 1;
            truncateSync(join(folder, 'frames.jsonl'), Math.max(firstLine, Math.floor(end * a)));
            truncateSync(join(folder, 'video-0.mkv'), Math.floor(video.length * b));
            const again = await replay(folder);
            expect(again.frames).toEqual(frames.slice(0, again.frames.length));
            const asGood = Math.floor(30 * Math.min(a, b)) - 3;
            expect(again.frames.length).toBeGreaterThanOrEqual(asGood);
            expect(again.warnings).toEqual([
              expect.stringMatching(new RegExp(`the recording was interrupted; it has ${again.frames.length} frames$`)),
            ]);
            expect(again.health).toMatchObject({ state: 'ended', corrupt: 0, lastError: undefined });
          },
        ),
        { numRuns: 12 },
      );
    });

    it('says so when a video has fewer frames than were recorded, after those it has', async () => {
      const folder = await copy();
      truncateSync(join(folder, 'video-0.mkv'), Math.floor(readFileSync(join(folder, 'video-0.mkv')).length / 2));
      const { frames, health } = await replay(folder);
      expect(frames.length).toBeGreaterThan(5);
      expect(health.lastError).toMatch(
        new RegExp(`cut is damaged: 30 frames were recorded, the index has 30, the video ${frames.length}$`),
      );
    });

    it('says so when a frame in the middle is not what was recorded', async () => {
      const folder = await copy();
      const file = join(folder, 'video-0.mkv');
      const bytes = readFileSync(file);
      bytes.fill(0x55, Math.floor(bytes.length * 0.5), Math.floor(bytes.length * 0.5) + 40);
      writeFileSync(file, bytes);
      const { health } = await replay(folder);
      expect(health.lastError).toMatch(/cut is damaged: /);
    });

    it.each<[string, (lines: string[]) => string, RegExp]>([
      [
        'a line that is no JSON',
        (lines) => lines.with(5, 'x').join('\n'),
        /frames\.jsonl, line 6: expected JSON, got "x"$/,
      ],
      [
        'a line that is something else',
        (lines) => lines.with(5, '{"sequence":-1,"capture_time_ns":1,"wall_time_ms":1}').join('\n'),
        /line 6: sequence: expected/,
      ],
      [
        'a frame that comes twice',
        (lines) => lines.toSpliced(5, 0, lines[4]!).join('\n'),
        /line 6: expected a frame after number 4 and \d+ ns/,
      ],
      [
        'a line that is missing',
        (lines) => lines.toSpliced(5, 1).join('\n'),
        /30 frames were recorded, the index has 29/,
      ],
      [
        'lines after the end',
        (lines) => [...lines, lines.at(-2)!.replace('30', '31')].join('\n'),
        /nothing after the line of the end/,
      ],
    ])('says so of %s', async (_, change, message) => {
      const { frames, health } = await damage(change);
      expect(health.lastError).toMatch(message);
      expect(health).toMatchObject({ state: 'ended', corrupt: 1 });
      expect(frames.length).toBeGreaterThanOrEqual(4);
    });

    it('refuses a folder that is no recording, or one with parts missing', async () => {
      expect(await failure(temporaryFolder())).toMatch(/is no recording: expected a folder that `ocellus record` made/);
      expect(await failure('/nowhere')).toMatch(/\/nowhere does not exist/);
      expect(await failure('')).toMatch(/expected the folder of a recording/);
      const of = async (change: (folder: string) => void) => {
        const folder = await copy(2);
        change(folder);
        return failure(folder);
      };
      expect(await of((folder) => rmSync(join(folder, 'video-0.mkv')))).toMatch(/video-0\.mkv is missing/);
      expect(await of((folder) => writeFileSync(join(folder, 'video-0.mkv'), 'x'))).toMatch(
        /the video 0|holds no frame/,
      );
      expect(await of((folder) => rmSync(join(folder, 'frames.jsonl')))).toMatch(/frames\.jsonl.*ENOENT/);
      expect(await of((folder) => writeFileSync(join(folder, 'frames.jsonl'), ''))).toMatch(
        /a video in its first line/,
      );
      // One that goes on for ever is not read for ever.
      expect(await of((folder) => writeFileSync(join(folder, 'frames.jsonl'), ' '.repeat(5000)))).toMatch(
        /frames\.jsonl: expected lines of at most 4096 characters/,
      );
      expect(await of((folder) => edit(folder, (lines) => lines[0]!.replace('video-0', '../../x')))).toMatch(
        /a video in its first line/,
      );
      expect(await of((folder) => writeFileSync(join(folder, 'recording.json'), '{'))).toMatch(
        /recording\.json: expected JSON/,
      );
      expect(await of((folder) => writeFileSync(join(folder, 'recording.json'), '{"version":3}'))).toMatch(
        /version: expected/,
      );
    });
  });

  describe('while it records', () => {
    it('takes no folder with something in it', async () => {
      const folder = temporaryFolder();
      await record(folder, tenth(1));
      await expect(recorder(folder).start()).rejects.toThrow(/expected an empty folder, or none; it holds/);
      const file = join(temporaryFolder(), 'file');
      writeFileSync(file, '');
      await expect(recorder(join(file, 'none')).start()).rejects.toThrow(/expected a folder to record into/);
    });

    it('leaves nothing where no frame came, so that the same can be tried again', async () => {
      const there = temporaryFolder();
      const made = join(there, 'made');
      for (const folder of [made, there]) await record(folder, []);
      expect(readdirSync(there)).toEqual([]);
      const again = await record(made, tenth(1));
      expect([again.frames, again.failure]).toEqual([1, undefined]);
    });

    it('says what ffmpeg says when that breaks off, and lets the camera run on', async () => {
      fakeProgram(
        'ffmpeg',
        'process.stdin.once("data", () => { process.stderr.write("No space left on device\\n"); process.exit(1); });',
      );
      let overs = 0;
      const made = recorder(temporaryFolder(), { onOver: () => overs++ });
      await made.start();
      // More than a pipe holds.
      const frame = noise({ width: 640, height: 480 });
      while (overs === 0) expect(await made.process(frame)).toBe(frame);
      const { frames } = made;
      await made.process(frame);
      await made.stop();
      expect(made.failure?.message).toMatch(/broke off after \d+ frames: .*ffmpeg says: No space left on device/);
      expect([overs, made.frames]).toEqual([1, frames]);
    });

    it('says what to install where there is no ffmpeg', async () => {
      onlyPrograms();
      const made = await record(temporaryFolder(), tenth(1));
      expect(made.failure?.message).toMatch(/ffmpeg is needed .* sudo apt install ffmpeg/);
    });
  });

  it('reads an index line by line, torn at its end', async () => {
    const folder = temporaryFolder();
    await record(folder, tenth(3));
    const file = join(folder, 'frames.jsonl');
    const text = readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n');
    writeFileSync(file, `${text}\n`);
    appendFileSync(file, '{"sequence":9,"captu');
    expect((await replay(folder)).frames).toHaveLength(3);
  });
});
