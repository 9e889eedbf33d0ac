import { assertShape, shown } from '../base/arguments.ts';
import { InputError, ModelError, messageOf } from '../base/errors.ts';
import { LabelPattern } from '../config/text.ts';
import type { Detector, DetectorInfo, Found, FoundObject } from '../core/detector.ts';
import { LateError } from '../core/frame-queue.ts';
import type { DetectOptions, DetectTimes, Model } from '../core/model.ts';
import type { Frame } from '../frame/frame.ts';
import { clipRegion, type Region, type Size, wholeOf } from '../frame/letterbox.ts';
import { simplified } from '../vision/contour.ts';
import { type DetectionRow, Detections } from '../vision/detections.ts';
import { isCut } from '../vision/merge-regions.ts';
import { type Keypoint, type Mask, maxKeypoints, maxMaskPoints } from '../vision/shape.ts';

/** The checked answer of a detector for one frame. */
export interface Answer {
  readonly detections: Detections;
  /** Of each detection: whether an edge of a region inside the frame cuts it. */
  readonly cut: readonly boolean[];
  /** Where the network looked: the whole frame, if its detector takes no regions. */
  readonly regions: readonly Region[];
  /** ms, of all regions together; `queue` is the rest of the time until the answer came. */
  readonly times: {
    readonly queue: number;
    readonly preprocess: number;
    readonly infer: number;
    readonly decode: number;
  };
  /** `performance.now()` */
  readonly atMs: number;
}

interface Checked extends Pick<Answer, 'detections' | 'cut'> {
  readonly times?: Found['times'];
}

/** Boxes that all fit into this many pixels are probably fractions of the picture. */
const shareLike = 1;

/** A model, or a program's own detector, as a pipeline calls it. */
export class AskedDetector {
  /** Of a model: its card. */
  readonly info: DetectorInfo;
  /** Whether it looks at regions of a frame; else it is asked for the whole, whatever regions are asked for. */
  readonly takesRegions: boolean;
  /** Size of its input, pixels, where it is known and the detector takes regions. */
  readonly input: Size | undefined;
  readonly #detect: (frame: Frame, options: DetectOptions) => Promise<Checked>;

  /** @throws InputError when it is not a detector. */
  constructor(given: Model | Detector) {
    if (isModel(given)) {
      this.info = given.card;
      this.takesRegions = true;
      const { width, height } = given.card.input;
      this.input = { width, height };
      this.#detect = (frame, options) => given.detectTimed(frame, options);
      return;
    }
    assertDetector(given);
    const labels = [...given.labels];
    this.info = { name: given.name ?? 'detector', labels };
    this.takesRegions = given.regions ?? false;
    this.input = this.takesRegions ? given.input : undefined;
    const places = new Map(labels.map((label, i) => [label, i]));
    this.#detect = async (frame, options) => {
      const found = await given.detect(frame, options);
      const detections = this.#checked(found, places, frame);
      return { times: found.times, detections, cut: cutBy(options.regions ?? [], detections, frame) };
    };
  }

  /**
   * @returns Undefined when other cameras' turns took so long that a newer frame is worth more. @throws What the
   * detector throws; ModelError when its result cannot be used.
   */
  async ask(frame: Frame, options: DetectOptions): Promise<Answer | undefined> {
    const asked = performance.now();
    const { regions: wanted, ...rest } = options;
    const regions = this.takesRegions ? wanted?.map((region) => clipRegion(frame, region)) : undefined;
    try {
      const { detections, cut, times = {} } = await this.#detect(frame, regions ? { ...rest, regions } : rest);
      const atMs = performance.now();
      const { preprocessMs = 0, inferMs = 0, decodeMs = 0 } = times;
      const queue = Math.max(0, atMs - asked - preprocessMs - inferMs - decodeMs);
      const spent = { queue, preprocess: preprocessMs, infer: inferMs, decode: decodeMs };
      return { detections, cut, regions: regions ?? [wholeOf(frame)], times: spent, atMs };
    } catch (error) {
      if (error instanceof LateError) return undefined;
      throw error;
    }
  }

  /** @throws ModelError saying what is wrong with it. */
  #checked(found: Found, places: ReadonlyMap<string, number>, frame: Frame): Detections {
    const refuse = (problem: string): never => {
      throw new ModelError(`detector ${this.info.name}: ${problem}`);
    };
    if (typeof found !== 'object' || found === null || !isIterable(found.detections)) {
      const got = (found as Partial<Found> | undefined)?.detections ?? found;
      return refuse(`expected { detections } with Detections or a list of { box, score, label }, got ${shown(got)}`);
    }
    for (const name of ['preprocessMs', 'inferMs', 'decodeMs'] satisfies (keyof DetectTimes)[]) {
      const ms = found.times?.[name] ?? 0;
      if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY))
        return refuse(`times.${name}: expected milliseconds, got ${shown(ms)}`);
    }
    const rows: DetectionRow[] = [];
    let n = 0;
    for (const one of found.detections as Iterable<FoundObject>) {
      const { box, score, label, keypoints, mask } = one ?? {};
      const place = places.get(label);
      if (!isFourNumbers(box)) return refuse(`detection ${n}: expected a box of four numbers, got ${shown(box)}`);
      if (place === undefined) {
        return refuse(`detection ${n}: expected a label of ${this.info.labels.join(', ')}; got ${shown(label)}`);
      }
      const [x1, y1, x2, y2] = box;
      // A box entirely outside the frame is dropped.
      const clipped = [clip(x1, frame.width), clip(y1, frame.height), clip(x2, frame.width), clip(y2, frame.height)];
      if (!(x2 >= x1 && y2 >= y1 && Number.isFinite(x2 - x1 + y2 - y1))) {
        return refuse(
          `detection ${n}: expected a box [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2, got [${box.join(', ')}]`,
        );
      }
      if (!(score >= 0 && score <= 1)) return refuse(`detection ${n}: expected a score of 0..1, got ${shown(score)}`);
      if (x2 <= shareLike && y2 <= shareLike && x2 > 0 && y2 > 0 && frame.width > 8 && frame.height > 8) {
        return refuse(
          `detection ${n}: expected a box in pixels of the frame (${frame.width}x${frame.height}), got [${box.join(', ')}]: are these fractions of it?`,
        );
      }
      if (keypoints !== undefined && !areKeypoints(keypoints))
        return refuse(
          `detection ${n}: expected at most ${maxKeypoints} keypoints { name, x, y, score }, got ${shown(keypoints)}`,
        );
      if (mask !== undefined && !isMask(mask))
        return refuse(`detection ${n}: expected a mask of polygons, lists of three [x, y] or more, got ${shown(mask)}`);
      if (x2 > 0 && y2 > 0 && x1 < frame.width && y1 < frame.height) {
        const shape = { ...(keypoints && { keypoints }), ...(mask && { mask: bounded(mask) }) };
        rows.push({ box: clipped, score, classId: place, ...shape });
      }
      n++;
    }
    try {
      const { skeleton = found.detections instanceof Detections ? found.detections.skeleton : undefined } = found;
      return Detections.from(rows, this.info.labels, skeleton);
    } catch (error) {
      return refuse(messageOf(error));
    }
  }
}

function areKeypoints(value: unknown): value is readonly Keypoint[] {
  const isOne = (one: Partial<Keypoint> | null) =>
    typeof one?.name === 'string' && Number.isFinite(one.x) && Number.isFinite(one.y) && Number.isFinite(one.score);
  return Array.isArray(value) && value.length <= maxKeypoints && value.every(isOne);
}

function isMask(value: unknown): value is Mask {
  const isCorner = (one: unknown) => Array.isArray(one) && one.length === 2 && one.every(Number.isFinite);
  return Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length >= 3 && one.every(isCorner));
}

/** With no more corners than may leave the process. */
function bounded(mask: Mask): Mask {
  const corners = mask.reduce((sum, { length }) => sum + length, 0);
  return corners > maxMaskPoints ? simplified(mask, leastMove, maxMaskPoints) : mask;
}

/** Pixels by which a mask's border may move at least, where it has too many corners. */
const leastMove = 0.5;

const labelPattern = new RegExp(LabelPattern);

const isModel = (given: Model | Detector): given is Model =>
  typeof (given as Partial<Model>)?.detectTimed === 'function';

function assertDetector(given: Detector): void {
  assertShape('model', given, { detect: 'function' }, 'a model of loadModel() or a detector: { labels, detect }');
  const { labels, name, input } = given;
  if (input !== undefined && !(input?.width > 0 && input.height > 0))
    throw new InputError(`model.input: expected its size, { width, height }, got ${shown(input)}`);
  if (name !== undefined && typeof name !== 'string')
    throw new InputError(`model.name: expected a text, got ${shown(name)}`);
  if (!Array.isArray(labels) || labels.length === 0) {
    throw new InputError(`model.labels: expected a list of names, one at least, got ${shown(labels)}`);
  }
  const wrong = labels.findIndex((label) => typeof label !== 'string' || !labelPattern.test(label));
  if (wrong >= 0) {
    throw new InputError(`model.labels[${wrong}]: expected 1 to 128 printable characters, got ${shown(labels[wrong])}`);
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) throw new InputError(`model.labels: expected each name once, got ${twice} twice`);
}

/** Of each detection: whether none of the regions has it whole. @param regions None: the whole frame was seen. */
function cutBy(regions: readonly Region[], detections: Detections, frame: Size): boolean[] {
  return Array.from(
    detections,
    ({ box }) => regions.length > 0 && regions.every((region) => isCut(box, region, frame)),
  );
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

function isFourNumbers(box: unknown): box is [number, number, number, number] {
  if (!Array.isArray(box) && !ArrayBuffer.isView(box)) return false;
  const [x1, y1, x2, y2] = box as unknown as unknown[];
  const areNumbers =
    typeof x1 === 'number' && typeof y1 === 'number' && typeof x2 === 'number' && typeof y2 === 'number';
  return areNumbers && (box as number[]).length === 4;
}

const clip = (value: number, size: number) => Math.min(size, Math.max(0, value));
