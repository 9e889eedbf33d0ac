import { assertKind } from '../base/arguments.ts';
import { defaultModel, type EngineName } from '../config/schema.ts';
import { assertFrame, type Frame } from '../frame/frame.ts';
import { clipRegion, type Region } from '../frame/letterbox.ts';
import { Detections } from '../vision/detections.ts';
import type { DetectorCard } from './cards/card.ts';
import { assertFineScores } from './cards/output-tail.ts';
import { ultralyticsCard } from './cards/ultralytics-card.ts';
import type { FrameQueue, TurnOptions } from './frame-queue.ts';
import { type LoadOptions, loadCore } from './load.ts';
import type { DetectTimes } from './messages.ts';

export { listModels } from './cards/model-file.ts';
export type { DetectTimes } from './messages.ts';

export interface DetectOptions extends TurnOptions {
  /** Minimum score, 0..1. Default: the card's. */
  scoreThreshold?: number;
  /**
   * IoU, 0..1, above which the lower-scored of two boxes of one class is removed. Default: the card's; else 0.6, or 1
   * if the model has its own suppression.
   */
  iouThreshold?: number;
  /** At most this many, best first. Default 100. */
  maxDetections?: number;
  /** Detect only in this part of the frame, in frame pixels. Boxes are in frame pixels too. */
  region?: Region;
  /**
   * A cell may yield a box for each class that passes, as in accuracy measurements. Default: only for its best class.
   */
  multiLabel?: boolean;
}

/**
 * Loads a detector in its own thread.
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
  const { card, engine, queue } = await loadCore(nameOrPath, options, 'detect', (file, loaded) => {
    const { description } = file;
    const card = 'ultralytics' in description ? ultralyticsCard(description, loaded) : description;
    if (card.task === 'detect' && file.form === 'network') assertFineScores(file.bytes, card);
    return card;
  });
  return new Model(card, queue, engine);
}

/** A loaded detector. Several cameras take turns, in proportion to their `stream.weight`. */
export class Model {
  readonly card: DetectorCard;
  /** The engine: `native`, `onnxruntime` or `opencv`. */
  readonly engine: Exclude<EngineName, 'auto'>;
  readonly #queue: FrameQueue;

  /** Made by `loadModel()`. @internal */
  constructor(card: DetectorCard, queue: FrameQueue, engine: Exclude<EngineName, 'auto'>) {
    this.card = card;
    this.engine = engine;
    this.#queue = queue;
  }

  /** A frame is being processed: another one would wait. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /**
   * Finds objects in a frame. The frame is acquired while it is needed, so the caller may release it at once. Pixels in
   * shared memory (of a `FramePool`) are read in place; others are copied once.
   *
   * @returns Boxes in frame pixels, clipped to the frame, best first.
   * @throws RangeError when an option is out of its range or the region does not touch the frame; LateError when it waited
   *   longer than `maxWaitMs`; Error when the model was closed or too many frames wait.
   */
  async detect(frame: Frame, options: DetectOptions = {}): Promise<Detections> {
    return (await this.detectTimed(frame, options)).detections;
  }

  /** As `detect()`, with the times of each step. */
  async detectTimed(
    frame: Frame,
    options: DetectOptions = {},
  ): Promise<{ detections: Detections; times: DetectTimes }> {
    assertFrame('detect', frame);
    assertKind('detect: options', options, 'object');
    const iou = options.iouThreshold ?? this.card.thresholds.iou;
    const question = {
      type: 'detect',
      scoreThreshold: fraction('scoreThreshold', options.scoreThreshold ?? this.card.thresholds.score),
      iouThreshold: iou === undefined ? undefined : fraction('iouThreshold', iou),
      maxDetections: atLeastOne('maxDetections', options.maxDetections ?? 100),
      multiLabel: options.multiLabel ?? false,
      region: options.region && clipRegion(frame, options.region),
    } as const;
    const { stream, maxWaitMs } = options;
    const { xyxy, score, classId, times } = await this.#queue.ask(frame, question, 'found', { stream, maxWaitMs });
    return { detections: new Detections({ xyxy, score, classId, labels: this.card.labels }), times };
  }

  /** Ends the thread. The frame in progress is finished; waiting ones are rejected. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** `close()`, for `await using model = await loadModel()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function fraction(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name}: expected 0..1, got ${value}`);
  return value;
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected a whole number of at least 1, got ${value}`);
  }
  return value;
}
