import { TokenBucket } from '../base/token-bucket.ts';
import { networkOf } from './network.ts';

export interface AttemptLimits {
  /** Wrong passwords in a row that one network may give; then one more each `eachMs`. */
  burst?: number;
  eachMs?: number;
  /** The same for all networks together. */
  burstOfAll?: number;
  eachOfAllMs?: number;
  /** Clock in ms; for tests. */
  now?: () => number;
}

/** Networks that are remembered. Those that are forgotten still count among all. */
const mostNetworks = 1024;

/** Bounds how often passwords may be guessed: for each network (an IPv4 address, a /64 of IPv6), and in all. */
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
   * Takes one attempt, before the password is looked at: those who try at the same time cannot all pass.
   *
   * @returns 0, or the seconds until there is one again.
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

  /** The attempt that was taken was right, or was never looked at: it does not count. */
  giveBack(address: string): void {
    this.#networks.get(networkOf(address))?.giveBack();
    this.#all.giveBack();
  }
}
