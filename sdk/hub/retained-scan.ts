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
  #running: { found: Set<string>; touch: () => void; end: () => void } | undefined;

  constructor(topics: NodeTopics) {
    this.#topics = topics;
  }

  /** @returns The topics found; none when the broker does not let this client look. */
  async run(link: Link): Promise<Set<string>> {
    const filters = this.#topics.retained;
    const found = new Set<string>();
    const finished = new Promise<void>((resolve) => {
      const quiet = setTimeout(resolve, quietMs).unref();
      const longest = setTimeout(resolve, longestMs).unref();
      this.#running = {
        found,
        touch: () => quiet.refresh(),
        end: () => {
          clearTimeout(quiet);
          clearTimeout(longest);
          resolve();
        },
      };
    });
    try {
      await link.subscribe(filters, { qos: 0, retained: true });
      this.#running?.touch();
      await finished;
      await link.unsubscribe(filters);
    } catch {
      // Refused, or the connection is gone: what was found is found.
    } finally {
      this.stop();
    }
    return found;
  }

  /** @returns True when the message belongs to the scan. */
  take({ topic, payload, retained }: Incoming): boolean {
    if (!this.#running || !retained || this.#topics.command(topic)) return false;
    this.#running.touch();
    if (payload.length > 0 && this.#running.found.size < maxTopics) this.#running.found.add(topic);
    return true;
  }

  stop(): void {
    this.#running?.end();
    this.#running = undefined;
  }
}
