import { createHash } from 'node:crypto';
import { InputError, messageOf } from '../errors.ts';
import type { Frame } from '../frame/frame.ts';
import { type Embedding, quantiseEmbedding } from '../learn/embedding.ts';
import type { ClassifierCard, ModelCard } from './card.ts';
import type { FrameQueue } from './frame-queue.ts';
import { clipRegion, type Region } from './letterbox.ts';
import { type LoadOptions, loadCore } from './load.ts';
import type { EncodedReply, EncodeTimes } from './messages.ts';
import { defaultClassifier, type ModelFile, readModel } from './model-file.ts';

/** One class and how likely it is. */
export interface Classification {
  readonly label: string;
  /** 0..1; those of all classes add up to 1. */
  readonly score: number;
  readonly classId: number;
}

export interface ClassifyOptions {
  /** Look only at this part of the frame, in frame pixels. Default: the whole, resized as the card says. */
  region?: Region;
  /** The best so many classes. Default 5. */
  topK?: number;
}

/** More regions than this are not asked for at once. */
const maxRegions = 256;

/**
 * Loads a classifier, which is an embedding network as well, into a thread of its own.
 *
 * @param nameOrPath A name of `listModels()`, the path of an ONNX file, or the path of a card. Default: the default
 *   classifier (EfficientNet-Lite0, 1000 classes of ImageNet).
 * @throws InputError when there is no such model, its card is wrong, or the two do not fit each other.
 *
 * @example
 * const classifier = await loadClassifier();
 * const frame = await readPicture('cat.jpg');
 * for (const { label, score } of await classifier.classify(frame)) console.log(label, score);
 * await classifier.close();
 */
export async function loadClassifier(
  nameOrPath: string = defaultClassifier,
  options: LoadOptions = {},
): Promise<Classifier> {
  const { card, queue } = await loadCore(nameOrPath, options, 'classify', cardOf);
  return new Classifier(card, queue);
}

/**
 * The card of a classifier, as that of a loaded one, without loading it: for its space and dimension.
 *
 * @throws InputError when there is no such model, it is of another task, or its card is wrong.
 */
export async function readClassifierCard(nameOrPath: string = defaultClassifier): Promise<ClassifierCard> {
  const card = cardOf(await readModel(nameOrPath));
  if (card.task === 'classify') return card;
  throw new InputError(`model ${nameOrPath}: expected a model of the task classify, its card says ${card.task}`);
}

function cardOf({ description, bytes }: ModelFile): ModelCard {
  if ('ultralytics' in description) {
    throw new InputError('expected a model of the task classify, its metadata is that of a detector');
  }
  // The space of its embeddings depends on it.
  return { ...description, sha256: description.sha256 ?? createHash('sha256').update(bytes).digest('hex') };
}

/** A classifier that is loaded. Frames of several cameras take turns, first come, first served. */
export class Classifier {
  readonly card: ClassifierCard;
  readonly #queue: FrameQueue;
  #lastTimes: EncodeTimes = { preprocessMs: 0, inferMs: 0 };

  /** Made by `loadClassifier()`. */
  constructor(card: ClassifierCard, queue: FrameQueue) {
    this.card = card;
    this.#queue = queue;
  }

  /** A frame is being looked at: another one would wait. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /** Where the time of the last frame went; all 0 before the first. */
  get lastTimes(): EncodeTimes {
    return this.#lastTimes;
  }

  /**
   * What the network's penultimate layer says, `card.dimension` numbers, for heads to learn from. The frame is acquired
   * until it was looked at, so the caller may release it at once.
   *
   * @param regions In frame pixels, clipped to the frame, 256 at most; all of each is seen (`input.regionResize`).
   *   Default: the whole frame, resized as the card says (`input.resize`: its middle, by the default model).
   * @returns An embedding for each region, in their order; one for the whole frame.
   * @throws InputError when a region does not touch the frame, there are too many, or the network gives no number; Error
   *   when the classifier was closed or too many frames wait.
   */
  async embed(frame: Frame, regions?: readonly Region[]): Promise<Embedding[]> {
    if (regions?.length === 0) return [];
    const { embeddings } = await this.#encode(frame, regions);
    return rows(embeddings, this.card.dimension).map(quantiseEmbedding);
  }

  /**
   * The classes the network was trained on. The frame is acquired until it was looked at.
   *
   * @returns The best `topK`, best first.
   * @throws RangeError when `topK` is not a whole number of at least 1; otherwise as `embed`.
   */
  async classify(frame: Frame, { region, topK = 5 }: ClassifyOptions = {}): Promise<Classification[]> {
    if (!Number.isInteger(topK) || topK < 1) {
      throw new RangeError(`topK: expected a whole number of at least 1, got ${topK}`);
    }
    const { logits } = await this.#encode(frame, region && [region]);
    return best(logits, this.card.labels, topK);
  }

  /** Ends the thread. The frame that is being looked at is finished; those that wait are rejected. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  async #encode(frame: Frame, regions: readonly Region[] | undefined): Promise<EncodedReply> {
    if (regions && regions.length > maxRegions) {
      throw new InputError(`regions: expected at most ${maxRegions}, got ${regions.length}`);
    }
    const clipped = regions?.map((region) => clip(frame, region));
    const encoded = await this.#queue.ask(frame, { type: 'encode', regions: clipped }, 'encoded');
    this.#lastTimes = encoded.times;
    return encoded;
  }
}

/** Regions come from outside here: a box that somebody drew. */
function clip(frame: Frame, region: Region): Region {
  try {
    return clipRegion(frame, region);
  } catch (error) {
    throw new InputError(messageOf(error), { cause: error });
  }
}

function rows(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

/** The softmax of the logits, best first. */
function best(logits: Float32Array, labels: readonly string[], count: number): Classification[] {
  const largest = Math.max(...logits);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!Number.isFinite(sum)) throw new InputError('logits: expected finite numbers, got others');
  return [...shares.keys()]
    .sort((a, b) => shares[b]! - shares[a]! || a - b)
    .slice(0, count)
    .map((classId) => ({ label: labels[classId]!, score: shares[classId]! / sum, classId }));
}
