// Runs in a guest that has libcamera with its virtual pipeline, under `node --expose-gc`: what opens, starts and closes a
// camera goes on in another thread, while JavaScript forgets the camera, or ends. Prints one line of JSON.
import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { LibcameraAddon, NativeWanted } from '../../../../devices/libcamera/addon.ts';
import { loadLibcamera } from '../../../../devices/libcamera/addon.ts';

const addon = loadLibcamera().addon!;
const rounds = 3;

const wanted = async ({ find }: LibcameraAddon): Promise<NativeWanted> => ({
  id: (await find())[0]!.id,
  width: 640,
  height: 360,
  still: false,
  modeWidth: 0,
  modeHeight: 0,
  modeBits: 0,
  buffers: 4,
  heaps: [],
  controls: [],
});

async function open() {
  const camera = await addon.open(await wanted(addon), () => undefined);
  if (typeof camera === 'string') throw new Error(camera);
  return camera;
}

/** Nobody has the camera any more when this returns, only what closes it. */
async function beginToClose(): Promise<{ closing: Promise<void> }> {
  const camera = await open();
  await camera.start();
  return { closing: camera.close() };
}

/** As far as it is told; then the thread that it runs in is ended. */
async function inWorker(step: 'open' | 'start' | 'close'): Promise<void> {
  const port = parentPort!;
  if (step === 'open') {
    const options = await wanted(addon);
    void addon.open(options, () => undefined);
    port.postMessage('');
    return;
  }
  const camera = await open();
  const started = camera.start();
  if (step === 'close') {
    await started;
    void camera.close();
  }
  port.postMessage('');
}

async function ended(step: string): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: step });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return worker.terminate();
}

if (isMainThread) {
  let collected = 0;
  for (let round = 0; round < rounds; round++) {
    const { closing } = await beginToClose();
    for (let count = 0; count < 3; count++) {
      globalThis.gc!();
      await turn();
    }
    await closing;
    collected++;
  }
  const ends: Record<string, number> = {};
  for (const step of ['open', 'start', 'close']) {
    ends[step] = 0;
    for (let round = 0; round < rounds; round++) {
      await ended(step);
      ends[step]++;
    }
  }
  // It is free again.
  const camera = await open();
  await camera.close();
  console.log(JSON.stringify({ collected, ends }));
} else {
  await inWorker(workerData);
}
