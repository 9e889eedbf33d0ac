import type { ClassLayer } from '../../core/cards/class-layer.ts';
import type { Embedding } from '../../core/embedding.ts';
import { expOf } from '../../kernels/boxes/exp.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { Features } from './features.ts';

const largest = 127;

/**
 * What an embedding network's own classes say of an embedding: the square roots of their probabilities, in 8 bits. The
 * cosine of two of them is the Bhattacharyya coefficient. It costs almost nothing, and separates untaught objects from
 * taught ones better than the embedding does (docs/learning.md).
 *
 * The products are exact integers, e^x and the square root are the same on each processor.
 */
export function profileOf({ weights, scales, biases, classes }: ClassLayer, embedding: Embedding): Features {
  const dots = new Int32Array(classes);
  kernels.dot.matVecI8(weights, embedding.values, dots);
  const logits = scales.map((scale, c) => dots[c]! * scale * embedding.scale + biases[c]!);
  let best = Number.NEGATIVE_INFINITY;
  for (const logit of logits) best = Math.max(best, logit);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += logits[c] = expOf(Math.fround(Math.max(-80, logits[c]! - best)));
  const values = new Int8Array(classes);
  for (let c = 0; c < classes; c++) values[c] = Math.round(largest * Math.sqrt(logits[c]! / sum));
  return { values, length: Math.sqrt(kernels.dot.dotI8(values, values)) };
}

/** The sums of the profiles of each label's examples, and the cosines of others with them. */
export class ProfileSums {
  /** labels x classes; integers. */
  readonly sums: Float64Array;
  readonly #classes: number;
  readonly #squares: Float64Array;

  constructor(sums: Float64Array, classes: number) {
    this.sums = sums;
    this.#classes = classes;
    this.#squares = Float64Array.from({ length: sums.length / classes }, (_, label) => {
      let square = 0;
      for (let c = label * classes; c < (label + 1) * classes; c++) square += sums[c]! * sums[c]!;
      return square;
    });
  }

  /** @param targets The label of each profile; those beyond the labels are ignored. */
  static of(profiles: readonly Features[], targets: ArrayLike<number>, labels: number): ProfileSums {
    const classes = profiles[0]?.values.length ?? 0;
    const sums = new Float64Array(labels * classes);
    for (const [i, { values }] of profiles.entries()) {
      const target = targets[i]!;
      if (target >= labels) continue;
      for (let c = 0, at = target * classes; c < classes; c++, at++) sums[at]! += values[c]!;
    }
    return new ProfileSums(sums, classes);
  }

  /** The cosine of a profile with the mean of a label's. @param isOwn It is one of them: then the mean is without it. */
  cosine({ values, length }: Features, label: number, isOwn = false): number {
    let dot = 0;
    for (let c = 0, at = label * this.#classes; c < this.#classes; c++, at++) dot += values[c]! * this.sums[at]!;
    let square = this.#squares[label]!;
    if (isOwn) {
      const own = length * length;
      square += own - 2 * dot;
      dot -= own;
    }
    // Rounding can leave a little below 0 where nothing is left.
    return square > 0.5 ? dot / (length * Math.sqrt(square)) : -1;
  }
}
