import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Device, DeviceOptions } from '../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../devices/index.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const kinds: Readonly<Record<string, string>> = {
  mjpeg: '-c:v mjpeg -f mjpeg',
  mpjpeg: '-c:v mjpeg -f mpjpeg',
  y4m: '-pix_fmt yuv420p -f yuv4mpegpipe',
  h264: '-c:v libx264 -preset ultrafast -tune zerolatency -g 15 -f h264',
  mpegts: '-c:v libx264 -preset ultrafast -tune zerolatency -g 15 -f mpegts',
  matroska: '-c:v libx264 -preset ultrafast -tune zerolatency -g 15 -f matroska',
};
const source = (seconds: number, width = 160) =>
  `-nostdin -v error -re -f lavfi -i testsrc=size=${width}x120:rate=15 -t ${seconds}`;
const ffmpeg = (options: string, to: string) => ['ffmpeg', ...options.split(' '), '-y', to];

function fifo(): string {
  const path = join(temporaryFolder(), 'camera');
  execFileSync('mkfifo', [path]);
  return path;
}

/** Writes a video into a pipe. */
function writer(options: string, path: string): ChildProcess {
  const [program, ...args] = ffmpeg(options, path);
  return closing(spawn(program!, args, { stdio: 'ignore' }), async (child) => void child.kill('SIGKILL'));
}

async function opened(uri: string, options?: DeviceOptions): Promise<Device> {
  return closing(await openDevice(uri, options), (device) => device.close());
}

/** Reads all frames, as in the field. @returns How many there were. */
async function count(device: Device): Promise<number> {
  let frames = 0;
  for await (const frame of device.frames()) {
    frames++;
    frame.release();
  }
  return frames;
}

const until = async (device: Device, state: string) => {
  while (device.health.state !== state) await once(device, 'health');
};
const failure = (device: Device): Promise<string> =>
  device.open().then(
    () => expect.fail('it opened'),
    (error: Error) => error.message,
  );

/** What `ocellus/devices` makes of what a shell's `|` gives it. */
const program = `
  import { openDevice } from ${JSON.stringify(join(import.meta.dirname, '../../../dist/sdk/index.js'))};
  const device = await openDevice(process.argv[1] ?? '-', { fps: 1000 });
  const second = await openDevice('-').then(() => 'opened', (error) => error.message);
  let frames = 0;
  for await (const frame of device.frames()) frame.release(frames++);
  const { title, width, height } = device.properties;
  console.log(JSON.stringify({ title, width, height, frames, second, ...device.health }));
  await device.close();
`;

async function shell(line: string): Promise<Record<string, unknown>> {
  const env = { ...process.env, PROGRAM: program, NODE: process.execPath };
  const { stdout } = await promisify(execFile)('bash', ['-c', line], { env });
  return JSON.parse(stdout);
}

const read = '"$NODE" --input-type=module -e "$PROGRAM"';

describe.skipIf(!hasProgram('ffmpeg'))('pipe: (needs ffmpeg)', () => {
  it.each(Object.keys(kinds))('reads %s, live', async (kind) => {
    const path = fifo();
    writer(`${source(4)} ${kinds[kind]}`, path);
    const device = await opened(`pipe:${path}`);
    expect(device.properties).toMatchObject({ kind: 'pipe', title: path, width: 160, height: 120, live: true });
    const counting = count(device);
    await until(device, 'offline');
    expect(device.health.lastError).toMatch(/^the stream ended/);
    expect(device.health.frames).toBeGreaterThanOrEqual(59);
    await device.close();
    // How many of them a reader gets depends on what else the machine does: the newest counts.
    expect(await counting).toBeGreaterThan(0);
  });

  it.each([
    ['MPEG-2', '-c:v mpeg2video -f mpegts'],
    ['MPEG-4', '-c:v mpeg4 -f mpegts'],
    ['H.264', '-c:v libx264 -preset ultrafast -f nut'],
  ])('shows %s in the order in which it was taken, not in that in which it was coded', async (_, codec) => {
    const path = fifo();
    // Each picture is brighter than the one before; two of three are coded after what follows them.
    const brighter = '-vf geq=lum=16+3*N:cb=128:cr=128,format=yuv420p';
    writer(`${source(4)} ${brighter} -q:v 2 -g 30 -bf 2 -b_strategy 0 ${codec}`, path);
    const device = await opened(`pipe:${path}`);
    const lumas: number[] = [];
    const reading = (async () => {
      for await (const frame of device.frames()) {
        lumas.push(frame.planes[0]!.data[frame.planes[0]!.stride * 60 + 80]!);
        frame.release();
      }
    })();
    await until(device, 'offline');
    await device.close();
    await reading;
    expect(lumas.length).toBeGreaterThan(2);
    // Those that are as bright as the codec could make them alike.
    expect(lumas).toEqual(lumas.toSorted((a, b) => a - b));
    expect(lumas.at(-1)! - lumas[0]!).toBeGreaterThan(60);
  });

  it('keeps to the rate of the clock, whatever the video says of its own', async () => {
    const path = fifo();
    writer(`${source(4)} ${kinds.mjpeg}`, path);
    // ffmpeg takes bare JPEGs for 25 a second: four seconds of 15 would be 2.4 of it, so 12 frames.
    const device = await opened(`pipe:${path}`, { fps: 5 });
    void count(device);
    await until(device, 'offline');
    expect(device.health.frames).toBeGreaterThan(13);
    expect(device.health.frames).toBeLessThan(24);
  });

  it('waits for the next writer, whose video may be another', async () => {
    const path = fifo();
    writer(`${source(1)} ${kinds.y4m}`, path);
    // A path that is a pipe needs no scheme.
    const device = await opened(path);
    void count(device);
    await until(device, 'offline');
    writer(`${source(3, 240)} ${kinds.h264}`, path);
    await until(device, 'online');
    expect(device.properties).toMatchObject({ width: 240, height: 120 });
    expect(device.health.restarts).toBeGreaterThan(0);
  });

  it('ends with its writer where no other can follow', async () => {
    for (const options of [`${source(2)} ${kinds.y4m}`, `${source(2)} ${kinds.h264}`]) {
      const ended = await shell(`${ffmpeg(options, '-').join(' ')} | ${read}`);
      expect(ended).toMatchObject({ title: 'standard input', width: 160, height: 120, state: 'ended', restarts: 0 });
      expect(ended).toMatchObject({ frames: expect.any(Number), second: expect.stringMatching(/read by another/) });
      expect(ended.lastError).toBeUndefined();
    }
    const substituted = await shell(`${read} <(${ffmpeg(`${source(2)} ${kinds.mpegts}`, '-').join(' ')}) < /dev/null`);
    expect(substituted).toMatchObject({ state: 'ended', width: 160, restarts: 0 });
  });

  it('says what is wrong', async () => {
    const path = fifo();
    expect(await failure(createDevice(`pipe:${path}`, { stallTimeoutMs: 1 }))).toMatch(
      /nothing comes through the pipe.*is the program that writes to it running/,
    );
    const text = spawn('sh', ['-c', 'yes hello | head -c 3000000 > "$0"', path], { stdio: 'ignore' });
    expect(await failure(createDevice(`pipe:${path}`))).toMatch(/expected MJPEG, YUV4MPEG.*Invalid data/);
    text.kill();
    // What would make ffmpeg open other files.
    const list = join(temporaryFolder(), 'list');
    writeFileSync(list, `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:${path}\n#EXT-X-ENDLIST\n`);
    spawn('sh', ['-c', 'cat "$1" > "$0"', path, list], { stdio: 'ignore' });
    expect(await failure(createDevice(`pipe:${path}`))).toMatch(/expected MJPEG, YUV4MPEG/);
    expect(await failure(createDevice('pipe:/nowhere/camera'))).toMatch(/does not exist; make it: mkfifo/);
    expect(await failure(createDevice(`pipe:${list}`))).toMatch(
      /expected a named pipe, but .* is none; a file is file:/,
    );
    expect(() => createDevice(`file:${path}`)).toThrow(/live video from it is pipe:/);
    const first = createDevice(`pipe:${path}`);
    const opening = first.open().catch(() => {});
    expect(await failure(createDevice(`pipe:${path}`))).toMatch(/read by another camera already/);
    await first.close();
    await opening;
    // It is free again.
    writer(`${source(2)} ${kinds.y4m}`, path);
    await opened(`pipe:${path}`);
  });
});
