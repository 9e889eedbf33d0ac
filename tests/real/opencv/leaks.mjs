// Sends frames through one path and prints the memory of the process (MB) after a fifth of them and after all:
// node --expose-gc leaks.mjs PATH FRAMES [MODEL]. In plain JavaScript, on the compiled files, because it is a process of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dist = new URL('../../../dist/', import.meta.url);
const { Detections, drawBoxes, drawLabels, FramePool, loadModel, openDevice, Pipeline } = await import(
  new URL('sdk/index.js', dist).href
);
const { DeviceBase } = await import(new URL('sdk/devices.js', dist).href);
const { letterboxGeometry } = await import(new URL('sdk/vision.js', dist).href);
const { afterCore, BackgroundChanges, beforeCore, fromMat, loadOpenCv, MatDrawing, OpenCvPreprocessor, toMat } =
  await import(new URL('sdk/opencv/index.js', dist).href);

const [, , path, count, model] = process.argv;
const frames = Number(count);
const cv = loadOpenCv();
const width = 320;
const height = 240;
const pools = Object.fromEntries(
  ['I420', 'BGR24', 'RGB24', 'GRAY8'].map((format) => [format, new FramePool({ format, width, height, capacity: 64 })]),
);

/** The n-th frame: of a grey that changes. */
function frameOf(format, n, grey = n % 256) {
  const bytes = pools[format].take();
  bytes.fill(grey);
  return pools[format].frame(bytes, { sequence: n, captureTimeNs: n * 1e8, wallTimeMs: n * 100 });
}

function settled() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  return Math.round(process.memoryUsage().rss / 1e5) / 10;
}

let early = 0;
function note(n) {
  // Some collections on the way, or garbage alone makes the heap grow.
  if (n % 500 === 0) globalThis.gc();
  if (n === frames / 5) early = settled();
}

/** For paths that are a function of a frame. */
async function each(work) {
  for (let n = 1; n <= frames; n++) {
    await work(n);
    note(n);
  }
}

const targets = { width: 416, height: 416, resize: 'letterbox', align: 'center' };
const input = {
  ...targets,
  layout: 'NCHW',
  type: 'float32',
  channels: 'RGB',
  mean: [0, 0, 0],
  std: [1, 1, 1],
  pad: 114,
};

const paths = {
  'toMat, nothing copied': () =>
    each((n) => {
      const frame = frameOf('BGR24', n);
      toMat(frame).release();
      frame.release();
    }),
  'toMat, converted': () =>
    each((n) => {
      const frame = frameOf('I420', n);
      const mat = toMat(frame);
      const view = mat.getRegion(new cv.Rect(2, 2, 20, 20));
      frame.release();
      mat.release();
      view.release();
    }),
  'toMat, forgotten': () =>
    each(async (n) => {
      const frame = frameOf('BGR24', n);
      toMat(frame);
      frame.release();
      // Nobody released it; the collector gives the frame back.
      if (pools.BGR24.inUse < 60) return;
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve));
    }),
  fromMat: () =>
    each((n) => {
      const mat = new cv.Mat(height, width, cv.CV_8UC3);
      mat.setTo(new cv.Vec3(n % 256, 0, 0)).release();
      fromMat(mat).release();
      mat.release();
    }),
  asynchronous: () =>
    each(async (n) => {
      const frame = frameOf('RGB24', n);
      const mat = toMat(frame);
      frame.release();
      const working = mat.resizeAsync(24, 32);
      mat.release();
      (await working).release();
    }),
  stages: async () => {
    const blur = beforeCore((mat) => mat.blur(new cv.Size(3, 3)));
    const draw = afterCore((mat) => {
      const drawing = new MatDrawing(mat);
      const found = new Detections({
        xyxy: Float32Array.of(10, 60, 60, 120),
        score: Float32Array.of(0.5),
        classId: Int32Array.of(0),
        labels: ['cat'],
      });
      drawBoxes(drawing, found);
      drawLabels(drawing, found);
    });
    await each(async (n) => {
      const frame = frameOf('I420', n);
      const blurred = await blur.process(frame);
      const drawn = await draw.process({ frame: blurred, tracks: [], inferred: true, moving: true });
      for (const one of [frame, blurred, drawn.frame]) one.release();
    });
  },
  'background MOG2': () => background('MOG2'),
  'background KNN': () => background('KNN'),
  preprocessing: () => {
    const preprocessor = new OpenCvPreprocessor(input);
    const out = new Float32Array(3 * 416 * 416);
    return each((n) => {
      const frame = frameOf('I420', n);
      preprocessor.run(frame, letterboxGeometry(frame, input), out);
      frame.release();
    });
  },
  capture: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-leaks-'));
    const clip = join(folder, 'a.avi');
    const args = ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=25', '-frames:v', '500', '-c:v', 'mjpeg', clip];
    execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', ...args]);
    const device = await openDevice(`opencv:${clip}`, { speed: 'max', loop: true });
    let n = 0;
    for await (const frame of device.frames()) {
      frame.release();
      note(++n);
      if (n === frames) break;
    }
    await device.close();
    rmSync(folder, { recursive: true });
  },
  'the dnn engine': async () => {
    const loaded = await loadModel(model, { engine: 'opencv', threads: 1 });
    await each(async (n) => {
      const frame = frameOf('I420', n);
      await loaded.detect(frame);
      frame.release();
    });
    await loaded.close();
  },
  'loading models': () =>
    each(async () => {
      const loaded = await loadModel(model, { engine: 'opencv', threads: 1 });
      await loaded.close();
    }),
  pipeline: async () => {
    const camera = new Camera('camera:');
    const pipeline = new Pipeline({
      source: camera,
      before: [beforeCore((mat) => mat.flip(1))],
      after: [afterCore((mat) => new MatDrawing(mat).rectangle([5, 5, 50, 50], [255, 0, 0], 2))],
      changes: new BackgroundChanges('MOG2'),
      motion: { keepalive: 3600, sensitivity: 0 },
    });
    let n = 0;
    const done = new Promise((resolve) => {
      pipeline.on('frame', () => {
        note(++n);
        if (n === frames) resolve();
        else camera.next();
      });
    });
    await pipeline.start();
    camera.next();
    await done;
    await pipeline.stop();
  },
};

/** Gives a small frame whenever it is asked for one: to draw the built-in scene, which is larger, takes longer than all else. */
class Camera extends DeviceBase {
  async start() {
    const colour = { matrix: 'bt601', range: 'full' };
    return { kind: 'grey', title: 'Grey', format: 'I420', width, height, fps: 10, colour, live: true };
  }

  async stop() {}

  next() {
    const n = ++this.counters.frames;
    // The noise of a sensor: nothing for the network.
    this.outlet.offer(frameOf('I420', n, 100 + (n % 4)));
  }
}

function background(method) {
  const changes = new BackgroundChanges(method);
  const cells = { width, height, columns: 40, rows: 30, mask: new Uint8Array(1200).fill(1) };
  changes.begin(cells, 0.5);
  return each((n) => {
    const frame = frameOf('I420', n);
    changes.find(frame, 1e8);
    // A flickering light.
    if (n % 50 === 0) changes.accept();
    if (n % 1000 === 0) changes.begin(cells, 0.5);
    frame.release();
  });
}

if (!paths[path]) throw new Error(`expected one of ${Object.keys(paths).join(', ')}, got ${path}`);
await paths[path]();
console.log(JSON.stringify({ early, late: settled() }));
process.exit(0);
