// Runs in a guest that has libcamera with its virtual pipeline, and the native source: opens cameras, looks at them,
// holds frames, takes stills, and prints what it saw as one line of JSON.
import { readFileSync } from 'node:fs';
import { describeLibcamera, findCameras, openDevice } from '../../../../devices/index.ts';
import type { Frame } from '../../../../sdk/frame/frame.ts';

/** Memory of cameras that this process still has, in mappings. */
const mappings = () => readFileSync('/proc/self/maps', 'utf8').match(/dmabuf|udmabuf/g)?.length ?? 0;
/** Bytes that this process has read from files and pipes. */
const bytesRead = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
const sumOf = (frame: Frame) => frame.planes.map(({ data }) => data.reduce((sum, value) => (sum * 31 + value) | 0, 0));

const source = describeLibcamera();
const cameras = await findCameras();

// Two streams: a small one to look at, a large one for stills.
const said: string[] = [];
const say = (text: string) => void said.push(text);
const logger = { debug: say, info: say, warn: say, error: say };
const device = await openDevice('libcamera:1', { width: 640, height: 360, libcamera: { still: true }, logger });
const { properties } = device;
const frames = device.frames();
const take = async (): Promise<Frame> => (await frames.next()).value;

const first = await take();
const planes = first.planes.map(({ data, stride }) => ({ bytes: data.length, stride }));
const isShared = first.planes.some(({ data }) => data.buffer instanceof SharedArrayBuffer);
const row = first.planes[0]!.data;
const bars = Array.from({ length: 8 }, (_, bar) => row[100 * first.planes[0]!.stride + bar * 80 + 40]!);
const ageMs = (Number(process.hrtime.bigint()) - first.captureTimeNs) / 1e6;

// What is held must stay as it is while others come.
const before = sumOf(first);
const readBefore = bytesRead();
const sums = new Set<string>();
let last = first.sequence;
let isOrdered = true;
for (let count = 0; count < 12; count++) {
  const frame = await take();
  isOrdered &&= frame.sequence > last;
  last = frame.sequence;
  sums.add(String(sumOf(frame)));
  frame.release();
}
const readPerFrame = (bytesRead() - readBefore) / 12;
const isHeldUnchanged = String(sumOf(first)) === String(before);
first.release();

const pictures = [];
for (let count = 0; count < 2; count++) {
  const still = await device.still!();
  pictures.push({
    width: still.width,
    height: still.height,
    format: still.format,
    luma: still.planes[0]!.data[540 * 1920 + 120],
  });
  still.release();
}
const controls = (await device.controls()).map(({ name }) => name);
const wrongControl = await device.setControls({ exposure_time: 100 }).catch((error: Error) => error.message);

// One that outlives its camera.
const kept = await take();
const keptBefore = sumOf(kept);
await device.close();
const mappingsHeld = mappings();
const isKeptUnchanged = String(sumOf(kept)) === String(keptBefore);
kept.release();
const mappingsAfter = mappings();

// Both cameras at once.
const two = await Promise.all(
  ['libcamera:0', 'libcamera:1'].map((uri) => openDevice(uri, { width: 320, height: 240 })),
);
const both = [];
for (const one of two) {
  const { value: frame } = await one.frames().next();
  both.push({ title: one.properties.title, width: frame.width, height: frame.height });
  frame.release();
}
const busy = await openDevice('libcamera:1').catch((error: Error) => error.message);
await Promise.all(two.map((one) => one.close()));

// Again and again, in one process: memory comes back, and nothing is left running.
for (let count = 0; count < 20; count++) {
  const again = await openDevice('libcamera:0');
  const { value: frame } = await again.frames().next();
  frame.release();
  await again.close();
}
const mappingsAtEnd = mappings();
const wasLeftOpen = await openDevice('libcamera:0');
const noCamera = await openDevice('libcamera:7').catch((error: Error) => error.message);

console.log(
  JSON.stringify({
    source,
    said,
    cameras,
    properties,
    planes,
    isShared,
    bars,
    ageMs,
    isOrdered,
    different: sums.size,
    readPerFrame,
    isHeldUnchanged,
    pictures,
    controls,
    wrongControl,
    mappingsHeld,
    isKeptUnchanged,
    mappingsAfter,
    both,
    busy,
    mappingsAtEnd,
    noCamera,
    health: device.health,
  }),
);
// A program may end while its camera runs.
for await (const frame of wasLeftOpen.frames()) {
  frame.release();
  process.exit(0);
}
