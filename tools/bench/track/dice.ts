import { normal, random } from '../../../sdk/base/random.ts';

/** Random numbers that are the same each time for the same seed (`random()` of a text). */
export class Dice {
  readonly #next: () => number;

  /** @param seed Any text: each part of a scene has dice of its own, so that a change to one part leaves the others. */
  constructor(seed: string) {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    this.#next = random(hash);
  }

  /** 0 to 1. */
  share(): number {
    return this.#next();
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.share();
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.share());
  }

  /** True in such a share of the throws. */
  chance(share: number): boolean {
    return this.share() < share;
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.whole(0, values.length - 1)]!;
  }

  /** Normally distributed with a standard deviation of 1 (Box and Muller). */
  normal(): number {
    return normal(this.#next);
  }

  /** How many of what happens `mean` times on average (Knuth). */
  count(mean: number): number {
    const limit = Math.exp(-mean);
    let product = this.share();
    let count = 0;
    while (product > limit) {
      product *= this.share();
      count++;
    }
    return count;
  }
}
