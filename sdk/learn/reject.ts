/**
 * When to say `unknown`. What is compared is how typical a region is of the label it was taken for: its cosine with the
 * label's prototype, less what examples of that label have when they are left out, plus a little of the
 * chance that the name is right.
 */
export interface Reject {
  /** What is usual for each label. */
  readonly centres: Float64Array;
  /** Less typical than this is unknown. */
  readonly threshold: number;
}

/** Rightly named examples, when they are left out, that come out as unknown. */
export const falseRejectShare = 0.05;

/** Measured: pictures of clothing, 20 a class. */
const chanceWeight = 0.1;
/** What is taken for usual until examples say more: they count as so many. */
const prior = { cosine: 0.6, deviation: 0.08, weight: 5 };
/** The normal distribution has 5 % below the mean less so many deviations. */
const belowMean = 1.645;
/** With fewer the distribution is taken for normal, since five in a hundred of them is not even one. */
const fewestForQuantile = 40;

export function typicality(
  { centres }: Pick<Reject, 'centres'>,
  label: number,
  cosine: number,
  chance: number,
): number {
  return cosine - centres[label]! + chanceWeight * chance;
}

/** One example that was left out. */
interface LeftOut {
  readonly target: number;
  readonly named: number;
  /** That its name is right. */
  readonly chance: number;
  /** With the prototype of its own label, and of the one it was taken for. */
  readonly cosine: number;
  readonly namedCosine: number;
}

/**
 * Learns it from the examples: 5 % of those that were named rightly are let go.
 *
 * @param leftOut Of labels, not negatives; those whose label has others.
 */
export function learnReject(leftOut: readonly LeftOut[], labels: number): Reject {
  const mean = (values: readonly number[], of: number) =>
    (values.reduce((sum, value) => sum + value, 0) + prior.weight * of) / (values.length + prior.weight);
  const overall = mean(
    leftOut.map(({ cosine }) => cosine),
    prior.cosine,
  );
  const centres = Float64Array.from({ length: labels }, (_, label) =>
    mean(
      leftOut.filter(({ target }) => target === label).map(({ cosine }) => cosine),
      overall,
    ),
  );
  const right = leftOut
    .filter(({ target, named }) => target === named)
    .map(({ named, namedCosine, chance }) => typicality({ centres }, named, namedCosine, chance))
    .sort((a, b) => a - b);
  if (right.length >= fewestForQuantile) {
    return { centres, threshold: right[Math.floor(falseRejectShare * right.length)]! };
  }
  const centre = mean(right, 0);
  const spread = mean(
    right.map((value) => (value - centre) ** 2),
    prior.deviation ** 2,
  );
  return { centres, threshold: centre - belowMean * Math.sqrt(spread) };
}
