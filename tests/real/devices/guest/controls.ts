// Runs in the camera lab's guest: asks a real Video4Linux driver for its formats and controls, opens it in some ways, turns
// its controls while frames come, unplugs it, and prints what it saw as one line of JSON.
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import type { ControlValues, DeviceOptions } from '../../../../devices/device/device.ts';
import { openDevice } from '../../../../devices/index.ts';
import { listFormats } from '../../../../devices/v4l2/formats.ts';
import type { Frame } from '../../../../sdk/frame/frame.ts';

const path = '/dev/video0';
/** Colour bars without the text that changes with each frame. */
const bars = { osd_text_mode: 'None', test_pattern: '75% Colorbar' };

/** What it says to the log, so that a complaint is seen. */
function logger() {
  const said: string[] = [];
  const note = (text: string) => said.push(text);
  return { said, log: { debug: note, info() {}, warn: note, error: note } };
}

/** Means of luma, of each of eight columns of it, of its upper and lower half, and how far it and the colours spread. */
function look(frame: Frame) {
  const { width, height, planes } = frame;
  const luma = (x0: number, x1: number, y0: number, y1: number) => {
    let sum = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += planes[0]!.data[y * planes[0]!.stride + x]!;
    return sum / ((x1 - x0) * (y1 - y0));
  };
  const columns = Array.from({ length: 8 }, (_, i) => luma((i * width) / 8, ((i + 1) * width) / 8, 0, height));
  const chroma = planes
    .slice(1)
    .flatMap(({ data, stride }) =>
      Array.from({ length: height / 2 }, (_, y) => data.subarray(y * stride, y * stride + width / 2)).flatMap((row) => [
        ...row,
      ]),
    );
  return {
    luma: luma(0, width, 0, height),
    upper: luma(0, width, 0, height / 2),
    lower: luma(0, width, height / 2, height),
    columns,
    spread: Math.max(...columns) - Math.min(...columns),
    colour: Math.max(...chroma.map((value) => Math.abs(value - 128))),
    // Of the yellow bar.
    blue: planes[1]!.data[(height / 4) * planes[1]!.stride + width / 8 + width / 16 - width / 32]!,
  };
}

async function opened(options: DeviceOptions, file = path) {
  const { said, log } = logger();
  const device = await openDevice(`v4l2:${file}`, { ...options, logger: log });
  const { title, width, height } = device.properties;
  await device.close();
  return { title, width, height, took: said.find((text) => text.includes('takes'))?.split(': ')[1] };
}
/** As udev makes them, to tell cameras apart. */
const link = '/dev/camera-by-id';
symlinkSync(path, link);
const modes = [
  await opened({ width: 640, height: 480, fps: 10 }),
  await opened({ fps: 10 }),
  await opened({ width: 700, height: 500, fps: 7 }, link),
];

const { said, log } = logger();
const device = await openDevice(`v4l2:${path}`, {
  width: 320,
  height: 180,
  fps: 15,
  stallTimeoutMs: 20_000,
  controls: bars,
  logger: log,
});
const states: string[] = [];
device.on('health', ({ state }) => states.push(state));
const frames = device.frames();

type Seen = ReturnType<typeof look>;

/** The driver and ffmpeg have so many frames under way at most, from before a change. */
const mostUnderWay = 100;

/** The first picture that shows a change; if none does, the last of those that may have been under way. */
async function picture(shows: (seen: Seen) => boolean): Promise<Seen> {
  for (let count = 0; ; count++) {
    const { value: frame } = await frames.next();
    const seen = look(frame);
    frame.release();
    if (shows(seen) || count === mostUnderWay) return seen;
  }
}
const values = async () => Object.fromEntries((await device.controls()).map(({ name, value }) => [name, value]));
const isDarker = ({ columns }: Seen) => columns.every((luma, i) => i === 0 || luma <= columns[i - 1]!);
const isSame = (a: Seen, b: Seen) => JSON.stringify(a) === JSON.stringify(b);
const plain = await picture((now) => isDarker(now) && now.colour > 60);
const seen: Record<string, Seen> = { plain };
const read: Record<string, Record<string, number>> = { plain: await values() };
/** Each with what its picture has that the one before has not. */
const steps: Record<string, [ControlValues, (now: Seen) => boolean]> = {
  brightness: [{ brightness: 200 }, (now) => now.luma > plain.luma + 50],
  contrast: [{ contrast: 40 }, (now) => now.spread < plain.spread / 2],
  saturation: [{ saturation: 0 }, (now) => now.colour === 0],
  hue: [{ hue: 90 }, (now) => now.colour > 60 && Math.abs(now.blue - plain.blue) > 50],
  horizontalFlip: [{ horizontal_flip: true }, (now) => now.columns[0]! < now.columns[7]! && now.colour > 60],
  menu: [{ test_pattern: '100% Black' }, (now) => now.spread === 0],
  lying: [{ test_pattern: 3 }, (now) => now.upper > now.lower + 50],
  verticalFlip: [{ test_pattern: 3, vertical_flip: true }, (now) => now.lower > now.upper + 50],
  gain: [{ gain: 50 }, (now) => now.luma === plain.luma],
  none: [{}, (now) => isSame(now, plain)],
};
for (const [name, [step, shows]] of Object.entries(steps)) {
  await device.setControls({ ...bars, ...step });
  seen[name] = await picture(shows);
  read[name] = await values();
}
const refused: string[] = [];
const wrongs: ControlValues[] = [{ brightness: 300 }, { nonsense: 1 }, { brightness: 90, test_pattern: 'Stripes' }];
for (const wrong of wrongs) {
  refused.push(
    await device.setControls(wrong).then(
      () => 'taken',
      (error: Error) => error.message,
    ),
  );
}
read.refused = await values();
const cannotOpen = await openDevice(`v4l2:${path}`, { controls: { contrast: -1 } }).then(
  () => 'opened',
  (error: Error) => error.message,
);

// A camera that is plugged in again has forgotten all.
await device.setControls({ ...bars, brightness: 200 });
device.on('health', ({ state }) => {
  if (state !== 'offline') return;
  execFileSync('modprobe', ['-r', 'vivid']);
  execFileSync('modprobe', ['vivid', 'n_devs=1', 'node_types=0x1', 'num_inputs=1', 'input_types=0x0']);
});
execFileSync('v4l2-ctl', ['--device', path, '--set-ctrl', 'disconnect=1']);
while (device.health.restarts === 0) (await frames.next()).value.release();
seen.replugged = await picture((now) => isSame(now, seen.brightness!));
read.replugged = await values();
const { health } = device;
await device.close();

const formats = (await listFormats(path)).map(({ fourcc, sizes }) => ({ fourcc, sizes: sizes.length }));
console.log(JSON.stringify({ formats, modes, seen, read, refused, cannotOpen, states, health, said }));
