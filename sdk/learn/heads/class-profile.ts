import type { ClassLayer } from '../../core/cards/class-layer.ts';
import type { Embedding } from '../../core/embedding.ts';
import { expOf } from '../../kernels/boxes/exp.ts';
import { kernels } from '../../kernels/kernels.ts';
import { type Common, centredCosine } from './common.ts';
import type { Features } from './features.ts';

const largest = 127;

/**
 * The temperature of the profiles that heads compare. A network is surer of its classes than it should be where it sees
 * what it was not trained on, and the examples of a label are few: flatter profiles have more in common.
 */
export const profileTemperature = 1.3;

/**
 * What an embedding network's own classes say of an embedding: the square roots of their probabilities, in 8 bits. The
 * cosine of two of them is the Bhattacharyya coefficient. It costs almost nothing, and separates untaught objects from
 * taught ones better than the embedding does (docs/learning.md).
 *
 * The products are exact integers, e^x and the square root are the same on each processor.
 *
 * @param temperature What the logits are divided by.
 */
export function profileOf(
  { weights, scales, biases, classes }: ClassLayer,
  embedding: Embedding,
  temperature = 1,
): Features {
  const dots = new Int32Array(classes);
  kernels.dot.matVecI8(weights, embedding.values, dots);
  const logits = scales.map((scale, c) => (dots[c]! * scale * embedding.scale + biases[c]!) / temperature);
  let best = Number.NEGATIVE_INFINITY;
  for (const logit of logits) best = Math.max(best, logit);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += logits[c] = expOf(Math.fround(Math.max(-80, logits[c]! - best)));
  const values = new Int8Array(classes);
  for (let c = 0; c < classes; c++) values[c] = Math.round(largest * Math.sqrt(logits[c]! / sum));
  return { values, length: Math.sqrt(kernels.dot.dotI8(values, values)) };
}

/**
 * How well each of the network's classes separates these labels: the square root of the variance between them over the one
 * within them (Fisher's criterion), each with the mean over all classes added, since there are few examples.
 *
 * @param targets The label of each profile; those beyond the labels are ignored.
 * @returns A weight for each class; all are 1 where there is one label, or one example of each.
 */
export function separationOf(
  profiles: readonly Features[],
  targets: ArrayLike<number>,
  labels: number,
): Float64Array<ArrayBuffer> {
  const classes = profiles[0]?.values.length ?? 0;
  const sums = sumsOf(profiles, targets, labels);
  const counts = new Float64Array(labels);
  const within = new Float64Array(classes);
  for (const [i, { values }] of profiles.entries()) {
    const target = targets[i]!;
    if (target >= labels) continue;
    counts[target]!++;
    for (let c = 0; c < classes; c++) within[c]! += values[c]! * values[c]!;
  }
  const free = counts.reduce((all, count) => all + count - 1, 0);
  const weights = new Float64Array(classes).fill(1);
  if (labels < 2 || free === 0) return weights;
  const between = new Float64Array(classes);
  let [allBetween, allWithin] = [0, 0];
  for (let c = 0; c < classes; c++) {
    let [mean, square] = [0, 0];
    for (let label = 0; label < labels; label++) {
      const sum = sums[label * classes + c]!;
      const own = sum / counts[label]!;
      within[c]! -= sum * own;
      mean += own / labels;
      square += (own * own) / labels;
    }
    // Rounding can leave a little below 0 where all are equal.
    within[c] = Math.max(0, within[c]!) / free;
    between[c] = Math.max(0, square - mean * mean);
    allWithin += within[c]! / classes;
    allBetween += between[c]! / classes;
  }
  if (allWithin === 0) return weights;
  for (let c = 0; c < classes; c++) weights[c] = Math.sqrt((between[c]! + allBetween) / (within[c]! + allWithin));
  return weights;
}

/** Labels x classes; integers. */
function sumsOf(profiles: readonly Features[], targets: ArrayLike<number>, labels: number): Float64Array {
  const classes = profiles[0]?.values.length ?? 0;
  const sums = new Float64Array(labels * classes);
  for (const [i, { values }] of profiles.entries()) {
    const target = targets[i]!;
    if (target >= labels) continue;
    for (let c = 0, at = target * classes; c < classes; c++, at++) sums[at]! += values[c]!;
  }
  return sums;
}

/** The sums of the profiles of each label's examples, and the cosines of others with them. */
export class ProfileSums {
  /** labels x classes; integers. */
  readonly sums: Float64Array;
  /** How much each class counts in a product. */
  readonly weights: Float64Array;
  readonly #squares: Float64Array;
  /** The mean of all labels' means at length 1, times the weights. */
  readonly #mean: Float64Array;
  readonly #common: Common;

  constructor(sums: Float64Array, weights: Float64Array) {
    this.sums = sums;
    this.weights = weights;
    const classes = weights.length;
    const labels = sums.length / classes;
    this.#squares = Float64Array.from({ length: labels }, (_, label) => {
      let square = 0;
      for (let c = 0, at = label * classes; c < classes; c++, at++) square += weights[c]! * sums[at]! * sums[at]!;
      return square;
    });
    this.#mean = new Float64Array(classes);
    for (let label = 0; label < labels; label++) {
      const length = Math.sqrt(this.#squares[label]!);
      if (length === 0) continue;
      for (let c = 0, at = label * classes; c < classes; c++, at++) {
        this.#mean[c]! += (weights[c]! * sums[at]!) / (length * labels);
      }
    }
    const labelWithMean = this.#squares.map((square, label) => {
      let dot = 0;
      for (let c = 0, at = label * classes; c < classes; c++, at++) dot += this.#mean[c]! * sums[at]!;
      return square > 0 ? dot / Math.sqrt(square) : 0;
    });
    this.#common = { labelWithMean, meanSquare: labelWithMean.reduce((all, one) => all + one, 0) / labels };
  }

  /**
   * @param targets The label of each profile; those beyond the labels are ignored.
   * @param weights Of the classes. Default: all are 1.
   */
  static of(
    profiles: readonly Features[],
    targets: ArrayLike<number>,
    labels: number,
    weights: Float64Array = new Float64Array(profiles[0]?.values.length ?? 0).fill(1),
  ): ProfileSums {
    return new ProfileSums(sumsOf(profiles, targets, labels), weights);
  }

  /** The cosine of a profile with the mean of a label's. @param isOwn It is one of them: then the mean is without it. */
  cosine(profile: Features, label: number, isOwn = false): number {
    return this.#cosine(profile, this.#square(profile), label, isOwn);
  }

  /**
   * The same after most of what the labels have in common was subtracted: `centredCosine`.
   *
   * @param most How much of it is subtracted where there are many labels, 0..1.
   * @param own The label that it is an example of, if any: that one's mean is without it.
   */
  centred(profile: Features, most: number, own?: number): (label: number) => number {
    const known = new Map<number, number>();
    let ownSquare: number | undefined;
    let withMean = 0;
    return (label) => {
      if (ownSquare === undefined) {
        ownSquare = this.#square(profile);
        withMean = this.#withMean(profile, ownSquare, own);
      }
      const value =
        known.get(label) ??
        centredCosine(label, this.#cosine(profile, ownSquare, label, label === own), withMean, this.#common, most);
      known.set(label, value);
      return value;
    };
  }

  /** The mean of its cosines with all labels. */
  #withMean(profile: Features, ownSquare: number, own: number | undefined): number {
    let dot = 0;
    for (let c = 0; c < this.#mean.length; c++) dot += this.#mean[c]! * profile.values[c]!;
    const mean = ownSquare > 0 ? dot / Math.sqrt(ownSquare) : 0;
    const labels = this.#squares.length;
    if (own === undefined || own >= labels) return mean;
    const more = this.#cosine(profile, ownSquare, own, true) - this.#cosine(profile, ownSquare, own, false);
    return mean + more / labels;
  }

  #square({ values }: Features): number {
    let square = 0;
    for (let c = 0; c < values.length; c++) square += this.weights[c]! * values[c]! * values[c]!;
    return square;
  }

  /** @param ownSquare Of the profile. */
  #cosine({ values }: Features, ownSquare: number, label: number, isOwn: boolean): number {
    const classes = this.weights.length;
    let dot = 0;
    for (let c = 0, at = label * classes; c < classes; c++, at++) dot += this.weights[c]! * values[c]! * this.sums[at]!;
    let square = this.#squares[label]!;
    if (isOwn) {
      square += ownSquare - 2 * dot;
      dot -= ownSquare;
    }
    // Rounding can leave a little below 0 where nothing is left.
    return square > 0.5 && ownSquare > 0 ? dot / Math.sqrt(ownSquare * square) : -1;
  }
}
