import { InputError } from '../../base/errors.ts';
import { Candidates } from '../../kernels/boxes/candidates.ts';
import { kernels } from '../../kernels/kernels.ts';
import { averagePrecision, type EvaluatedPicture, type TrueObject } from '../../vision/average-precision.ts';
import { Detections } from '../../vision/detections.ts';
import type { DetectorCard, ModelCard } from '../cards/card.ts';
import { decoderModule, importDecoder } from '../decoders/custom.ts';
import type { Decoder } from '../decoders/decoder.ts';
import { makeDecoder } from '../decoders/registry.ts';
import { copied, type Outputs, type RunningNetwork } from './networks.ts';
import type { Labels, Pixels } from './pictures.ts';

/** How far what a network gives is what the float network gives, on some pictures. */
export interface Agreement {
  /**
   * Of a detector: the average precision (COCO) of its detections where the float network's are taken as true, 0 to 1. Of a classifier: the
   * mean cosine of the embedding, or of the logits where there is none.
   */
  readonly agreement: number;
  /** Of a detector: how many detections of the float network were taken as true. Of few, the agreement says little; of none, nothing. */
  readonly objects?: number;
  /** By the pictures' labels: of a detector the COCO AP, of a classifier the share named right. Undefined without labels. */
  readonly accuracy?: number;
  /** Root of the mean squared error of the outputs, as a part of their deviation; the mean over outputs. */
  readonly error: number;
  readonly pictures: number;
}

/** From this score on a detection of the float network counts as true. */
const sure = 0.3;
/** Detections that are compared with them. */
const least = 0.01;
const usualIou = 0.6;
const mostDetections = 300;

/** What the float network gives on some pictures, to compare others with. */
export class Reference {
  readonly #card: ModelCard;
  readonly #pictures: readonly Pixels[];
  readonly #outputs: Outputs[] = [];
  readonly #truths: TrueObject[][] = [];
  readonly #labels: readonly Labels[] | undefined;
  #accuracy: number | undefined;
  #decoder: Decoder | undefined;

  private constructor(card: ModelCard, pictures: readonly Pixels[], labels: readonly Labels[] | undefined) {
    this.#card = card;
    this.#pictures = pictures;
    this.#labels = labels;
  }

  /** @param labels Of each picture. @throws InputError when the card does not fit what the network gives. */
  static async of(
    card: ModelCard,
    network: RunningNetwork,
    pictures: readonly Pixels[],
    labels?: readonly Labels[],
  ): Promise<Reference> {
    const reference = new Reference(card, pictures, labels);
    for (const picture of pictures) {
      const outputs = copied(await network.run(picture));
      reference.#outputs.push(outputs);
      if (card.task === 'detect') reference.#truths.push(await reference.#truthOf(card, outputs));
    }
    if (labels) {
      reference.#accuracy = (await reference.compare(network)).accuracy;
      if (reference.#accuracy === undefined) {
        throw new InputError(
          `expected objects in the labelled pictures, found none in ${labels.length} of them: give more of these`,
        );
      }
    }
    return reference;
  }

  /** The float network's own, by the labels. */
  get accuracy(): number | undefined {
    return this.#accuracy;
  }

  async compare(network: RunningNetwork, told: () => void = () => {}): Promise<Agreement> {
    const sums = new Map<string, ErrorSum>();
    const evaluated: EvaluatedPicture[] = [];
    const cosines: number[] = [];
    const labelled = new Accuracy();
    for (const [i, picture] of this.#pictures.entries()) {
      const outputs = await network.run(picture);
      const expected = this.#outputs[i]!;
      for (const [name, { data }] of expected) {
        const sum = sums.get(name) ?? new ErrorSum();
        sum.add(outputs.get(name)!.data as Float32Array, data as Float32Array);
        sums.set(name, sum);
      }
      if (this.#card.task === 'detect') {
        const detections = await this.#decode(this.#card, outputs, least);
        evaluated.push({ detections, truth: this.#truths[i]! });
        labelled.found(detections, this.#labels?.[i]);
      } else {
        const { embedding, logits } = this.#card.outputs;
        const name = embedding ?? logits;
        labelled.named(
          logits === undefined ? undefined : (outputs.get(logits)!.data as Float32Array),
          this.#labels?.[i],
        );
        cosines.push(cosine(outputs.get(name)!.data as Float32Array, expected.get(name)!.data as Float32Array));
      }
      told();
    }
    const errors = [...sums.values()].map((sum) => sum.relative);
    const accuracy = labelled.value;
    return {
      agreement: this.#agreementOf(evaluated, cosines),
      ...(this.#card.task === 'detect' && { objects: this.#truths.reduce((sum, { length }) => sum + length, 0) }),
      ...(accuracy !== undefined && { accuracy }),
      error: mean(errors),
      pictures: this.#pictures.length,
    };
  }

  #agreementOf(evaluated: readonly EvaluatedPicture[], cosines: readonly number[]): number {
    if (this.#card.task === 'classify') return mean(cosines);
    const hasTruth = evaluated.some(({ truth }) => truth.length > 0);
    // Where nothing is to be found, finding nothing sure is right.
    return hasTruth ? averagePrecision(evaluated).ap : 1;
  }

  async #truthOf(card: DetectorCard, outputs: Outputs): Promise<TrueObject[]> {
    const found = await this.#decode(card, outputs, sure);
    return [...found].map(({ classId, box }) => ({ classId, box: box as TrueObject['box'] }));
  }

  /** In pixels of the input. Decoders may change what they read: a copy is theirs. */
  async #decode(card: DetectorCard, given: Outputs, threshold: number): Promise<Detections> {
    const outputs = copied(given);
    this.#decoder ??= await decoderOf(card, outputs);
    const candidates = new Candidates();
    this.#decoder.decode(outputs, threshold, true, candidates);
    const { boxes, scores, classIds, length } = candidates;
    const iou = card.thresholds.iou ?? (this.#decoder.suppressed ? 1 : usualIou);
    const kept = kernels.boxes.classwiseNms(boxes, scores, classIds, length, iou, mostDetections);
    const rows = [...kept].filter((row) => {
      const [x1, y1, x2, y2] = boxes.subarray(row * 4, row * 4 + 4) as unknown as [number, number, number, number];
      return x2 > x1 && y2 > y1;
    });
    return new Detections({
      xyxy: Float32Array.from(rows.flatMap((row) => [...boxes.subarray(row * 4, row * 4 + 4)])),
      score: Float32Array.from(rows, (row) => Math.min(1, scores[row]!)),
      classId: Int32Array.from(rows, (row) => classIds[row]!),
      labels: card.labels,
    });
  }
}

async function decoderOf(card: DetectorCard, outputs: Outputs): Promise<Decoder> {
  const infos = [...outputs].map(([name, { shape }]) => ({ name, type: 'float32', shape }));
  const { decoder: own } = card;
  const module = decoderModule(own);
  const decoder =
    own.type === 'custom'
      ? (await importDecoder(own.name, module!))(card, infos)
      : makeDecoder(own, { input: card.input, labels: card.labels }, infos);
  decoder.check?.(outputs);
  return decoder;
}

/** What labels say of what was found in pictures, or of how these were named. */
class Accuracy {
  readonly #evaluated: EvaluatedPicture[] = [];
  #right = 0;
  #named = 0;

  /** Detections, cut at the picture's edge. */
  found(detections: Detections, labels: Labels | undefined): void {
    if (!labels?.objects || !labels.within) return;
    const [left, top, right, bottom] = labels.within;
    const xyxy = detections.xyxy.map((value, i) =>
      i % 2 === 0 ? Math.min(right, Math.max(left, value)) : Math.min(bottom, Math.max(top, value)),
    );
    const rows = Array.from({ length: detections.length }, (_, i) => i).filter(
      (i) => xyxy[4 * i + 2]! > xyxy[4 * i]! && xyxy[4 * i + 3]! > xyxy[4 * i + 1]!,
    );
    const cut = new Detections({
      xyxy: Float32Array.from(rows.flatMap((i) => [...xyxy.subarray(4 * i, 4 * i + 4)])),
      score: Float32Array.from(rows, (i) => detections.score[i]!),
      classId: Int32Array.from(rows, (i) => detections.classId[i]!),
      labels: detections.labels,
    });
    this.#evaluated.push({ detections: cut, truth: labels.objects });
  }

  named(logits: ArrayLike<number> | undefined, labels: Labels | undefined): void {
    if (logits === undefined || labels?.classId === undefined) return;
    let best = 0;
    for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
    this.#named++;
    if (best === labels.classId) this.#right++;
  }

  /** Undefined where there were no labels, or no object in them. */
  get value(): number | undefined {
    if (this.#named > 0) return this.#right / this.#named;
    return this.#evaluated.some(({ truth }) => truth.length > 0) ? averagePrecision(this.#evaluated).ap : undefined;
  }
}

/** The error of numbers beside those that they should be. */
export class ErrorSum {
  #error = 0;
  #sum = 0;
  #squares = 0;
  #count = 0;

  add(got: ArrayLike<number>, expected: ArrayLike<number>): void {
    for (let i = 0; i < expected.length; i++) {
      const value = expected[i]!;
      this.#error += (got[i]! - value) ** 2;
      this.#sum += value;
      this.#squares += value * value;
    }
    this.#count += expected.length;
  }

  /** The root of the mean squared error, as a part of the numbers' own deviation. */
  get relative(): number {
    const variance = this.#squares - this.#sum ** 2 / this.#count;
    return Math.sqrt(this.#error / Math.max(variance, 1e-30));
  }

  /** Signal to quantisation noise, decibels: the numbers' squares over those of the errors. */
  get decibels(): number {
    return 10 * Math.log10(Math.max(this.#squares, 1e-30) / Math.max(this.#error, 1e-30));
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return dot / Math.sqrt(Math.max(aa * bb, 1e-30));
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);
