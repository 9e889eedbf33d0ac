import type { Measured } from './network/network.ts';
import type { Ranges } from './ranges.ts';

const bins = 1024;
/** Parts of the largest number that are tried as the end of the range. */
const ends = Array.from({ length: 18 }, (_, i) => 0.3 + 0.05 * i);
const steps = 255;
/** The part of what was seen that a percentile leaves out on either side. */
const left = 1e-4;

/** How often the numbers of each channel lie where within the channel's range. */
export class Histograms {
  readonly #ranges: Ranges;
  readonly #counts: Uint32Array;
  #best: Ranges | undefined;

  constructor(ranges: Ranges) {
    this.#ranges = ranges;
    this.#counts = new Uint32Array(ranges.low.length * bins);
  }

  /** @param numbers A tensor's, in the order of its dimensions. */
  add(numbers: ArrayLike<number>, { dims }: Measured): void {
    const stretches = dims.flat();
    const { low, high } = this.#ranges;
    let at = 0;
    const walk = (depth: number, channel: number) => {
      const { axis, size, step } = stretches[depth] ?? { axis: 'w' as const, size: 1, step: 1 };
      const apart = axis === 'c' ? step : 0;
      for (let i = 0; i < size; i++) {
        const c = channel + i * apart;
        if (depth < stretches.length - 1) {
          walk(depth + 1, c);
          continue;
        }
        const share = (numbers[at++]! - low[c]!) / (high[c]! - low[c]!);
        // A channel that is always the same has no share.
        if (share >= 0) this.#counts[c * bins + Math.min(bins - 1, Math.floor(share * bins))]!++;
      }
    };
    walk(0, 0);
  }

  /**
   * The ranges in which 256 steps hold the numbers best: with the least sum of squared errors. What lies beyond is cut off, all
   * else has the finer steps.
   */
  bestRanges(): Ranges {
    const { low, high } = this.#ranges;
    this.#best ??= { low, high: high.map((_, c) => this.#bestEnd(c)) };
    return this.#best;
  }

  /** The ranges that hold all but the outermost numbers. */
  percentileRanges(): Ranges {
    const { low, high } = this.#ranges;
    const ends = Array.from(high, (_, c) => this.#percentile(c));
    return { low: low.map((_, c) => ends[c]![0]), high: high.map((_, c) => ends[c]![1]) };
  }

  #percentile(c: number): readonly [number, number] {
    const [low, high] = [this.#ranges.low[c]!, this.#ranges.high[c]!];
    const counts = this.#counts.subarray(c * bins, (c + 1) * bins);
    const most = left * counts.reduce((sum, count) => sum + count, 0);
    let [first, last] = [0, bins - 1];
    for (let sum = counts[first]!; sum <= most && first < last; ) sum += counts[++first]!;
    for (let sum = counts[last]!; sum <= most && first < last; ) sum += counts[--last]!;
    const at = (bin: number) => low + (bin / bins) * (high - low);
    return [at(first), at(last + 1)];
  }

  #bestEnd(c: number): number {
    const [low, high] = [this.#ranges.low[c]!, this.#ranges.high[c]!];
    const bottom = Math.min(0, low);
    if (!(high > 0) || !(high > low)) return high;
    let best = high;
    let least = Number.POSITIVE_INFINITY;
    for (const end of ends) {
      const step = (end * high - bottom) / steps;
      const zero = Math.round(-bottom / step);
      let error = 0;
      for (let bin = 0; bin < bins; bin++) {
        const count = this.#counts[c * bins + bin]!;
        if (count === 0) continue;
        const value = low + ((bin + 0.5) / bins) * (high - low);
        const held = (Math.min(steps, Math.max(0, Math.round(value / step) + zero)) - zero) * step;
        error += count * (held - value) ** 2;
      }
      if (error < least) {
        least = error;
        best = end * high;
      }
    }
    return best;
  }
}
