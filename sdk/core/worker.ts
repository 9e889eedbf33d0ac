import { parentPort, workerData } from 'node:worker_threads';
import { InputError, messageOf } from '../errors.ts';
import { Detector } from './detector.ts';
import type { Engine } from './engines/engine.ts';
import type { CoreThreadData, Reply, Request } from './messages.ts';

/** The core's thread: the engine blocks while it runs, so it runs here. Answers each request with one reply. */

const port = parentPort;
if (!port) throw new Error('this file is the entry of a worker thread');

const { engine: name } = workerData as CoreThreadData;
// Only the one that is used is read in, and at once: the model comes later.
const making: Promise<Engine> =
  name === 'opencv'
    ? import('../opencv/dnn-engine.ts').then(({ OpenCvEngine }) => new OpenCvEngine())
    : import('./engines/onnxruntime.ts').then(({ OnnxRuntimeEngine }) => new OnnxRuntimeEngine());
// Whoever asks is told.
making.catch(() => {});
let detector: Detector | undefined;

// One after the other: a close must not overtake the inference before it.
let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last
    .then(() => answer(request))
    .catch((error) => {
      const failed: Reply = { type: 'failed', message: messageOf(error), isInput: error instanceof InputError };
      port.postMessage(failed);
    });
});

async function answer(request: Request): Promise<void> {
  const engine = await making;
  switch (request.type) {
    case 'load': {
      await engine.load(request.model, { threads: request.threads });
      const { inputs, outputs } = engine;
      const loaded: Reply = { type: 'loaded', inputs, outputs };
      port!.postMessage(loaded);
      break;
    }
    case 'fit': {
      detector = new Detector(engine, request.card);
      const ready: Reply = { type: 'ready' };
      port!.postMessage(ready);
      break;
    }
    case 'detect': {
      if (!detector) throw new Error('no card was fitted to a model');
      const found = await detector.detect(request);
      port!.postMessage(found, [found.xyxy.buffer, found.score.buffer, found.classId.buffer]);
      break;
    }
    case 'close':
      await engine.close();
      // Nothing is left to listen to: the thread ends.
      port!.close();
  }
}
