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

/** One class and how likely it is. */
export interface Classification {
  readonly label: string;
  /** 0..1; those of all classes add up to 1, unless the network gives each a sigmoid of its own. */
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
 * The card of a classifier, as that of a loaded one, without loading it: for its space and dimension.
 *
 * @throws InputError when there is no such model, it is of another task or gives no embeddings, or its card is wrong.
 */
export async function readClassifierCard(nameOrPath: string = defaultClassifier): Promise<ClassifierCard> {
  const { card } = await readEmbedder(nameOrPath);
  return card;
}

/** What heads need of an embedding network, without loading it. */
export interface Embedder {
  readonly card: ClassifierCard;
  /** Its own classes; undefined where they are not one layer away from its embeddings. */
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

/** The space of its embeddings depends on all its weights, those in other files too. */
function withDigest<T extends ModelCard>(file: ModelFile, card: T): T {
  return { ...card, sha256: digestOf(file, card.sha256) };
}

/**
 * What is still to be applied for scores of 0 to 1: what the card says, else what the network's last nodes have not done;
 * undefined where they do not tell.
 *
 * @throws InputError where one class would always get all of the softmax.
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
      'labels: expected two at least, for the softmax of one is always 1, got one; "activation": "sigmoid" in the card gives it a score of its own',
    );
  }
  return missing;
}

/** A classifier that is loaded. Frames of several cameras take turns, first come, first served. */
export class Classifier {
  readonly card: ClassifierCard;
  /** What runs it: `native`, `onnxruntime` or `opencv`. */
  readonly engine: Exclude<EngineName, 'auto'>;
  readonly #queue: FrameQueue;
  readonly #activation: Activation | undefined;

  /**
   * Made by `loadClassifier()`.
   *
   * @internal
   * @param activation What is applied to the network's numbers. Default: the softmax, unless they are its shares already.
   */
  constructor(card: ClassifierCard, queue: FrameQueue, engine: Exclude<EngineName, 'auto'>, activation?: Activation) {
    this.card = card;
    this.engine = engine;
    this.#queue = queue;
    this.#activation = activation;
  }

  /** A frame is being looked at: another one would wait. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /**
   * What the network's penultimate layer says, `card.dimension` numbers, for heads to learn from. The frame is acquired
   * until it was looked at, so the caller may release it at once.
   *
   * @param regions In frame pixels, clipped to the frame, 256 at most; all of each is seen (`input.region_resize`).
   *   Default: the whole frame, resized as the card says (`input.resize`: its middle, by the default model).
   * @returns An embedding for each region, in their order; one for the whole frame.
   * @throws InputError when a region does not touch the frame, there are too many, the network gives no number or no
   *   embeddings at all; Error when the classifier was closed or too many frames wait.
   */
  async embed(frame: Frame, regions?: readonly Region[]): Promise<Embedding[]> {
    return (await this.embedTimed(frame, regions)).embeddings;
  }

  /** As `embed()`, and where the time went. */
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
   * The classes the network was trained on. The frame is acquired until it was looked at.
   *
   * @returns The best `topK`, best first.
   * @throws RangeError when `topK` is not a whole number of at least 1; otherwise as `embed`.
   */
  async classify(frame: Frame, options: ClassifyOptions = {}): Promise<Classification[]> {
    return (await this.classifyTimed(frame, options)).classes;
  }

  /** As `classify()`, and where the time went. */
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

  /** Ends the thread. The frame that is being looked at is finished; those that wait are rejected. */
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

/**
 * @param activation Undefined: nobody says whether they are shares already, so their numbers have to.
 * @throws ModelError when a number is none, or what should be a share lies outside 0 to 1.
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
        `model ${model}: expected scores of 0 to 1, got ${wrong}: say in its card what is to be applied ("activation": "softmax" or "sigmoid")`,
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

/** Do they add up to 1? Within what float16 and many classes lose on the way. */
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
