import { setTimeout as sleep } from 'node:timers/promises';
import { matches } from '../broker/topic-filter.ts';
import { type Link, RefusedError } from '../connection/link.ts';
import type { Incoming } from '../connection/session.ts';

/** MQTT does not tell when all retained messages have arrived; after this long without one they have. */
const quietMs = 500;
const longestMs = 10_000;
const maxTopics = 10_000;
const maxBytes = 16 * 1024 * 1024;

/** Filters of one SUBSCRIBE. */
const maxFilters = 100;

/** Finds what the broker still retains of this node, from an earlier run or before its settings changed. */
export class RetainedScan {
  readonly #filters: string[];
  /** Of these some may be many: topics that are known. */
  readonly #topics: ReadonlySet<string>;
  readonly #wildcards: string[];
  readonly #probe: string | undefined;
  readonly #probeFilters: string[];
  readonly #found = new Map<string, Buffer>();
  #bytes = 0;
  #running = false;
  #heard = 0;
  #isComplete = false;
  #isProbed = false;
  #isRefused = false;

  /**
   * For one scan over one connection.
   *
   * @param probe A topic of several levels on which something of this client is retained for sure: it shows whether the
   * broker gives what it retains to a subscription with wildcards. RabbitMQ does not.
   */
  constructor(filters: readonly string[], probe?: string) {
    this.#filters = [...filters];
    this.#topics = new Set(filters);
    this.#wildcards = filters.filter((filter) => /[+#]/.test(filter));
    this.#probe = probe;
    // Not `a/#`, which is `a` as well: mochi gives that only what is below `a`.
    this.#probeFilters = probe === undefined ? [] : [probe.replace(/[^/]*$/, '+')];
  }

  /** False: the broker tells nothing of what it retains to a subscription with wildcards. */
  get sees(): boolean {
    return this.#probe === undefined || this.#isProbed;
  }

  /** The broker does not let this client subscribe to all that it looks for. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Whether nothing else was found. Unknown when the broker refuses, goes away or has too much. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** @returns The payloads found by topic; none when the broker does not let this client see them. */
  async run(link: Link): Promise<ReadonlyMap<string, Buffer>> {
    const filters = this.#filters;
    this.#running = true;
    let isAll = true;
    try {
      const subscribe = (some: string[], own: boolean) =>
        link.subscribe(some, { qos: 0, retained: true, own }).catch((error: unknown) => {
          // A broker that refuses one of them tells what is on the others.
          if (!(error instanceof RefusedError)) throw error;
          if (error.isOpen) isAll = false;
          else this.#isRefused = true;
        });
      for (const some of chunks(filters)) await subscribe(some, false);
      if (this.#probe !== undefined) await subscribe(this.#probeFilters, true);
      const deadline = performance.now() + longestMs;
      let heard: number;
      do {
        heard = this.#heard;
        await sleep(quietMs, undefined, { ref: false });
      } while (this.#running && heard !== this.#heard && performance.now() < deadline);
      this.#isComplete =
        this.#running && isAll && !this.#isRefused && this.sees && heard === this.#heard && this.#bytes <= maxBytes;
    } catch {
      // The connection is gone: what was found is found.
    }
    this.#running = false;
    // It may fail for the same reasons, and nobody waits for it.
    for (const some of chunks([...filters, ...this.#probeFilters])) link.unsubscribe(some).catch(() => {});
    return this.#found;
  }

  /** @returns True when the message belongs to the scan. */
  take({ topic, payload, retained }: Incoming): boolean {
    if (!this.#running || !retained) return false;
    if (topic === this.#probe) {
      this.#heard++;
      this.#isProbed = true;
      return true;
    }
    if (!this.#topics.has(topic) && !this.#wildcards.some((filter) => matches(filter, topic))) return false;
    this.#heard++;
    this.#bytes += 2 * topic.length + payload.length;
    if (payload.length > 0 && this.#found.size < maxTopics && this.#bytes <= maxBytes) this.#found.set(topic, payload);
    return true;
  }

  stop(): void {
    this.#running = false;
  }
}

function chunks(filters: readonly string[]): string[][] {
  const all: string[][] = [];
  for (let i = 0; i < filters.length; i += maxFilters) all.push(filters.slice(i, i + maxFilters));
  return all;
}
