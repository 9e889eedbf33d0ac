/** Where the range of a channel ends: beyond it numbers are cut off, within it steps get coarser. */
export type RangeRule =
  /** The least and largest number that was seen, a little wider; of what only depthwise convolutions read, the least squares. */
  | 'widened'
  /** The least and largest number that was seen. */
  | 'min_max'
  /** All but the outermost 0.01 % of what was seen, on either side. */
  | 'percentile'
  /** The end with which what was seen is held with the least sum of squared errors. */
  | 'least_squares';

/** How a network's numbers are brought to 8 bits. */
export interface Recipe {
  readonly range: RangeRule;
  /**
   * Between a scale for each channel (1) and one for all (0): a channel of a small range gets finer steps, but not as fine as it
   * could have, for then its weights would be too small beside the others'.
   */
  readonly share: number;
  /** Of a weight. Two products of 7 and 8 bits fit 16 bits, which matters to other engines, not to ours. */
  readonly weightBits: 7 | 8;
  /** Names of convolutions that are computed in floats. */
  readonly floats: ReadonlySet<string>;
}

/** What `ocellus compile` does. */
export const standardRecipe: Recipe = { range: 'widened', share: 0.8, weightBits: 8, floats: new Set() };
