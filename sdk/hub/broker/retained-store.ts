import { type Message, memoryOf } from './message.ts';
import { RetainedBudget } from './retained-budget.ts';

interface Kept {
  readonly message: Message;
  /** Monotonic time; undefined: never expires. */
  readonly until: number | undefined;
}

/** The retained messages of the embedded broker: bounded, each kept for as long as its publisher wanted. */
export class RetainedStore {
  readonly #budget: RetainedBudget;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  /** Before it none ends. */
  #firstEnd = Number.POSITIVE_INFINITY;

  /** @param options.now ms, of a clock that is never set: a board learns the time after its start. */
  constructor({ budget = new RetainedBudget(), now = () => performance.now() } = {}) {
    this.#budget = budget;
    this.#now = now;
  }

  /** An empty payload empties the topic. @returns False when there is no room: the topic has nothing then. */
  set(message: Message): boolean {
    const { topic, payload, properties } = message;
    const seconds = properties?.messageExpiryInterval;
    if (payload.length === 0 || seconds === 0) {
      this.#drop(topic);
      return true;
    }
    const bytes = memoryOf(message);
    if (!this.#budget.allow(topic, bytes)) {
      this.#sweep();
      if (!this.#budget.allow(topic, bytes)) {
        // The old value is out of date.
        this.#drop(topic);
        return false;
      }
    }
    const until = seconds === undefined ? undefined : this.#now() + seconds * 1000;
    if (until !== undefined) this.#firstEnd = Math.min(this.#firstEnd, until);
    // In memory of its own: a slice would keep the whole read buffer, and a plain copy the block of which Node cuts small ones.
    const own = Buffer.allocUnsafeSlow(payload.length);
    own.set(payload);
    this.#kept.set(topic, { message: { ...message, payload: own }, until });
    return true;
  }

  /** @returns The message with its remaining time, in whole seconds. */
  get(topic: string): Message | undefined {
    const kept = this.#kept.get(topic);
    if (kept?.until === undefined) return kept?.message;
    const left = kept.until - this.#now();
    if (left <= 0) {
      this.#drop(topic);
      return undefined;
    }
    const { message } = kept;
    return { ...message, properties: { ...message.properties, messageExpiryInterval: Math.ceil(left / 1000) } };
  }

  /** All that have something, in the order in which they first had. */
  topics(): string[] {
    return [...this.#kept.keys()];
  }

  #drop(topic: string): void {
    this.#budget.allow(topic, 0);
    this.#kept.delete(topic);
  }

  #sweep(): void {
    const now = this.#now();
    if (now < this.#firstEnd) return;
    this.#firstEnd = Number.POSITIVE_INFINITY;
    for (const [topic, { until }] of this.#kept) {
      if (until === undefined) continue;
      if (until <= now) this.#drop(topic);
      else this.#firstEnd = Math.min(this.#firstEnd, until);
    }
  }
}
