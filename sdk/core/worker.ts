import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../base/collect-garbage.ts';
import { InputError, ModelError, messageOf } from '../base/errors.ts';
import type { DetectorCard } from './cards/card.ts';
import { importDecoder } from './decoders/custom.ts';
import { makeDecoder } from './decoders/registry.ts';
import { Encoder } from './encoder.ts';
import type { Engine } from './engines/engine.ts';
import type { CoreThreadData, Reply, Request, RunningEngine } from './messages.ts';
import { type DecoderFactory, NetworkDetector } from './network-detector.ts';

/** The core's thread: the engine blocks while it runs, so it runs here. Answers each request with one reply. */

const port = parentPort;
if (!port) throw new Error('this file is the entry of a worker thread');

const { engine: name, open } = workerData as CoreThreadData;
/** After that, what only loading needed is collected. */
const startedAfterMs = 5000;

// Only the engine in use is loaded, and at once: the model comes later.
const makers: Readonly<Record<RunningEngine, () => Promise<Engine>>> = {
  native: async () => new (await import('./engines/native.ts')).NativeEngine(),
  onnxruntime: async () => new (await import('./engines/onnxruntime.ts')).OnnxRuntimeEngine(),
  opencv: async () => new (await import('./engines/opencv.ts')).OpenCvEngine(),
};
const making = makers[name]();
// The next request gets the error.
making.catch(() => {});
let network: NetworkDetector | Encoder | undefined;

// In sequence: a close must not overtake the inference before it.
let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last
    .then(() => answer(request))
    .catch((error) => {
      const fault = error instanceof ModelError ? 'model' : error instanceof InputError ? 'input' : 'own';
      const failed: Reply = { type: 'failed', message: messageOf(error), fault };
      port.postMessage(failed);
    })
    .finally(() => {
      Atomics.sub(open, 0, 1);
      Atomics.notify(open, 0);
    });
});

/** @param module Of a decoder that is not built in. */
async function decoderOf({ decoder }: DetectorCard, module: string | undefined): Promise<DecoderFactory> {
  if (decoder.type !== 'custom') return (card, outputs) => makeDecoder(decoder, card, outputs);
  return importDecoder(decoder.name, module!);
}

async function answer(request: Request): Promise<void> {
  const engine = await making;
  switch (request.type) {
    case 'load': {
      await engine.load(request.model, { threads: request.threads, weights: request.weights });
      const { inputs, outputs } = engine;
      const loaded: Reply = { type: 'loaded', inputs, outputs };
      port!.postMessage(loaded);
      break;
    }
    case 'fit': {
      const { card, decoder } = request;
      network =
        card.task === 'detect'
          ? new NetworkDetector(engine, card, await decoderOf(card, decoder))
          : new Encoder(engine, card);
      const ready: Reply = { type: 'ready' };
      port!.postMessage(ready);
      setTimeout(collectGarbage, startedAfterMs).unref();
      break;
    }
    case 'detect': {
      if (!(network instanceof NetworkDetector)) throw new Error('no detector’s card was fitted to a model');
      const found = await network.detect(request);
      port!.postMessage(found, [found.xyxy.buffer, found.score.buffer, found.classId.buffer]);
      break;
    }
    case 'encode': {
      if (!(network instanceof Encoder)) throw new Error('no classifier’s card was fitted to a model');
      const encoded = await network.encode(request);
      port!.postMessage(encoded, [encoded.embeddings.buffer, encoded.logits.buffer]);
      break;
    }
    case 'close':
      await engine.close();
      // Nothing is left to listen to: the thread ends.
      port!.close();
  }
}
