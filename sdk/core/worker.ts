import { parentPort, workerData } from 'node:worker_threads';
import { InputError, messageOf } from '../errors.ts';
import { Detector } from './detector.ts';
import { OnnxRuntimeEngine } from './engines/onnxruntime.ts';
import type { Reply, Request } from './messages.ts';

/** The core's thread: the engine blocks while it runs, so it runs here. Answers each request with one reply. */

const port = parentPort;
if (!port) throw new Error('this file is the entry of a worker thread');

/** Requests that are not answered yet: the end of the process waits for them. */
const open: Int32Array = workerData;
const engine = new OnnxRuntimeEngine();
let detector: Detector | undefined;

// One after the other: a close must not overtake the inference before it.
let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last
    .then(() => answer(request))
    .catch((error) => {
      const failed: Reply = { type: 'failed', message: messageOf(error), isInput: error instanceof InputError };
      port.postMessage(failed);
    })
    .finally(() => {
      Atomics.sub(open, 0, 1);
      Atomics.notify(open, 0);
    });
});

async function answer(request: Request): Promise<void> {
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
