import { availableParallelism } from 'node:os';
import { InputError } from '../errors.ts';
import type { Frame } from '../frame/frame.ts';
import { type Logger, silent } from '../log.ts';
import { Detections } from '../vision/detections.ts';
import type { ModelCard } from './card.ts';
import { CoreThread } from './core-thread.ts';
import type { EngineName } from './engines/engine.ts';
import { clipRegion, type Region } from './letterbox.ts';
import type { DetectTimes, FoundReply } from './messages.ts';
import { defaultModel, readModel } from './model-file.ts';
import { SharedStaging } from './staging.ts';
import { ultralyticsCard } from './ultralytics.ts';

export type { DetectTimes } from './messages.ts';
export { defaultModel, listModels } from './model-file.ts';

export interface LoadOptions {
  /** Threads of one inference. Default: 2, or 1 where there is but one core. */
  threads?: number;
  /** What runs the network. Default `onnxruntime`; `opencv` is OpenCV's dnn module, for float models (docs/opencv.md). */
  engine?: EngineName;
  logger?: Logger;
}

export interface DetectOptions {
  /** Least score, 0..1. Default: the card's. */
  scoreThreshold?: number;
  /** Of two boxes of one class that overlap by more than this, the lower goes. 0..1. Default: the card's. */
  iouThreshold?: number;
  /** The best so many. Default 100. */
  maxDetections?: number;
  /** Look only at this part of the frame, in frame pixels. Boxes are in frame pixels all the same. */
  region?: Region;
  /** A cell may give a box for each class that passes, as accuracy is measured. Default: its best class only. */
  multiLabel?: boolean;
}

/** As many frames may wait; more cameras than this do not share one core. */
const maxWaiting = 64;

interface Job {
  readonly frame: Frame;
  readonly options: Required<Omit<DetectOptions, 'region'>> & Pick<DetectOptions, 'region'>;
  readonly resolve: (detections: Detections) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Loads a detector into a thread of its own.
 *
 * @param nameOrPath A name of `listModels()`, the path of an ONNX file, or the path of a card. Default: the default
 *   detector.
 * @throws InputError when there is no such model, its card is wrong, or the two do not fit each other.
 *
 * @example
 * const model = await loadModel();
 * const frame = await readPicture('cat.jpg');
 * for (const { label, score, box } of await model.detect(frame)) console.log(label, score, box);
 * await model.close();
 */
export async function loadModel(nameOrPath: string = defaultModel, options: LoadOptions = {}): Promise<Model> {
  const { threads = Math.min(2, availableParallelism()), engine = 'onnxruntime', logger = silent } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`threads: expected a whole number from 1 to 64, got ${threads}`);
  }
  if (engine !== 'onnxruntime' && engine !== 'opencv') {
    throw new RangeError(`engine: expected onnxruntime or opencv, got ${String(engine)}`);
  }
  const started = performance.now();
  if (engine === 'opencv') (await import('../opencv/load.ts')).prepareOpenCvThread();
  // The thread starts and reads the engine in while the file is read.
  const thread = new CoreThread(engine);
  try {
    const { bytes, description } = await readModel(nameOrPath);
    const { inputs, outputs } = await thread.request({ type: 'load', model: bytes, threads }, 'loaded');
    const card = 'ultralytics' in description ? ultralyticsCard(description, inputs, outputs) : description;
    await thread.request({ type: 'fit', card }, 'ready');
    logger.debug(`model ${card.name}: ready after ${Math.round(performance.now() - started)} ms`);
    return new Model(card, thread);
  } catch (error) {
    await thread.close();
    if (error instanceof InputError) throw new InputError(`model ${nameOrPath}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A detector that is loaded. Frames of several cameras take turns, first come, first served. */
export class Model {
  readonly card: ModelCard;
  readonly #thread: CoreThread;
  readonly #waiting: Job[] = [];
  readonly #staging = new SharedStaging();
  #current: Job | undefined;
  #lastTimes: DetectTimes = { preprocessMs: 0, inferMs: 0, decodeMs: 0 };
  #closing: Promise<void> | undefined;

  /** Made by `loadModel()`. */
  constructor(card: ModelCard, thread: CoreThread) {
    this.card = card;
    this.#thread = thread;
  }

  /** A frame is being looked at: another one would wait. */
  get busy(): boolean {
    return this.#current !== undefined;
  }

  /** Where the time of the last frame went; all 0 before the first. */
  get lastTimes(): DetectTimes {
    return this.#lastTimes;
  }

  /**
   * Finds objects. The frame is acquired until it was looked at, so the caller may release it at once. Pixels that
   * lie in shared memory (a `FramePool`'s) are read where they are; others are copied once.
   *
   * @returns Boxes in frame pixels, clipped to the frame, best first.
   * @throws RangeError when an option is out of its range or the region does not touch the frame; Error when the model was closed or too many frames wait.
   */
  async detect(frame: Frame, options: DetectOptions = {}): Promise<Detections> {
    if (this.#closing) throw new Error(`the model ${this.card.name} was closed`);
    const complete = {
      scoreThreshold: share('scoreThreshold', options.scoreThreshold ?? this.card.thresholds.score),
      iouThreshold: share('iouThreshold', options.iouThreshold ?? this.card.thresholds.iou),
      maxDetections: atLeastOne('maxDetections', options.maxDetections ?? 100),
      multiLabel: options.multiLabel ?? false,
      region: options.region && clipRegion(frame, options.region),
    };
    if (this.#waiting.length >= maxWaiting) {
      throw new Error(`${maxWaiting} frames wait for the model ${this.card.name}: it cannot keep up`);
    }
    frame.acquire();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame, options: complete, resolve, reject });
      if (!this.#current) void this.#next();
    });
  }

  /** Ends the thread. The frame that is being looked at is finished; those that wait are rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #next(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      this.#current = job;
      const { frame, options } = job;
      try {
        const planes = this.#staging.share(frame.planes);
        const { format, width, height, colour } = frame;
        const found = await this.#thread.request(
          { type: 'detect', frame: { format, width, height, colour, planes }, region: undefined, ...options },
          'found',
        );
        this.#lastTimes = found.times;
        job.resolve(this.#detections(found));
      } catch (error) {
        job.reject(error as Error);
      } finally {
        frame.release();
      }
    }
    this.#current = undefined;
  }

  #detections({ xyxy, score, classId }: FoundReply): Detections {
    return new Detections({ xyxy, score, classId, labels: this.card.labels });
  }

  async #close(): Promise<void> {
    for (const { frame, reject } of this.#waiting.splice(0)) {
      frame.release();
      reject(new Error(`the model ${this.card.name} was closed`));
    }
    await this.#thread.close();
  }
}

function share(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name}: expected 0..1, got ${value}`);
  return value;
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected a whole number of at least 1, got ${value}`);
  }
  return value;
}
