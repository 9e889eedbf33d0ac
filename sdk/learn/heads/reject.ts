import { sigmoid } from './calibration.ts';
import { type Common, centredCosine } from './common.ts';
import type { Steps } from './steps.ts';

/**
 * When to say `unknown`. The criterion is how typical a region is of the label it was taken for: how familiar it is,
 * less what is usual for that label's examples when left out, plus a fraction of the probability that the name is right.
 * Being more typical of the second nearest label also counts in a region's favour: it may be misnamed, but it is not a
 * stranger.
 */
export interface Reject {
  /** Usual familiarity of each label. */
  readonly centres: Float64Array;
  /** Mean strength of the labels' examples. */
  readonly usualStrength: number;
  /** A region less typical than this is unknown. */
  readonly threshold: number;
  /** Standard deviation over the examples that are named correctly. */
  readonly spread: number;
}

/** Fraction of correctly named examples that become unknown when left out. */
export const falseRejectShare = 0.05;

/**
 * How much of what all labels have in common is subtracted (`centredCosine`) from the features, and from the profiles by
 * the network's own classes. How these values and those below were chosen is in docs/learning.md.
 */
const commonShare = 0.7;
export const profileCommonShare = 0.3;
/** Weight of the network's own classes relative to the embedding. */
const profileWeight = 1.5;
/** Weight of the probability relative to the embedding. */
const chanceWeight = 0.1;
/** Weight of the second nearest label if a region is more typical of it. */
const secondShare = 0.5;
/** The average over all labels counts as this many examples of each: a label's own few say little. */
const sharedWeight = 24;
/**
 * The prior of what is typical, and its weight in examples. A label that is alone looks more familiar, since nothing in
 * common is subtracted.
 */
const prior = {
  familiarity: { plain: 0.5, profiled: { alone: 1.45, besideOthers: 1.3 } },
  ...{ typicality: 0, deviation: 0.12, weight: 5 },
};
/** 5 % of a normal distribution are below the mean minus this many standard deviations. */
const belowMean = 1.645;
/** With fewer examples a normal distribution is assumed, since 5 % of them are too few. */
const fewestForQuantile = 40;
/**
 * The score falls as an object becomes atypical: to one half at this many deviations below the threshold, with this
 * slope.
 */
const [halfBelow, steepness] = [1.25, 1.8];

/** @param gram Cosines of the labels' prototypes with each other: labels x labels. */
export function commonOf(gram: Float64Array): Common {
  const labels = Math.sqrt(gram.length);
  const labelWithMean = new Float64Array(labels);
  let meanSquare = 0;
  for (let c = 0; c < labels; c++) {
    for (let d = 0; d < labels; d++) {
      labelWithMean[c]! += gram[c * labels + d]!;
      meanSquare += gram[c * labels + d]!;
    }
    labelWithMean[c]! /= labels;
  }
  return { labelWithMean, meanSquare: meanSquare / (labels * labels) };
}

/**
 * How familiar a region is as a member of a label: its cosine with the label's prototype, both without what the prototypes
 * have in common, and what the network's own classes say.
 *
 * @param cosines At least those of the embedding's features with each label's prototype.
 * @param common Of the labels' prototypes.
 * @param profile The centred cosine of its profile with the label's; undefined if the network's classes are not known.
 * @param factor For its strength: `strengthFactor`.
 */
export function familiarity(
  label: number,
  cosines: ArrayLike<number>,
  common: Common,
  profile: number | undefined,
  factor: number,
): number {
  const labels = common.labelWithMean.length;
  let withMean = 0;
  for (let c = 0; c < labels; c++) withMean += cosines[c]!;
  const centred = centredCosine(label, cosines[label]!, withMean / labels, common, commonShare);
  return factor * (profile === undefined ? centred : centred + profileWeight * profile);
}

/**
 * What cosines are multiplied by: the square root of an embedding's strength relative to the usual. What a network sees
 * beside the object (a pattern, a background) makes an embedding longer, and each of its cosines smaller in proportion;
 * this restores half of it.
 */
export function strengthFactor(strength: number, usual: number): number {
  return usual > 0 ? Math.sqrt(strength / usual) : 1;
}

/** @param second The second nearest label; undefined if there is only one. */
export function typicality(
  { centres }: Pick<Reject, 'centres'>,
  nearest: number,
  second: number | undefined,
  familiar: (label: number) => number,
  chance: number,
): number {
  const own = familiar(nearest) - centres[nearest]!;
  const other = second === undefined ? own : familiar(second) - centres[second]!;
  return own + secondShare * Math.max(0, other - own) + chanceWeight * chance;
}

/** What a score is multiplied by: 0.99 for a usual region, 0.9 at the threshold, nearly 0 far away. */
export function typicalShare({ spread }: Pick<Reject, 'spread'>, nearness: number): number {
  return sigmoid(steepness * (nearness / spread + halfBelow));
}

/** One left-out example. */
interface LeftOut {
  readonly target: number;
  /** The class; beyond the labels if it is a negative. */
  readonly named: number;
  /** The second nearest label. */
  readonly second: number | undefined;
  /** Probability that its name is right. */
  readonly chance: number;
  readonly familiar: (label: number) => number;
}

/**
 * Learns it from the examples: 5 % of those that were named correctly are rejected.
 *
 * @param leftOut Examples of labels, not negatives, whose label has other examples.
 * @param isProfiled The network's own classes are known.
 */
export function* learnReject(
  leftOut: readonly LeftOut[],
  labels: number,
  usualStrength: number,
  isProfiled: boolean,
): Steps<Reject> {
  const { plain, profiled } = prior.familiarity;
  const known = labels > 1 ? profiled.besideOthers : profiled.alone;
  const usual = isProfiled ? known : plain;
  const mean = (values: readonly number[], of: number, weight = prior.weight) =>
    (values.reduce((sum, value) => sum + value, 0) + weight * of) / (values.length + weight);
  const own: { target: number; familiar: number }[] = [];
  for (const { target, familiar } of leftOut) {
    own.push({ target, familiar: familiar(target) });
    yield;
  }
  const overall = mean(
    own.map(({ familiar }) => familiar),
    usual,
  );
  const centres = Float64Array.from({ length: labels }, (_, label) =>
    mean(
      own.filter(({ target }) => target === label).map(({ familiar }) => familiar),
      overall,
      sharedWeight,
    ),
  );
  const right: number[] = [];
  for (const { target, named, second, familiar, chance } of leftOut) {
    if (target !== named) continue;
    right.push(typicality({ centres }, named, second, familiar, chance));
    yield;
  }
  right.sort((a, b) => a - b);
  const centre = mean(right, prior.typicality);
  const spread = Math.sqrt(
    mean(
      right.map((value) => (value - centre) ** 2),
      prior.deviation ** 2,
    ),
  );
  const threshold =
    right.length >= fewestForQuantile
      ? right[Math.floor(falseRejectShare * right.length)]!
      : centre - belowMean * spread;
  return { centres, usualStrength, threshold, spread };
}
