export interface RecentSumOptions {
  /** How far back it reaches is `steps` times `stepMs`, to the step. */
  readonly steps: number;
  readonly stepMs: number;
  /** A clock in ms that never goes back. Default: `performance.now()`. */
  readonly now?: () => number;
}

/** The sum over a sliding window of time, in constant memory: one number per time step. */
export class RecentSum {
  readonly #sums: Float64Array;
  readonly #stepMs: number;
  readonly #now: () => number;
  #step: number;

  constructor({ steps, stepMs, now = () => performance.now() }: RecentSumOptions) {
    this.#sums = new Float64Array(steps);
    this.#stepMs = stepMs;
    this.#now = now;
    this.#step = this.#currentStep();
  }

  add(amount = 1): void {
    this.#forget();
    this.#sums[this.#step % this.#sums.length]! += amount;
  }

  get sum(): number {
    this.#forget();
    return this.#sums.reduce((sum, one) => sum + one, 0);
  }

  /** Clears the steps that began since the last call. */
  #forget(): void {
    const current = this.#currentStep();
    const steps = this.#sums.length;
    const first = Math.max(this.#step + 1, current - steps + 1);
    for (let step = first; step <= current; step++) this.#sums[step % steps] = 0;
    this.#step = current;
  }

  #currentStep(): number {
    return Math.floor(this.#now() / this.#stepMs);
  }
}
