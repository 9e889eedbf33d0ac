const firstMs = 500;
const longestMs = 30_000;

/**
 * How long to wait before the next try: exponential backoff from half a second to 30 s. Each wait is a random part
 * between half of that and all of it, so that ten cameras behind one switch do not all reconnect at once.
 */
export class Backoff {
  readonly #random: () => number;
  #ceilingMs = firstMs;

  /** @param random Returns numbers from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next wait in ms. */
  next(): number {
    const ceiling = this.#ceilingMs;
    this.#ceilingMs = Math.min(ceiling * 2, longestMs);
    return (ceiling / 2) * (1 + this.#random());
  }

  /** Resets after a success: the next failure counts as the first. */
  reset(): void {
    this.#ceilingMs = firstMs;
  }
}
