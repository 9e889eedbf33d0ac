const firstMs = 500;
const longestMs = 30_000;

/**
 * How long to wait before the next try: half a second, then twice as long each time, up to 30 s. Each wait is between
 * half of that and all of it, by chance, so that ten cameras behind one switch do not all come back at once.
 */
export class Backoff {
  readonly #random: () => number;
  #ceilingMs = firstMs;

  /** @param random Gives numbers from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next wait in ms. */
  next(): number {
    const ceiling = this.#ceilingMs;
    this.#ceilingMs = Math.min(ceiling * 2, longestMs);
    return (ceiling / 2) * (1 + this.#random());
  }

  /** All is well again: the next failure is the first. */
  reset(): void {
    this.#ceilingMs = firstMs;
  }
}
