import { InputError, ModelError, messageOf } from '../base/errors.ts';
import { boxesToFrame, letterboxGeometry, type Region, type Size, wholeOf } from '../frame/letterbox.ts';
import { Candidates } from '../kernels/boxes/candidates.ts';
import { kernels } from '../kernels/kernels.ts';
import type { Preprocessor } from '../kernels/preprocess/preprocess.ts';
import { Detections } from '../vision/detections.ts';
import { isCut, type MergedDetections, mergeRegions, type RegionDetections } from '../vision/merge-regions.ts';
import type { DetectorCard } from './cards/card.ts';
import { assertNormalisation } from './cards/normalisation.ts';
import { type Decoder, greatestScore, notScores } from './decoders/decoder.ts';
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
    this.card = card;
    this.#engine = engine;
    const picture = layout === 'NCHW' ? [3, height, width] : [height, width, 3];
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
      parts.push({ region, detections: new Detections({ ...found, labels: this.card.labels }) });
    }
    const merging = performance.now();
    const { detections, cut } =
      parts.length === 1 ? alone(parts[0]!, frame) : merged(parts, frame, iouThreshold, maxDetections);
    times.decodeMs += performance.now() - merging;
    const { xyxy, score, classId } = detections as Found;
    return { type: 'found', xyxy, score, classId, cut, times };
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
    boxesToFrame(geometry, found.xyxy, kept.length);
    const result = withoutEmpty(found);
    times.preprocessMs += preprocessed - started;
    times.inferMs += inferred - preprocessed;
    times.decodeMs += performance.now() - inferred;
    return result;
  }

  /** @throws ModelError when the outputs are not what the card says: the same for every picture. */
  #decode(outputs: ReadonlyMap<string, Tensor>, threshold: number, multiLabel: boolean): void {
    const candidates = this.#candidates;
    try {
      if (!this.#isChecked) this.#decoder.check?.(outputs);
      this.#isChecked = true;
      this.#decoder.decode(outputs, threshold, multiLabel, candidates);
      const { scores, length } = candidates;
      for (let i = 0; i < length; i++) if (scores[i]! > greatestScore) throw new InputError(notScores(scores[i]!));
    } catch (error) {
      throw error instanceof InputError ? new ModelError(`model ${this.card.name}: ${messageOf(error)}`) : error;
    }
  }
}

/** The default, unless the model has its own suppression; and that of what several regions found. */
const defaultIou = 0.6;

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

interface Found {
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

/** Drops boxes without area: they are in the padding, or the network returned NaN. */
function withoutEmpty(found: Found): Found {
  const { xyxy, score, classId } = found;
  let to = 0;
  for (let i = 0; i < score.length; i++) {
    const box = xyxy.subarray(i * 4, i * 4 + 4);
    // Written so that NaN fails as well.
    if (!(box[2]! > box[0]! && box[3]! > box[1]!)) continue;
    xyxy.set(box, to * 4);
    score[to] = score[i]!;
    classId[to] = classId[i]!;
    to++;
  }
  if (to === score.length) return found;
  return { xyxy: xyxy.slice(0, to * 4), score: score.slice(0, to), classId: classId.slice(0, to) };
}
