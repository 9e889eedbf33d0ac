import { createHash } from 'node:crypto';
import { assertKind, assertShape } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import type { ClassLayer } from '../../core/cards/class-layer.ts';
import type { Embedding } from '../../core/embedding.ts';
import { kernels } from '../../kernels/kernels.ts';
import { checkEmbedding, shown, unknown } from '../ledger/example.ts';
import { readSafeTensors, type Tensor, writeSafeTensors } from '../ledger/safetensors.ts';
import { type Calibration, calibrate, chanceOf } from './calibration.ts';
import { ProfileSums, profileOf, profileTemperature, separationOf } from './class-profile.ts';
import type { Common } from './common.ts';
import { featuresOf, strengthOf } from './features.ts';
import { linearMargins, linearTensors } from './linear.ts';
import { NearestTrainer } from './nearest.ts';
import { PrototypeTrainer } from './prototypes.ts';
import {
  commonOf,
  falseRejectShare,
  familiarity,
  learnReject,
  profileCommonShare,
  type Reject,
  strengthFactor,
  typicality,
  typicalShare,
} from './reject.ts';
import { finish, type Steps } from './steps.ts';
import { SvmTrainer } from './svm.ts';
import type { HeadTrainer, Margins, TrainedModel } from './trainer.ts';
import type { TrainingSet } from './training-set.ts';

/** What a head says of an embedding. */
export interface Prediction {
  /** A label, or `unknown`. */
  readonly label: string;
  /**
   * Score of `nearest`, 0..1: the probability that it is right, given that it is one of the labels, times how typical
   * it is of that label (0.9 at the threshold, nearly 0 far away).
   */
  readonly score: number;
  /** The nearest label, whether or not it is near enough. */
  readonly nearest: string;
  /** How near it is: 0 or more is near enough; -Infinity when a negative is nearer. */
  readonly nearness: number;
  /** Of all labels, nearest first; only their order and differences are meaningful. */
  readonly margins: readonly { readonly label: string; readonly margin: number }[];
}

/** The result for a left-out example. */
export interface Verdict {
  readonly id: string;
  /** The taught label; `unknown` for a negative. */
  readonly label: string;
  /** The result: a label, or `unknown`. */
  readonly named: string;
  readonly nearest: string;
  /** As `Prediction.score`. */
  readonly score: number;
}

/** Description of a head, stored with it. */
export interface HeadInfo {
  readonly name: string;
  /** The trainer's kind: `svm`, `prototypes`, `nearest` or your own. */
  readonly kind: string;
  readonly labels: readonly string[];
  /** SHA-256 of the examples it was trained from. */
  readonly ledgerHash: string;
  readonly examples: number;
  readonly negatives: number;
  /** Fraction of the examples named correctly when left out, over labels with two or more. */
  readonly accuracy: number;
  /** The same for each kind that was tried. */
  readonly accuracies: Readonly<Record<string, number>>;
  readonly falseReject: number;
  /** Fraction of the negatives that are given a label when left out; undefined without negatives. */
  readonly falseAccept?: number;
}

/** Returns the built-in trainers, in order of preference. Make them once per head: they cache intermediate results. */
export function defaultTrainers(): HeadTrainer[] {
  return [new SvmTrainer(), new PrototypeTrainer(), new NearestTrainer()];
}

/**
 * Names regions. Trained from examples, or restored from bytes.
 *
 * @example
 * const head = trainHead('object', data.update(ledger.examples('object')), trainers)!;
 * head.predict(embedding); // { label: 'my cat', score: 0.93, … }
 */
export class Head {
  readonly info: HeadInfo;
  /** The result for each example when left out, in the order of the examples. */
  readonly verdicts: readonly Verdict[];
  readonly #parts: HeadParts;
  #hash: string | undefined;

  /** Made by `trainHead()`. @internal */
  constructor(info: HeadInfo, parts: HeadParts, verdicts: readonly Verdict[]) {
    this.info = info;
    this.#parts = parts;
    this.verdicts = verdicts;
  }

  /** Number of values an embedding must have. */
  get dimension(): number {
    return this.#parts.tensors.prototypes!.shape[1]!;
  }

  /** @throws InputError when the embedding is invalid or of another dimension. */
  predict(embedding: Embedding): Prediction {
    checkEmbedding(embedding, this.dimension);
    const features = featuresOf(embedding);
    const { labels } = this.info;
    const margins = this.#parts.margins(features, embedding);
    const { classLayer, profiles } = this.#parts;
    const profile = classLayer && profiles && profileOf(classLayer, embedding, profileTemperature);
    const { named, nearest, nearness, score } = decide(this.#parts, labels.length, margins, {
      cosines: this.#parts.prototypes(features, embedding),
      profileCosine: profile && profiles!.centred(profile, profileCommonShare),
      strength: strengthOf(features, embedding),
    });
    return {
      label: named === -1 ? unknown : labels[named]!,
      score,
      nearest: labels[nearest]!,
      nearness,
      margins: labels.map((label, i) => ({ label, margin: margins[i]! })).sort((a, b) => b.margin - a.margin),
    };
  }

  /** The same bytes for the same examples, on each processor. */
  serialise(): Buffer {
    const { calibration, reject, tensors, profiles } = this.#parts;
    const verdicts = this.verdicts.map(({ id, label, named, nearest, score }) => [id, label, named, nearest, score]);
    const { threshold, spread, usualStrength } = reject;
    const state = { calibration, threshold, spread, usualStrength, verdicts };
    const rows = this.info.labels.length;
    const bytes = writeSafeTensors({
      metadata: { format, info: JSON.stringify(this.info), state: JSON.stringify(state) },
      tensors: {
        ...tensors,
        centres: { shape: [reject.centres.length], data: reject.centres },
        ...(profiles && {
          profiles: { shape: [rows, profiles.weights.length], data: Int32Array.from(profiles.sums) },
          profile_weights: { shape: [profiles.weights.length], data: profiles.weights },
        }),
      },
    });
    // The bytes may be a megabyte: who stores them is asked for their hash next.
    this.#hash ??= createHash('sha256').update(bytes).digest('hex');
    return bytes;
  }

  /** SHA-256 of its bytes. */
  hash(): string {
    if (this.#hash === undefined) this.serialise();
    return this.#hash!;
  }

  /**
   * Reads what `serialise` wrote.
   *
   * @param classLayer The class layer it was trained with, if any.
   * @throws InputError when it is not a head, of a kind that no trainer here can restore, or of another class layer.
   */
  static parse(bytes: Uint8Array, trainers: readonly HeadTrainer[] = defaultTrainers(), classLayer?: ClassLayer): Head {
    const { metadata, tensors } = readSafeTensors(bytes);
    if (metadata.format !== format)
      throw new InputError(`head: expected format ${format}, got ${shown(metadata.format)}`);
    const { info, state } = readDescription(metadata);
    const trainer = trainers.find(({ kind }) => kind === info.kind);
    if (!trainer) {
      const kinds = trainers.map(({ kind }) => kind).join(', ');
      throw new InputError(`head: expected one of the kinds ${kinds}, got ${shown(info.kind)}`);
    }
    const { centres, prototypes, profiles: sums, profile_weights: weights, ...own } = tensors;
    const classes = prototypes?.shape[0] ?? 0;
    if (!(centres?.data instanceof Float64Array) || !prototypes || classes < info.labels.length) {
      throw new InputError(`head: expected centres and prototypes of ${info.labels.length} labels, got ${classes}`);
    }
    const parts: HeadParts = {
      margins: trainer.restore(own, classes),
      prototypes: prototypeCosines(prototypes, classes),
      common: commonOf(gramOf(prototypes, info.labels.length)),
      calibration: state.calibration,
      reject: {
        ...{ centres: centres.data, threshold: state.threshold, spread: state.spread },
        usualStrength: state.usualStrength,
      },
      tensors: { ...own, prototypes },
      ...(sums && profilesOf(sums, weights, info.labels.length, classLayer)),
    };
    const verdicts = state.verdicts.map(([id, label, named, nearest, score]) => ({
      ...{ id, label, named, nearest, score },
    }));
    return new Head(info, parts, verdicts);
  }
}

const format = 'ocellus-head-4';

interface HeadState {
  readonly calibration: Calibration;
  readonly threshold: number;
  readonly spread: number;
  readonly usualStrength: number;
  /** id, label, named, nearest, score */
  readonly verdicts: readonly [string, string, string, string, number][];
}

function readDescription(metadata: Readonly<Record<string, string>>): { info: HeadInfo; state: HeadState } {
  let info: HeadInfo;
  let state: HeadState;
  try {
    info = JSON.parse(metadata.info ?? '');
    state = JSON.parse(metadata.state ?? '');
  } catch (error) {
    throw new InputError(`head: expected its description in JSON, got ${messageOf(error)}`);
  }
  const { calibration, threshold, spread, usualStrength } = state ?? {};
  const numbers = [calibration?.slope, calibration?.offset, threshold, spread, usualStrength];
  if (!Array.isArray(info?.labels) || info.labels.length === 0 || !numbers.every(Number.isFinite)) {
    throw new InputError(`head: expected labels, a calibration and a threshold, got ${shown(state)}`);
  }
  if (!Array.isArray(state.verdicts) || !state.verdicts.every((verdict) => Array.isArray(verdict))) {
    throw new InputError(`head: expected how its examples came out, got ${shown(state.verdicts)}`);
  }
  return { info, state };
}

interface HeadParts {
  readonly margins: Margins;
  readonly prototypes: Margins;
  readonly common: Common;
  readonly classLayer?: ClassLayer;
  readonly profiles?: ProfileSums;
  readonly calibration: Calibration;
  readonly reject: Reject;
  /** The trainer's tensors, and `prototypes`. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/**
 * Trains a head with each trainer and keeps the first, unless another names more left-out examples correctly, by more
 * than one standard error.
 *
 * @param trainers In order of preference. Trainers that cannot learn from so few examples are skipped.
 * @returns Undefined if there is no example of a label.
 */
export function trainHead(name: string, set: TrainingSet, trainers: readonly HeadTrainer[]): Head | undefined {
  assertShape(
    'trainHead: set',
    set,
    { examples: 'list', labels: 'list', subset: 'function' },
    'a TrainingSet, as TrainingData gives it',
  );
  assertKind('trainHead: trainers', trainers, 'list');
  return finish(trainHeadInSteps(name, set, trainers));
}

/** The same in steps. */
export function* trainHeadInSteps(
  name: string,
  set: TrainingSet,
  trainers: readonly HeadTrainer[],
): Steps<Head | undefined> {
  if (set.labels.length === 0) return undefined;
  const tried: { kind: string; model: TrainedModel; accuracy: number }[] = [];
  for (const trainer of trainers) {
    yield;
    const model = trainer.trainInSteps ? yield* trainer.trainInSteps(set) : trainer.train(set);
    if (model) tried.push({ kind: trainer.kind, model, accuracy: accuracyOf(set, model.leftOut) });
  }
  const [first, ...others] = tried;
  if (!first) return undefined;
  const error = Math.sqrt((first.accuracy * (1 - first.accuracy)) / set.examples.length);
  const best = others.reduce(
    (one, other) => (other.accuracy > Math.max(one.accuracy, first.accuracy + error) ? other : one),
    first,
  );

  const { labels, targets, counts, classes } = set;
  const { weights: prototypes } = linearTensors(set.prototypes, new Float64Array(classes));
  const tensors = { ...best.model.tensors, prototypes: prototypes! };
  const common = commonOf(gramOf(tensors.prototypes, labels.length));
  const weights = set.profiles && separationOf(set.profiles, targets, labels.length);
  yield;
  const profiles = set.profiles && ProfileSums.of(set.profiles, targets, labels.length, weights);
  yield;
  const strengths = set.examples.map(({ embedding }, i) => strengthOf(set.features[i]!, embedding));
  const likenesses = [...targets].map((target, i): Likeness => {
    const profile = set.profiles?.[i];
    const profileCosine = profile && profiles!.centred(profile, profileCommonShare, target);
    const cosines = set.prototypeCosines.subarray(i * classes, (i + 1) * classes);
    return { cosines, profileCosine, strength: strengths[i]! };
  });
  const marginsOf = (i: number) => best.model.leftOut.subarray(i * classes, (i + 1) * classes);
  const sayMuch = [...targets.keys()].filter((i) => counts[targets[i]!]! > 1);
  const calibration = calibrate(
    sayMuch.map((i) => leadOf(marginsOf(i), targets[i]!)),
    classes > 1,
  );
  yield;
  const known = sayMuch.filter((i) => targets[i]! < labels.length);
  const ofLabels = strengths.filter((_, i) => targets[i]! < labels.length);
  const usualStrength = ofLabels.reduce((sum, strength) => sum + strength, 0) / ofLabels.length;
  const leftOut = known.map((i) => {
    const margins = marginsOf(i);
    const named = largest(margins, 0, classes);
    const { second } = nearestTwo(margins, labels.length);
    const chance = chanceOf(calibration, leadOf(margins, named));
    return {
      target: targets[i]!,
      named,
      second,
      chance,
      familiar: familiarityOf(likenesses[i]!, common, usualStrength),
    };
  });
  const reject = yield* learnReject(leftOut, labels.length, usualStrength, profiles !== undefined);
  yield;
  const parts: HeadParts = {
    ...{ margins: best.model.margins, calibration, reject, tensors, common },
    prototypes: prototypeCosines(tensors.prototypes, classes),
    ...(profiles && { profiles, classLayer: set.classLayer }),
  };
  const verdicts: Verdict[] = [];
  for (const [i, { id, label, negative }] of set.examples.entries()) {
    const { named, nearest, score } = decide(parts, labels.length, marginsOf(i), likenesses[i]!);
    const name = named === -1 ? unknown : labels[named]!;
    verdicts.push({ id, label: negative ? unknown : label, named: name, nearest: labels[nearest]!, score });
    yield;
  }
  const negatives = verdicts.filter(({ label }) => label === unknown);
  const accepted = negatives.filter(({ named }) => named !== unknown).length;
  const info: HeadInfo = {
    ...{ name, kind: best.kind, labels, ledgerHash: set.hash },
    ...{ examples: targets.length - negatives.length, negatives: negatives.length },
    accuracy: best.accuracy,
    accuracies: Object.fromEntries(tried.map(({ kind, accuracy }) => [kind, accuracy])),
    falseReject: falseRejectShare,
    ...(negatives.length > 0 && { falseAccept: accepted / negatives.length }),
  };
  return new Head(info, parts, verdicts);
}

function accuracyOf({ targets, counts, classes }: TrainingSet, leftOut: Float64Array): number {
  let right = 0;
  let all = 0;
  for (const [i, target] of targets.entries()) {
    if (counts[target] === 1) continue;
    all++;
    if (largest(leftOut, i * classes, classes) === target) right++;
  }
  return all === 0 ? 0 : right / all;
}

/** What is known about a region beside its margins. */
interface Likeness {
  /** Cosines with each class's prototype. */
  readonly cosines: Float64Array;
  /** Centred cosine of its profile with a label's; undefined if the network's classes are not known. */
  readonly profileCosine: ((label: number) => number) | undefined;
  /** Its `strengthOf`. */
  readonly strength: number;
}

/** How familiar it is as a member of a label. */
function familiarityOf({ cosines, profileCosine, strength }: Likeness, common: Common, usualStrength: number) {
  const factor = strengthFactor(strength, usualStrength);
  return (label: number) => familiarity(label, cosines, common, profileCosine?.(label), factor);
}

/** The nearest label and the one after it; of equal ones the first. */
function nearestTwo(margins: Float64Array, labels: number): { nearest: number; second: number | undefined } {
  const nearest = largest(margins, 0, labels);
  let second: number | undefined;
  for (let c = 0; c < labels; c++) {
    if (c !== nearest && (second === undefined || margins[c]! > margins[second]!)) second = c;
  }
  return { nearest, second };
}

/** @returns `named`: -1 if it is unknown. */
function decide({ calibration, reject, common }: HeadParts, labels: number, margins: Float64Array, likeness: Likeness) {
  const first = largest(margins, 0, margins.length);
  const { nearest, second } = nearestTwo(margins, labels);
  // Otherwise a negative is nearer than all labels.
  const isLabel = first === nearest;
  const chance = chanceOf(calibration, leadOf(margins, first));
  const familiar = familiarityOf(likeness, common, reject.usualStrength);
  const near = typicality(reject, nearest, second, familiar, isLabel ? chance : 1 - chance) - reject.threshold;
  const score = (isLabel ? chance : 1 - chance) * typicalShare(reject, near);
  const nearness = isLabel ? near : Number.NEGATIVE_INFINITY;
  return { named: nearness >= 0 ? nearest : -1, nearest, nearness, score };
}

/** Margins of a class that was not trained may be infinite. */
const mostLead = 100;

/** How far a class is ahead of all others; negative if another one is. 0 if it is the only class. */
function leadOf(margins: Float64Array, of: number): number {
  let other = Number.NEGATIVE_INFINITY;
  for (const [c, margin] of margins.entries()) if (c !== of && margin > other) other = margin;
  const own = margins[of]!;
  return own === other || margins.length === 1 ? 0 : Math.max(-mostLead, Math.min(mostLead, own - other));
}

/** Cosines of the labels' prototypes with each other: labels x labels. */
function gramOf({ shape, data }: Tensor, labels: number): Float64Array {
  const dimension = shape[1]!;
  const row = (c: number) => (data as Float32Array).subarray(c * dimension, (c + 1) * dimension);
  const gram = new Float64Array(labels * labels);
  const products = new Float32Array(1);
  for (let c = 0; c < labels; c++) {
    for (let d = 0; d <= c; d++) {
      kernels.dot.matVecF32(row(c), row(d), products);
      gram[c * labels + d] = gram[d * labels + c] = products[0]!;
    }
  }
  return gram;
}

/** @throws InputError when the tensors are not of this class layer. */
function profilesOf(
  { shape, data }: Tensor,
  weights: Tensor | undefined,
  labels: number,
  classLayer: ClassLayer | undefined,
) {
  const classes = classLayer?.classes;
  const isOfLayer = data instanceof Int32Array && shape[0] === labels && shape[1] === classes;
  if (!classLayer || !isOfLayer || !(weights?.data instanceof Float64Array) || weights.data.length !== classes) {
    const got = classLayer ? `${classes} classes` : 'none';
    throw new InputError(`head: expected the class layer of the network it was trained with, got ${got}`);
  }
  return { classLayer, profiles: new ProfileSums(Float64Array.from(data), weights.data) };
}

function prototypeCosines(prototypes: Tensor, classes: number): Margins {
  const biases: Tensor = { shape: [classes], data: new Float64Array(classes) };
  return linearMargins({ weights: prototypes, biases }, classes);
}

/** The index of the largest number; of equal ones the first. */
function largest(values: Float64Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}
