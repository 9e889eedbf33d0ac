import { availableParallelism } from 'node:os';
import { assertKind } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import { type EngineName, engineNames } from '../config/schema.ts';
import { type ModelCard, takenBy } from './cards/card.ts';
import { type ModelFile, readModel } from './cards/model-file.ts';
import { CoreThread } from './core-thread.ts';
import { decoderModule } from './decoders/custom.ts';
import { FrameQueue } from './frame-queue.ts';
import type { LoadedReply } from './messages.ts';

export interface LoadOptions {
  /** Threads of one inference. Default: 2, or 1 where there is but one core. */
  threads?: number;
  /** What runs the network. Default `onnxruntime`; `opencv` is OpenCV's dnn module, for float models (docs/opencv.md). */
  engine?: EngineName;
  logger?: Logger;
}

type CardOf<T extends ModelCard['task']> = Extract<ModelCard, { task: T }>;

/**
 * Loads a model of a task into a thread of its own, and fits its card to it.
 *
 * @param cardOf The card of what was read, once the model's inputs and outputs are known.
 * @throws InputError when there is no such model, it is of another task, its card is wrong, or the two do not fit.
 */
export async function loadCore<T extends ModelCard['task']>(
  nameOrPath: string,
  options: LoadOptions,
  task: T,
  cardOf: (file: ModelFile, loaded: LoadedReply) => ModelCard,
): Promise<{ card: CardOf<T>; queue: FrameQueue }> {
  assertKind('options of a model', options, 'object');
  const { threads = Math.min(2, availableParallelism()), engine = 'onnxruntime', logger = silent } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`threads: expected a whole number from 1 to 64, got ${threads}`);
  }
  if (!engineNames.includes(engine)) {
    throw new RangeError(`engine: expected ${engineNames.join(' or ')}, got ${String(engine)}`);
  }
  const started = performance.now();
  if (engine === 'opencv') (await import('../opencv-bindings/load.ts')).prepareOpenCvThread();
  // The thread starts and reads the engine in while the file is read.
  const thread = new CoreThread(engine);
  try {
    const file = await readModel(nameOrPath);
    const loaded = await thread.request({ type: 'load', model: file.bytes, weights: file.weights, threads }, 'loaded');
    const card = cardOf(file, loaded);
    if (!isOf(card, task)) {
      const { task: got } = card;
      throw new InputError(`expected a model of the task ${task}, its card says ${got}: ${takenBy[got]}`);
    }
    await thread.request({ type: 'fit', card, decoder: decoderModule(card) }, 'ready');
    logger.debug(`model ${card.name}: ready after ${Math.round(performance.now() - started)} ms`);
    return { card, queue: new FrameQueue(card.name, thread) };
  } catch (error) {
    await thread.close();
    if (error instanceof InputError) throw new InputError(`model ${nameOrPath}: ${error.message}`, { cause: error });
    throw error;
  }
}

function isOf<T extends ModelCard['task']>(card: ModelCard, task: T): card is CardOf<T> {
  return card.task === task;
}
