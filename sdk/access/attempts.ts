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

/** A bucket of attempts that fills up again with time. */
interface Bucket {
  left: number;
  at: number;
}

/** Networks that are remembered. Those that are forgotten still count among all. */
const mostNetworks = 1024;

/** Bounds how often passwords may be guessed: for each network (an IPv4 address, a /64 of IPv6), and in all. */
export class Attempts {
  readonly #limits: Required<AttemptLimits>;
  /** The one that tried last at the end. */
  readonly #networks = new Map<string, Bucket>();
  readonly #all: Bucket;

  constructor(limits: AttemptLimits = {}) {
    this.#limits = {
      burst: 5,
      eachMs: 20_000,
      burstOfAll: 50,
      eachOfAllMs: 2_000,
      now: () => performance.now(),
      ...limits,
    };
    this.#all = { left: this.#limits.burstOfAll, at: this.#limits.now() };
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
    const { burst, eachMs, burstOfAll, eachOfAllMs, now } = this.#limits;
    const network = networkOf(address);
    const bucket = this.#networks.get(network) ?? { left: burst, at: now() };
    this.#networks.delete(network);
    this.#networks.set(network, bucket);
    if (this.#networks.size > mostNetworks) this.#networks.delete(this.#networks.keys().next().value!);
    fill(bucket, burst, eachMs, now());
    fill(this.#all, burstOfAll, eachOfAllMs, now());
    const wait = Math.max((1 - bucket.left) * eachMs, (1 - this.#all.left) * eachOfAllMs);
    if (wait > 0) return Math.ceil(wait / 1000);
    bucket.left--;
    this.#all.left--;
    return 0;
  }

  /** The attempt that was taken was right, or was never looked at: it does not count. */
  giveBack(address: string): void {
    const { burst, burstOfAll } = this.#limits;
    const bucket = this.#networks.get(networkOf(address));
    if (bucket) bucket.left = Math.min(burst, bucket.left + 1);
    this.#all.left = Math.min(burstOfAll, this.#all.left + 1);
  }
}

function fill(bucket: Bucket, most: number, eachMs: number, now: number): void {
  bucket.left = Math.min(most, bucket.left + (now - bucket.at) / eachMs);
  bucket.at = now;
}
