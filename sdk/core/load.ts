import { availableParallelism } from 'node:os';
import { assertKind } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import { type EngineName, engineNames } from '../config/schema.ts';
import { type ModelCard, takenBy } from './cards/card.ts';
import { findModel, type ModelFile, readForm } from './cards/model-file.ts';
import { chooseEngine } from './choose-engine.ts';
import { CoreThread } from './core-thread.ts';
import { decoderModule } from './decoders/custom.ts';
import { pictureInput } from './engines/binding.ts';
import type { TensorInfo } from './engines/engine.ts';
import { FrameQueue } from './frame-queue.ts';
import type { LoadedReply, LoadRequest, RunningEngine } from './messages.ts';
import { plainFault } from './onnx/load-faults.ts';

/** How a model is run. */
export interface LoadOptions {
  /** Threads of one inference. Default: 2, or 1 on a single core. */
  threads?: number;
  /**
   * The engine. Default `auto`: `native` if the model has a compiled program (docs/core.md) and the addon has kernels
   * for this processor, else `onnxruntime`. `opencv` is OpenCV's dnn module, for float models (docs/opencv.md).
   */
  engine?: EngineName;
  logger?: Logger;
}

type CardOf<T extends ModelCard['task']> = Extract<ModelCard, { task: T }>;

/**
 * Loads a model of a task in its own thread, and checks its card against it.
 *
 * @param cardOf Returns the card, once the model's inputs and outputs are known.
 * @throws InputError when there is no such model, it is of another task, its card is wrong, or the two do not fit.
 */
export async function loadCore<T extends ModelCard['task']>(
  nameOrPath: string,
  options: LoadOptions,
  task: T,
  cardOf: (file: ModelFile, loaded: LoadedReply) => ModelCard,
): Promise<{ card: CardOf<T>; engine: RunningEngine; queue: FrameQueue }> {
  assertKind('options of a model', options, 'object');
  const { threads = Math.min(2, availableParallelism()), engine: asked = 'auto', logger = silent } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`threads: expected a whole number from 1 to 64, got ${threads}`);
  }
  if (!engineNames.includes(asked)) {
    throw new RangeError(`engine: expected ${engineNames.join(' or ')}, got ${String(asked)}`);
  }
  const started = performance.now();
  const found = await findModel(nameOrPath);
  const engine = await chooseEngine(asked, found).catch((error) => {
    throw named(nameOrPath, error);
  });
  if (engine === 'opencv') (await import('../opencv-bindings/load.ts')).prepareOpenCvThread();
  // The thread starts and loads the engine while the file is read.
  const thread = new CoreThread(engine);
  try {
    const file = await readForm(found, engine === 'native' ? 'program' : 'network');
    const loaded = await sendModel(thread, file, threads);
    const card = cardOf(file, loaded);
    if (!isOf(card, task)) {
      const { task: got } = card;
      throw new InputError(`expected a model of the task ${task}, its card says ${got}: ${takenBy[got]}`);
    }
    await fitCard(thread, card, file, loaded);
    logger.debug(`model ${card.name}: ready after ${Math.round(performance.now() - started)} ms, by ${engine}`);
    return { card, engine, queue: new FrameQueue(card.name, thread) };
  } catch (error) {
    await thread.close();
    throw named(nameOrPath, error);
  }
}

/** Loads a model's bytes in a core's thread. @throws InputError when the engine cannot run them. */
export async function sendModel(thread: CoreThread, file: ModelFile, threads: number): Promise<LoadedReply> {
  const { bytes, weights, form } = file;
  // Of a network, its card is checked against the bytes, too.
  const isHandedOver = form === 'program' && bytes.byteLength === bytes.buffer.byteLength;
  const request: LoadRequest = { type: 'load', model: bytes, weights, threads };
  try {
    return await thread.request(request, 'loaded', isHandedOver ? [bytes.buffer] : []);
  } catch (error) {
    throw plainFault(error);
  }
}

/** Checks a card against the model that was loaded. @throws InputError when the two do not fit. */
export async function fitCard(
  thread: CoreThread,
  card: ModelCard,
  { form }: Pick<ModelFile, 'form'>,
  { inputs }: LoadedReply,
): Promise<void> {
  const fitted = form === 'program' ? ofProgram(card, inputs) : card;
  await thread.request(
    { type: 'fit', card: fitted, decoder: card.task === 'detect' ? decoderModule(card.decoder) : undefined },
    'ready',
  );
}

function named(model: string, error: unknown): unknown {
  return error instanceof InputError ? new InputError(`model ${model}: ${error.message}`, { cause: error }) : error;
}

/** A program takes raw pixels: the card's mean and deviation are folded into its weights. */
function ofProgram<T extends ModelCard>(card: T, inputs: readonly TensorInfo[]): T {
  const shape = pictureInput(inputs)?.shape ?? [];
  const layout = shape[3] === 3 || shape[1] !== 3 ? 'NHWC' : 'NCHW';
  return { ...card, input: { ...card.input, layout, type: 'uint8', mean: [0, 0, 0], std: [1, 1, 1] } };
}

function isOf<T extends ModelCard['task']>(card: ModelCard, task: T): card is CardOf<T> {
  return card.task === task;
}
