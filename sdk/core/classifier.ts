import { assertKind } from '../base/arguments.ts';
import { InputError, ModelError, messageOf } from '../base/errors.ts';
import { defaultClassifier, type EngineName } from '../config/schema.ts';
import { assertFrame, type Frame } from '../frame/frame.ts';
import { clipRegion, type Region } from '../frame/letterbox.ts';
import { type ClassifierCard, type ModelCard, takenBy } from './cards/card.ts';
import { type ClassLayer, readClassLayer } from './cards/class-layer.ts';
import { digestOf, type ModelFile, readModel } from './cards/model-file.ts';
import { type Activation, activationOf } from './cards/output-tail.ts';
import { noEmbedding } from './cards/space.ts';
import { ultralyticsClassifierCard } from './cards/ultralytics-card.ts';
import { type Embedding, quantiseEmbedding } from './embedding.ts';
import type { FrameQueue } from './frame-queue.ts';
import { type LoadOptions, loadCore } from './load.ts';
import type { EncodedReply, EncodeTimes } from './messages.ts';
import { readOnnxGraph } from './onnx/graph.ts';

/** A class and its score. */
export interface Classification {
  readonly label: string;
  /** 0..1; over all classes they add up to 1, unless the network ends in a sigmoid. */
  readonly score: number;
  readonly classId: number;
}

/** Which part of a frame is classified, and how many classes are told. */
export interface ClassifyOptions {
  /** Classify only this part of the frame, in frame pixels. Default: the whole, resized as the card says. */
  region?: Region;
  /** At most this many classes, best first. Default 5. */
  topK?: number;
}

/** Maximum number of regions per call. */
const maxRegions = 256;

/**
 * Loads a classifier, which is also an embedding network, in its own thread.
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
  let activation: Activation | undefined;
  const { card, engine, queue } = await loadCore(nameOrPath, options, 'classify', (file, loaded) => {
    const { description } = file;
    const card = 'ultralytics' in description ? ultralyticsClassifierCard(description, loaded) : description;
    if (card.task === 'classify') activation = missingActivation(file, card);
    return withDigest(file, card);
  });
  return new Classifier(card, queue, engine, activation);
}

/**
 * Reads the card of a classifier without loading the network, for its space and dimension.
 *
 * @throws InputError when there is no such model, it has another task or no embeddings, or its card is wrong.
 */
export async function readClassifierCard(nameOrPath: string = defaultClassifier): Promise<ClassifierCard> {
  const { card } = await readEmbedder(nameOrPath);
  return card;
}

/** What heads need from an embedding network, without loading it. */
export interface Embedder {
  readonly card: ClassifierCard;
  /** Its own classes; undefined if they are not one layer from its embeddings. */
  readonly classLayer?: ClassLayer;
}

/**
 * Reads it from the network's file.
 *
 * @throws InputError as `readClassifierCard` does.
 */
export async function readEmbedder(nameOrPath: string = defaultClassifier): Promise<Embedder> {
  const file = await readModel(nameOrPath);
  const { description } = file;
  const task = 'ultralytics' in description ? (description.task ?? 'detect') : description.task;
  if (task !== 'classify') {
    throw new InputError(
      `model ${nameOrPath}: expected a model of the task classify, its card says ${task}: ${takenBy.detect}`,
    );
  }
  const card = 'ultralytics' in description ? undefined : withDigest(file, description);
  if (card?.task !== 'classify' || card.dimension === 0) throw new InputError(`model ${nameOrPath}: ${noEmbedding}`);
  return { card, classLayer: file.form === 'network' ? readClassLayer(file, card) : undefined };
}

/** Its embedding space depends on all its weights, also those in other files. */
function withDigest<T extends ModelCard>(file: ModelFile, card: T): T {
  return { ...card, sha256: digestOf(file, card.sha256) };
}

/**
 * The activation still to be applied for scores from 0 to 1: the card's, else what the network's last nodes lack;
 * undefined when they do not tell.
 *
 * @throws InputError when a softmax over a single class would always be 1.
 */
function missingActivation(
  { bytes, form }: ModelFile,
  { activation, outputs, labels }: ClassifierCard,
): Activation | undefined {
  const graph = form === 'network' ? readOnnxGraph(bytes) : undefined;
  const done = graph && activationOf(graph, outputs.logits);
  const missing = activation ?? (done && (done === 'none' ? 'softmax' : 'none'));
  if (missing === 'softmax' && labels.length === 1) {
    throw new InputError(
      'labels: expected at least two, since the softmax of one is always 1, got one; "activation": "sigmoid" in the card makes it a score',
    );
  }
  return missing;
}

/** A loaded classifier. Frames of several cameras are served in order of arrival. */
export class Classifier {
  readonly card: ClassifierCard;
  /** The engine: `native`, `onnxruntime` or `opencv`. */
  readonly engine: Exclude<EngineName, 'auto'>;
  readonly #queue: FrameQueue;
  readonly #activation: Activation | undefined;

  /**
   * Made by `loadClassifier()`.
   *
   * @internal
   * @param activation Applied to the network's outputs. Default: softmax, unless they are probabilities already.
   */
  constructor(card: ClassifierCard, queue: FrameQueue, engine: Exclude<EngineName, 'auto'>, activation?: Activation) {
    this.card = card;
    this.engine = engine;
    this.#queue = queue;
    this.#activation = activation;
  }

  /** A frame is being processed: another one would wait. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /**
   * Computes embeddings, `card.dimension` numbers from the network's penultimate layer, for heads to learn from. The
   * frame is acquired while it is needed, so the caller may release it at once.
   *
   * @param regions In frame pixels, clipped to the frame, at most 256; each is used whole (`input.region_resize`).
   * Default: the whole frame, resized as the card says (`input.resize`: with the default model, its middle).
   * @returns An embedding for each region, in order; one for the whole frame. @throws InputError when a region does not
   * touch the frame, there are too many, or the network returns NaN or has no embeddings; Error when the classifier was
   * closed or too many frames wait.
   */
  async embed(frame: Frame, regions?: readonly Region[]): Promise<Embedding[]> {
    return (await this.embedTimed(frame, regions)).embeddings;
  }

  /** As `embed()`, with the times of each step. */
  async embedTimed(
    frame: Frame,
    regions?: readonly Region[],
  ): Promise<{ embeddings: Embedding[]; times: EncodeTimes }> {
    assertFrame('embed', frame);
    if (regions !== undefined) assertKind('embed: regions', regions, 'list');
    const { name, dimension } = this.card;
    if (dimension === 0) throw new ModelError(`model ${name}: ${noEmbedding}`);
    if (regions?.length === 0) return { embeddings: [], times: { preprocessMs: 0, inferMs: 0 } };
    const { embeddings, times } = await this.#encode(frame, regions);
    return { embeddings: rows(embeddings, dimension).map(quantiseEmbedding), times };
  }

  /**
   * Classifies by the classes the network was trained on. The frame is acquired while it is needed.
   *
   * @returns At most `topK` classes, best first. @throws RangeError when `topK` is not an integer of at least 1;
   * otherwise as `embed`.
   */
  async classify(frame: Frame, options: ClassifyOptions = {}): Promise<Classification[]> {
    return (await this.classifyTimed(frame, options)).classes;
  }

  /** As `classify()`, with the times of each step. */
  async classifyTimed(
    frame: Frame,
    options: ClassifyOptions = {},
  ): Promise<{ classes: Classification[]; times: EncodeTimes }> {
    assertFrame('classify', frame);
    assertKind('classify: options', options, 'object');
    const { region, topK = 5 } = options;
    if (!Number.isInteger(topK) || topK < 1) {
      throw new RangeError(`topK: expected a whole number of at least 1, got ${topK}`);
    }
    const { logits, times } = await this.#encode(frame, region && [region]);
    return { classes: best(scoresOf(logits, this.#activation, this.card.name), this.card.labels, topK), times };
  }

  /** Ends the thread. The frame in progress is finished; waiting ones are rejected. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** `close()`, for `await using classifier = await loadClassifier()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #encode(frame: Frame, regions: readonly Region[] | undefined): Promise<EncodedReply> {
    if (regions && regions.length > maxRegions) {
      throw new InputError(`regions: expected at most ${maxRegions}, got ${regions.length}`);
    }
    const clipped = regions?.map((region) => clip(frame, region));
    return this.#queue.ask(frame, { type: 'encode', regions: clipped }, 'encoded');
  }
}

/** Regions come from outside here: a box that a user drew. */
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

/**
 * @param activation When undefined, the values themselves show whether they are probabilities. @throws ModelError when
 * a value is not finite, or a probability is outside 0 to 1.
 */
function scoresOf(numbers: Float32Array, activation: Activation | undefined, model: string): Float64Array {
  if (!numbers.every(Number.isFinite))
    throw new ModelError(`model ${model}: logits: expected finite numbers, got others`);
  switch (activation ?? (areProbabilities(numbers) ? 'none' : 'softmax')) {
    case 'softmax':
      return softmax(numbers);
    case 'sigmoid':
      return Float64Array.from(numbers, (logit) => 1 / (1 + Math.exp(-logit)));
    case 'none': {
      const wrong = numbers.find((score) => score < -0.01 || score > 1.01);
      if (wrong === undefined) return Float64Array.from(numbers, (score) => Math.min(1, Math.max(0, score)));
      throw new ModelError(
        `model ${model}: expected scores of 0 to 1, got ${wrong}: set "activation" in its card to "softmax" or "sigmoid"`,
      );
    }
  }
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

/** Whether they add up to 1, within the rounding of float16 and many classes. */
function areProbabilities(numbers: Float32Array): boolean {
  const sum = numbers.reduce((total, number) => total + number, 0);
  return numbers.every((number) => number >= 0 && number <= 1) && Math.abs(sum - 1) < 0.01;
}

function best(scores: Float64Array, labels: readonly string[], count: number): Classification[] {
  return [...scores.keys()]
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count)
    .map((classId) => ({ label: labels[classId]!, score: scores[classId]!, classId }));
}
