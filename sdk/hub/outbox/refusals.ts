import type { Logger } from '../../base/log.ts';

/** Further topics refused for an already logged reason are logged together, after this time. */
const gatherMs = 60_000;
/** Minimum interval of logging a reason that comes and goes. */
const againMs = 3_600_000;
const mostTopics = 1000;
const mostNamed = 8;

interface Reason {
  readonly topics: Set<string>;
  /** Those of them still to be logged. */
  readonly untold: Set<string>;
  saidAt: number;
  /** Since when. */
  readonly since: number;
  timer?: NodeJS.Timeout;
}

/** Logs which topics the broker refuses and why: the first at once, all others in one line, and when it accepts them again. */
export class Refusals {
  readonly #logger: Logger;
  readonly #reasons = new Map<string, Reason>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param then What happens next, such as `it is tried again`. */
  refused(topic: string, text: string, then?: string): void {
    let reason = this.#reasons.get(text);
    if (!reason) {
      // A broker may invent as many reasons as it likes.
      if (this.#reasons.size >= mostTopics) return;
      this.#reasons.set(text, (reason = newReason(Number.NEGATIVE_INFINITY)));
    }
    const { topics, untold } = reason;
    if (topics.has(topic) || topics.size >= mostTopics) return;
    topics.add(topic);
    if (topics.size === 1 && performance.now() - reason.saidAt > againMs) {
      reason.saidAt = performance.now();
      this.#logger.error(`MQTT: the broker refuses ${topic}: ${text}${then ? `; ${then}` : ''}`);
      return;
    }
    untold.add(topic);
    reason.timer ??= setTimeout(() => this.#tellRest(reason, text), gatherMs).unref();
  }

  /** The broker accepts it. */
  accepted(topic: string): void {
    for (const [text, { topics, since, saidAt, timer }] of this.#reasons) {
      // Sometimes it accepts one message of a topic and refuses another.
      if (!topics.has(topic) || performance.now() - since < gatherMs) continue;
      this.#logger.info(`MQTT: the broker takes ${topic} again, which it refused: ${text}`);
      clearTimeout(timer);
      // What it still refuses is logged again, though not all the time.
      this.#reasons.set(text, newReason(saidAt));
    }
  }

  stop(): void {
    for (const { timer } of this.#reasons.values()) clearTimeout(timer);
    this.#reasons.clear();
  }

  #tellRest(reason: Reason, text: string): void {
    reason.timer = undefined;
    const topics = [...reason.untold];
    reason.untold.clear();
    const named = topics.slice(0, mostNamed).join(', ');
    const more = topics.length > mostNamed ? ` and ${topics.length - mostNamed} more` : '';
    this.#logger.error(`MQTT: the broker refuses ${named}${more} as well: ${text}`);
  }
}

const newReason = (saidAt: number): Reason => ({
  topics: new Set(),
  untold: new Set(),
  saidAt,
  since: performance.now(),
});
