export interface TokenBucketOptions {
  /** Tokens in a full bucket, with which it begins. */
  readonly burst: number;
  /** Milliseconds until one more token; 0: no limit. */
  readonly eachMs: number;
  /** Clock in ms; for tests. */
  readonly now?: () => number;
}

/** Limits how often something may happen. */
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

  /** Milliseconds until there is a token; 0 when there is one. */
  get waitMs(): number {
    this.#fill();
    return this.#tokens >= 1 ? 0 : (1 - this.#tokens) * this.#eachMs;
  }

  /** @returns False when there is none. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Puts a token back: what it was taken for does not count. */
  giveBack(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  #fill(): void {
    const now = this.#now();
    // 0 ms in steps of 0 ms would be NaN.
    const gained = this.#eachMs > 0 ? (now - this.#filledAt) / this.#eachMs : this.#burst;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
