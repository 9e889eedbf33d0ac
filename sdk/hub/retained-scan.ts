import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './link.ts';
import type { Incoming } from './session.ts';
import type { NodeTopics } from './topics.ts';

/** MQTT does not say when all retained messages have come; after so long without one they have. */
const quietMs = 500;
const longestMs = 10_000;
const maxTopics = 10_000;

/** Finds what the broker still retains of this node, from an earlier run or before its settings changed. */
export class RetainedScan {
  readonly #topics: NodeTopics;
  readonly #found = new Set<string>();
  #running = false;
  #heard = 0;

  /** For one look over one connection. */
  constructor(topics: NodeTopics) {
    this.#topics = topics;
  }

  /** @returns The topics found; none when the broker does not let this client look. */
  async run(link: Link): Promise<ReadonlySet<string>> {
    const filters = this.#topics.retained;
    this.#running = true;
    try {
      await link.subscribe(filters, { qos: 0, retained: true });
      const deadline = performance.now() + longestMs;
      let heard: number;
      do {
        heard = this.#heard;
        await sleep(quietMs, undefined, { ref: false });
      } while (this.#running && heard !== this.#heard && performance.now() < deadline);
    } catch {
      // Some or all were refused, or the connection is gone: what was found is found.
    }
    this.#running = false;
    // It may fail for the same reasons, and nobody waits for it.
    link.unsubscribe(filters).catch(() => {});
    return this.#found;
  }

  /** @returns True when the message belongs to the scan. */
  take({ topic, payload, retained }: Incoming): boolean {
    if (!this.#running || !retained || this.#topics.command(topic)) return false;
    this.#heard++;
    if (payload.length > 0 && this.#found.size < maxTopics) this.#found.add(topic);
    return true;
  }

  stop(): void {
    this.#running = false;
  }
}
