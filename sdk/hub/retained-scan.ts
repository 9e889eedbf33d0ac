import { setTimeout as sleep } from 'node:timers/promises';
import { type Link, RefusedError } from './link.ts';
import type { Incoming } from './session.ts';

/** MQTT does not say when all retained messages have come; after so long without one they have. */
const quietMs = 500;
const longestMs = 10_000;
const maxTopics = 10_000;
const maxBytes = 16 * 1024 * 1024;

/** Finds what the broker still retains of this node, from an earlier run or before its settings changed. */
export class RetainedScan {
  readonly #filters: string[];
  readonly #found = new Map<string, Buffer>();
  #bytes = 0;
  #running = false;
  #heard = 0;
  #isComplete = false;

  /** For one look over one connection. */
  constructor(filters: readonly string[]) {
    this.#filters = [...filters];
  }

  /** Was there nothing else? Not known where the broker refuses, goes away or has too much. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** @returns The payloads found by topic; none when the broker does not let this client look. */
  async run(link: Link): Promise<ReadonlyMap<string, Buffer>> {
    const filters = this.#filters;
    this.#running = true;
    let isRefused = false;
    try {
      await link.subscribe(filters, { qos: 0, retained: true }).catch((error: unknown) => {
        // A broker that refuses one of them tells what is on the others.
        if (!(error instanceof RefusedError)) throw error;
        isRefused = true;
      });
      const deadline = performance.now() + longestMs;
      let heard: number;
      do {
        heard = this.#heard;
        await sleep(quietMs, undefined, { ref: false });
      } while (this.#running && heard !== this.#heard && performance.now() < deadline);
      this.#isComplete = this.#running && !isRefused && heard === this.#heard && this.#bytes <= maxBytes;
    } catch {
      // The connection is gone: what was found is found.
    }
    this.#running = false;
    // It may fail for the same reasons, and nobody waits for it.
    link.unsubscribe(filters).catch(() => {});
    return this.#found;
  }

  /** @returns True when the message belongs to the scan. */
  take({ topic, payload, retained }: Incoming): boolean {
    if (!this.#running || !retained || !this.#filters.some((filter) => matches(filter, topic))) return false;
    this.#heard++;
    this.#bytes += 2 * topic.length + payload.length;
    if (payload.length > 0 && this.#found.size < maxTopics && this.#bytes <= maxBytes) this.#found.set(topic, payload);
    return true;
  }

  stop(): void {
    this.#running = false;
  }
}

/** Does a topic fit a filter with `+`, and `#` at its end? */
function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (wanted.at(-1) === '#') return levels.length >= wanted.length - 1 && fits(wanted.slice(0, -1), levels);
  return wanted.length === levels.length && fits(wanted, levels);
}

const fits = (wanted: readonly string[], levels: readonly string[]) =>
  wanted.every((level, i) => level === '+' || level === levels[i]);
