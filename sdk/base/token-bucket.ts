export interface TokenBucketOptions {
  /** So many at once. It begins full. */
  readonly burst: number;
  /** In the long run, one each so many milliseconds; 0: there is no bound. */
  readonly eachMs: number;
  /** Clock in ms; for tests. */
  readonly now?: () => number;
}

/** Bounds how often something may happen. */
export class TokenBucket {
  readonly #burst: number;
  readonly #eachMs: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor({ burst, eachMs, now = () => performance.now() }: TokenBucketOptions) {
    this.#burst = burst;
    this.#eachMs = eachMs;
    this.#now = now;
    this.#tokens = burst;
    this.#filledAt = now();
  }

  /** How long until there is a token, ms; 0 when there is one. */
  get waitMs(): number {
    this.#fill();
    return this.#tokens >= 1 ? 0 : (1 - this.#tokens) * this.#eachMs;
  }

  /** @returns False: there is none, not this time. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** What was taken does not count. */
  giveBack(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  #fill(): void {
    const now = this.#now();
    // 0 ms in steps of 0 ms would be no number.
    const gained = this.#eachMs > 0 ? (now - this.#filledAt) / this.#eachMs : this.#burst;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
