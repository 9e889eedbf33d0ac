import { InputError, ModelError, messageOf } from '../base/errors.ts';
import {
  boxesToFrame,
  type Letterbox,
  letterboxGeometry,
  pointToFrame,
  type Region,
  type Size,
  wholeOf,
} from '../frame/letterbox.ts';
import { Candidates } from '../kernels/boxes/candidates.ts';
import { kernels } from '../kernels/kernels.ts';
import { channelsOf, type Preprocessor } from '../kernels/preprocess/preprocess.ts';
import { Detections } from '../vision/detections.ts';
import type { Point } from '../vision/geometry.ts';
import { isCut, type MergedDetections, mergeRegions, type RegionDetections } from '../vision/merge-regions.ts';
import { assertSkeleton } from '../vision/shape.ts';
import type { DetectorCard } from './cards/card.ts';
import { assertNormalisation } from './cards/normalisation.ts';
import { type Decoder, greatestScore, notScores, type Shapes } from './decoders/decoder.ts';
import { pictureInput } from './engines/binding.ts';
import type { Engine, FixedInput, Tensor, TensorInfo } from './engines/engine.ts';
import type { DetectRequest, DetectTimes, FoundReply } from './messages.ts';

/** Makes the decoder of a card. @throws InputError when the model's outputs do not fit it. */
export type DecoderFactory = (card: DetectorCard, outputs: readonly TensorInfo[]) => Decoder;

/** A loaded model with its card: a picture in, boxes out. Runs with its engine in the core's thread. */
export class NetworkDetector {
  readonly card: DetectorCard;
  readonly #engine: Engine;
  readonly #decoder: Decoder;
  readonly #preprocessor: Preprocessor;
  readonly #input: Uint8Array | Float32Array;
  readonly #candidates = new Candidates();
  #isChecked = false;

  /**
   * @param decoderOf Makes the decoder that the card names.
   * @throws InputError when the card does not fit the model the engine has loaded.
   */
  constructor(engine: Engine, card: DetectorCard, decoderOf: DecoderFactory) {
    const { inputs, outputs } = engine;
    const { name = pictureInput(inputs)?.name ?? '', type, layout, width, height } = card.input;
    assertNormalisation(card.input);
    if (card.keypoints) assertSkeleton('keypoints', card.keypoints);
    this.card = card;
    this.#engine = engine;
    const channels = channelsOf(card.input);
    const picture = layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
    // torchvision's detectors take single pictures, without a batch dimension.
    const isAlone = inputs.find((one) => one.name === name)?.shape.length === 3;
    this.#input = engine.bind(name, type, isAlone ? picture : [1, ...picture], sizesOf(card, inputs));
    this.#decoder = decoderOf(card, outputs);
    this.#preprocessor = kernels.preprocessor(card.input);
  }

  /**
   * Its regions go through the network one after the other: a batch would cost hardly less (0.94 of the processor time with
   * four), most detectors take one picture, and each picture more is an input and outputs more in memory.
   */
  async detect(request: DetectRequest): Promise<FoundReply> {
    const { frame, regions, iouThreshold, maxDetections } = request;
    const times = { preprocessMs: 0, inferMs: 0, decodeMs: 0 };
    // An IoU never exceeds 1.
    const iou = iouThreshold ?? (this.#decoder.suppressed ? 1 : defaultIou);
    const parts: RegionDetections[] = [];
    for (const region of regions ?? [wholeOf(frame)]) {
      const found = await this.#look(region, request, iou, times);
      const { labels, keypoints: skeleton } = this.card;
      parts.push({ region, detections: new Detections({ ...found, labels, skeleton }) });
    }
    const merging = performance.now();
    const { detections, cut } =
      parts.length === 1 ? alone(parts[0]!, frame) : merged(parts, frame, iouThreshold, maxDetections);
    times.decodeMs += performance.now() - merging;
    const { xyxy, score, classId, keypoints, masks } = detections as Found;
    return { type: 'found', xyxy, score, classId, keypoints, masks, cut, times };
  }

  /** Finds what is in one region, and adds to the times. */
  async #look(region: Region, request: DetectRequest, iou: number, times: Sums): Promise<Found> {
    const { frame, scoreThreshold, maxDetections, multiLabel } = request;
    const started = performance.now();
    const geometry = letterboxGeometry(frame, this.card.input, region);
    this.#preprocessor.run(frame, geometry, this.#input);
    const preprocessed = performance.now();
    const outputs = await this.#engine.run();
    const inferred = performance.now();

    const candidates = this.#candidates;
    candidates.clear();
    this.#decode(outputs, scoreThreshold, multiLabel);
    const { boxes, scores, classIds, length } = candidates;
    const kept = kernels.boxes.classwiseNms(boxes, scores, classIds, length, iou, maxDetections);
    const found = gather(candidates, kept);
    const shapes = this.#shapes(outputs, found, candidates, kept);
    boxesToFrame(geometry, found.xyxy, kept.length);
    const result = withoutEmpty({ ...found, ...shapesToFrame(geometry, shapes) });
    times.preprocessMs += preprocessed - started;
    times.inferMs += inferred - preprocessed;
    times.decodeMs += performance.now() - inferred;
    return result;
  }

  /** Of what suppression left, still in input pixels. @throws ModelError as `#decode` does. */
  #shapes(outputs: Outputs, { xyxy }: Found, { origins }: Candidates, rows: Uint32Array): Shapes {
    if (!this.#decoder.shapes) return {};
    const kept = { boxes: xyxy, origins: Int32Array.from(rows, (row) => origins[row]!), length: rows.length };
    try {
      return this.#decoder.shapes(outputs, kept);
    } catch (error) {
      throw asModelError(error, this.card.name);
    }
  }

  /** @throws ModelError when the outputs are not what the card says: the same for every picture. */
  #decode(outputs: Outputs, threshold: number, multiLabel: boolean): void {
    const candidates = this.#candidates;
    try {
      if (!this.#isChecked) this.#decoder.check?.(outputs);
      this.#isChecked = true;
      this.#decoder.decode(outputs, threshold, multiLabel, candidates);
      const { scores, length } = candidates;
      for (let i = 0; i < length; i++) if (scores[i]! > greatestScore) throw new InputError(notScores(scores[i]!));
    } catch (error) {
      throw asModelError(error, this.card.name);
    }
  }
}

/** The default, unless the model has its own suppression; and that of what several regions found. */
const defaultIou = 0.6;

type Outputs = ReadonlyMap<string, Tensor>;

const asModelError = (error: unknown, name: string) =>
  error instanceof InputError ? new ModelError(`model ${name}: ${messageOf(error)}`) : error;

type Sums = { -readonly [name in keyof DetectTimes]: number };

function alone({ region, detections }: RegionDetections, frame: Size): MergedDetections {
  return { detections, cut: Array.from(detections, ({ box }) => isCut(box, region, frame)) };
}

function merged(
  parts: readonly RegionDetections[],
  frame: Size,
  iouThreshold = defaultIou,
  maxDetections: number,
): MergedDetections {
  return mergeRegions(parts, frame, { iouThreshold, maxDetections });
}

/** Name of the input with which RT-DETR, D-FINE and their relatives take the size that boxes are scaled to, as w, h. */
const usualSizes = { name: 'orig_target_sizes', order: 'wh' } as const;

/** The size is that of the input, so that boxes are in its pixels, as with all decoders. */
function sizesOf({ input }: DetectorCard, inputs: readonly TensorInfo[]): FixedInput | undefined {
  const isUsual = inputs.length === 2 && inputs.some(({ name }) => name === usualSizes.name);
  const sizes = input.sizes ?? (isUsual ? usualSizes : undefined);
  if (!sizes) return undefined;
  const { width, height } = input;
  const isFlat = inputs.find(({ name }) => name === sizes.name)?.shape.length === 1;
  return {
    name: sizes.name,
    values: sizes.order === 'wh' ? [width, height] : [height, width],
    shape: isFlat ? [2] : [1, 2],
  };
}

interface Found extends Shapes {
  readonly xyxy: Float32Array<ArrayBuffer>;
  readonly score: Float32Array<ArrayBuffer>;
  readonly classId: Int32Array<ArrayBuffer>;
}

function gather({ boxes, scores, classIds }: Candidates, rows: Uint32Array): Found {
  const xyxy = new Float32Array(rows.length * 4);
  const score = new Float32Array(rows.length);
  const classId = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    xyxy.set(boxes.subarray(row * 4, row * 4 + 4), i * 4);
    // A sigmoid in few bits may slightly exceed 1.
    score[i] = Math.min(1, scores[row]!);
    classId[i] = classIds[row]!;
  });
  return { xyxy, score, classId };
}

/** Keypoints and masks in frame pixels. A keypoint may lie beyond what was seen, and beyond the frame; its score tells how sure it is. */
function shapesToFrame(geometry: Letterbox, { keypoints, masks }: Shapes): Shapes {
  for (let i = 0; keypoints && i < keypoints.length; i += 3) {
    keypoints.set(pointToFrame(geometry, [keypoints[i]!, keypoints[i + 1]!]), i);
    keypoints[i + 2] = Math.min(1, Math.max(0, keypoints[i + 2]!));
  }
  const { x, y, width, height } = geometry.region;
  const clipped = (point: Point): Point => {
    const [placedX, placedY] = pointToFrame(geometry, point);
    return [Math.min(x + width, Math.max(x, placedX)), Math.min(y + height, Math.max(y, placedY))];
  };
  const placed = masks?.map((mask) => mask.map((polygon) => polygon.map(clipped)));
  return { ...(keypoints && { keypoints }), ...(placed && { masks: placed }) };
}

/** Drops boxes without area, and keypoints nowhere: they are in the padding, or the network returned NaN. */
function withoutEmpty(found: Found): Found {
  const { xyxy, score, classId, keypoints, masks } = found;
  const width = keypoints ? keypoints.length / score.length : 0;
  const rows = Array.from(score.keys()).filter((i) => {
    const [x1, y1, x2, y2] = xyxy.subarray(i * 4, i * 4 + 4) as unknown as [number, number, number, number];
    // Written so that NaN fails as well.
    return x2 > x1 && y2 > y1 && (!keypoints || keypoints.subarray(i * width, (i + 1) * width).every(Number.isFinite));
  });
  if (rows.length === score.length) return found;
  return {
    xyxy: pick(xyxy, rows, 4),
    score: pick(score, rows, 1),
    classId: Int32Array.from(rows, (row) => classId[row]!),
    ...(keypoints && { keypoints: pick(keypoints, rows, width) }),
    ...(masks && { masks: rows.map((row) => masks[row]!) }),
  };
}

function pick(source: Float32Array, rows: readonly number[], width: number): Float32Array<ArrayBuffer> {
  const target = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) target.set(source.subarray(row * width, (row + 1) * width), i * width);
  return target;
}
