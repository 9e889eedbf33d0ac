/** Lets so many through in a second on average, and at most so many at once. */
export class Pace {
  readonly #perSecond: number;
  readonly #burst: number;
  #allowance: number;
  #countedMs = performance.now();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#allowance = burst;
  }

  /** How long until the next one may go, ms. */
  get waitMs(): number {
    const now = performance.now();
    this.#allowance = Math.min(this.#burst, this.#allowance + ((now - this.#countedMs) / 1000) * this.#perSecond);
    this.#countedMs = now;
    return this.#allowance >= 1 ? 0 : Math.ceil(((1 - this.#allowance) / this.#perSecond) * 1000);
  }

  /** One goes. */
  take(): void {
    this.#allowance--;
  }
}
