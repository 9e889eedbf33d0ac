/** What the means of a head's labels have in common: their mean. All are of length 1. */
export interface Common {
  /** The product of each label's mean with the mean of all. */
  readonly labelWithMean: Float64Array;
  /** The squared length of the mean of all. */
  readonly meanSquare: number;
}

/**
 * The cosine with a label's mean after most of what all labels have in common was subtracted from both: with many similar
 * labels (clothing, say) most of a cosine says only that it is something of that sort. With one label nothing is
 * subtracted, since it has nothing in common with others.
 *
 * @param cosine With the label's mean.
 * @param withMean The mean of the cosines with all labels.
 * @param most How much of the common part is subtracted where there are many labels, 0..1.
 */
export function centredCosine(
  label: number,
  cosine: number,
  withMean: number,
  { labelWithMean, meanSquare }: Common,
  most: number,
): number {
  const labels = labelWithMean.length;
  const share = (most * (labels - 1)) / labels;
  const own = labelWithMean[label]!;
  const rest = share * share * meanSquare;
  const product = cosine - share * (withMean + own) + rest;
  const lengths = (1 - 2 * share * withMean + rest) * (1 - 2 * share * own + rest);
  return lengths > 1e-12 ? product / Math.sqrt(lengths) : 0;
}
