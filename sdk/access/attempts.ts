import { TokenBucket } from '../base/token-bucket.ts';
import { networkOf } from './network.ts';

export interface AttemptLimits {
  /** Wrong passwords in a row allowed from one network; after that, one more every `eachMs`. */
  burst?: number;
  eachMs?: number;
  /** The same limit for all networks together. */
  burstOfAll?: number;
  eachOfAllMs?: number;
  /** Clock in ms; for tests. */
  now?: () => number;
}

/** Networks that are remembered. Forgotten ones still count towards the total. */
const mostNetworks = 1024;

/** Limits how often passwords may be guessed: per network (an IPv4 address, an IPv6 /64), and in total. */
export class Attempts {
  readonly #limits: Required<AttemptLimits>;
  /** The one that tried last at the end. */
  readonly #networks = new Map<string, TokenBucket>();
  readonly #all: TokenBucket;

  constructor(limits: AttemptLimits = {}) {
    this.#limits = {
      burst: 5,
      eachMs: 20_000,
      burstOfAll: 50,
      eachOfAllMs: 2_000,
      now: () => performance.now(),
      ...limits,
    };
    const { burstOfAll, eachOfAllMs, now } = this.#limits;
    this.#all = new TokenBucket({ burst: burstOfAll, eachMs: eachOfAllMs, now });
  }

  /** Networks that are remembered now. */
  get size(): number {
    return this.#networks.size;
  }

  /**
   * Takes one attempt, before the password is checked, so that simultaneous tries cannot all pass.
   *
   * @returns 0, or the seconds until the next attempt is allowed.
   */
  take(address: string): number {
    const network = networkOf(address);
    const bucket = this.#networks.get(network) ?? new TokenBucket(this.#limits);
    this.#networks.delete(network);
    this.#networks.set(network, bucket);
    if (this.#networks.size > mostNetworks) this.#networks.delete(this.#networks.keys().next().value!);
    // Both or none.
    const waitMs = Math.max(bucket.waitMs, this.#all.waitMs);
    if (waitMs > 0) return Math.ceil(waitMs / 1000);
    bucket.take();
    this.#all.take();
    return 0;
  }

  /** Returns an attempt that turned out right, or was never checked: it does not count. */
  giveBack(address: string): void {
    this.#networks.get(networkOf(address))?.giveBack();
    this.#all.giveBack();
  }
}
