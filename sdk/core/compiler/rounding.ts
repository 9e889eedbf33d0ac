import { nearest } from '../program/arithmetic.ts';
import { inverseUpper } from './linear-algebra.ts';
import type { Moments } from './moments.ts';

/** Beside each input's own variance, so that those which hardly vary, or vary as others do, have an inverse. */
const damping = 0.01;

/**
 * Rounds the weights of an output channel one after the other, and lets those that are not rounded yet make up for the error, as far
 * as their inputs vary together: the output is what comes nearer, not each weight. (Second-order rounding: Frantar and Alistarh,
 * "Optimal Brain Compression", 2022.)
 */
export class Rounding {
  /** Of the inputs, in integers of theirs. */
  readonly variances: Float64Array;
  readonly #size: number;
  readonly #most: number;
  /** Inputs by how much they vary: the largest first, as the last ones have nobody who makes up for them. */
  readonly #order: readonly number[];
  readonly #upper: Float64Array | undefined;
  readonly #mean: Float64Array;

  /**
   * @param set Of a depthwise convolution: the channel.
   * @param scales Of each input: what one of its integers is worth.
   * @param most The largest integer that a weight may become.
   */
  constructor({ size, mean, covariance }: Moments, set: number, scales: ArrayLike<number>, most: number) {
    const from = set * size;
    this.#size = size;
    this.#most = most;
    this.#mean = Float64Array.from({ length: size }, (_, i) => mean[from + i]! / scales[i]!);
    const own = Float64Array.from({ length: size }, (_, i) => covariance[(from + i) * size + i]! / scales[i]! ** 2);
    const order = Array.from(own, (_, i) => i).sort((a, b) => own[b]! - own[a]!);
    const damped = (damping * own.reduce((sum, one) => sum + one, 0)) / size + 1e-9;
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      const a = order[i]!;
      for (let j = 0; j < size; j++) {
        const b = order[j]!;
        matrix[i * size + j] = covariance[(from + a) * size + b]! / (scales[a]! * scales[b]!);
      }
      matrix[i * size + i]! += damped;
    }
    this.variances = own.map((one) => one + damped);
    this.#order = order;
    this.#upper = inverseUpper(matrix, size);
  }

  /** @param row Weights with the inputs' scales in them. @param scale What an integer of them is worth. */
  round(row: Float64Array, scale: number): Int8Array {
    const size = this.#size;
    const most = this.#most;
    const upper = this.#upper;
    const left = Float64Array.from(this.#order, (at) => row[at]!);
    const rounded = new Int8Array(size);
    for (let i = 0; i < size; i++) {
      const held = Math.min(most, Math.max(-most, nearest(left[i]! / scale)));
      rounded[this.#order[i]!] = held;
      if (!upper) continue;
      const error = (left[i]! - held * scale) / upper[i * size + i]!;
      for (let j = i + 1; j < size; j++) left[j]! -= error * upper[i * size + j]!;
    }
    return rounded;
  }

  /** What the output is short of on average, after its weights were rounded. */
  shortfall(row: Float64Array, rounded: Int8Array, scale: number): number {
    return row.reduce((sum, weight, i) => sum + (weight - rounded[i]! * scale) * this.#mean[i]!, 0);
  }
}
