import { assertKind } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
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

/** How `Model.detect` looks at a frame, and which of its detections it returns. */
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
  /** Detect only in this part of the frame, in frame pixels. Boxes are in frame pixels too. The same as `regions` of one. */
  region?: Region;
  /**
   * Detect in each of these parts of the frame, in frame pixels, 1 to 256: each is shown to the network as large as its input
   * allows, so what is small in the whole view is found too. They may overlap and contain each other, and one may be the whole
   * frame. What they find is merged (`mergeRegions` of `ocellus/vision`): each object once, whole where one of them has it whole.
   *
   * @example
   * const { width, height } = frame;
   * const gate = { x: 1200, y: 400, width: 416, height: 416 };
   * const found = await model.detect(frame, { regions: [{ x: 0, y: 0, width, height }, gate] });
   */
  regions?: readonly Region[];
  /**
   * A cell may yield a box for each class that passes, as in accuracy measurements. Default: only for its best class.
   */
  multiLabel?: boolean;
}

/** What was found in a frame, and how long it took. */
export interface TimedDetections {
  readonly detections: Detections;
  /** Of each detection: whether an edge of a region that lies inside the frame cuts it, and no region has it whole. */
  readonly cut: readonly boolean[];
  readonly times: DetectTimes;
  /** How many regions the network looked at: 1 for the whole frame. */
  readonly regions: number;
}

/** Maximum number of regions per call. */
const maxRegions = 256;

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
   * @throws RangeError when an option is out of its range or a region does not touch the frame; InputError when both `region`
   *   and `regions` are given; LateError when it waited longer than `maxWaitMs`; Error when the model was closed or too many
   *   frames wait.
   */
  async detect(frame: Frame, options: DetectOptions = {}): Promise<Detections> {
    return (await this.detectTimed(frame, options)).detections;
  }

  /** As `detect()`, with the times of each step and what regions cut. */
  async detectTimed(frame: Frame, options: DetectOptions = {}): Promise<TimedDetections> {
    assertFrame('detect', frame);
    assertKind('detect: options', options, 'object');
    const iou = options.iouThreshold ?? this.card.thresholds.iou;
    const question = {
      type: 'detect',
      scoreThreshold: fraction('scoreThreshold', options.scoreThreshold ?? this.card.thresholds.score),
      iouThreshold: iou === undefined ? undefined : fraction('iouThreshold', iou),
      maxDetections: atLeastOne('maxDetections', options.maxDetections ?? 100),
      multiLabel: options.multiLabel ?? false,
      regions: regionsOf(frame, options),
    } as const;
    const { stream, maxWaitMs } = options;
    const found = await this.#queue.ask(frame, question, 'found', { stream, maxWaitMs });
    const { cut, times } = found;
    const { labels, keypoints: skeleton } = this.card;
    const detections = new Detections({ ...found, labels, skeleton });
    return { detections, cut, times, regions: question.regions?.length ?? 1 };
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

function regionsOf(frame: Frame, { region, regions }: DetectOptions): Region[] | undefined {
  if (regions === undefined) return region && [clipRegion(frame, region)];
  if (region !== undefined) throw new InputError('detect: expected region or regions, got both');
  assertKind('detect: regions', regions, 'list');
  if (!(regions.length >= 1 && regions.length <= maxRegions)) {
    throw new RangeError(`regions: expected 1 to ${maxRegions}, got ${regions.length}`);
  }
  return regions.map((one, i) => {
    assertKind(`detect: regions[${i}]`, one, 'object', 'a region: { x, y, width, height }');
    return clipRegion(frame, one);
  });
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
