import type { Link } from '../connection/link.ts';
import type { Entry } from './message.ts';

const acknowledgeTimeoutMs = 60_000;

/**
 * What is in flight to the broker. A broker that answers pings but acknowledges nothing would block the window forever,
 * and one that omits a single message, a slot of it: then the connection is closed.
 */
export class SendWindow {
  /** Messages that the broker has acknowledged so far. */
  readonly #published: () => number;
  #underWay = 0;
  /** In the order of sending. */
  readonly #sent = new Set<Entry>();
  /** Of those, retained ones with a newer value of their topic also in flight: they are not retried. */
  readonly #overtaken = new WeakSet<Entry>();
  #watchdog: NodeJS.Timeout | undefined;
  #onSettled: (() => void) | undefined;

  constructor(published: () => number) {
    this.#published = published;
  }

  get underWay(): number {
    return this.#underWay;
  }

  add(entry: Entry, link: Link): void {
    this.#underWay++;
    this.#sent.add(entry);
    if (this.#sent.size === 1) this.#watch(link);
  }

  settled(entry: Entry, link: Link): void {
    this.#underWay--;
    const [oldest] = this.#sent;
    this.#sent.delete(entry);
    if (oldest === entry) this.#watch(link);
    this.#onSettled?.();
  }

  /** A newer value of these is also in flight. */
  overtake(is: (entry: Entry) => boolean): void {
    for (const entry of this.#sent) if (is(entry)) this.#overtaken.add(entry);
  }

  isOvertaken(entry: Entry): boolean {
    return this.#overtaken.has(entry);
  }

  /** Resolves when there is room in a window of this size. */
  async room(size: number): Promise<void> {
    while (this.#underWay >= size) {
      await new Promise<void>((resolve) => {
        this.#onSettled = resolve;
      });
    }
  }

  /** Another connection, or none. */
  clear(): void {
    this.#underWay = 0;
    this.#sent.clear();
    clearTimeout(this.#watchdog);
  }

  /** Restarts the acknowledgement timeout of the oldest one. */
  #watch(link: Link): void {
    clearTimeout(this.#watchdog);
    if (this.#sent.size === 0) return;
    const [oldest] = this.#sent;
    const published = this.#published();
    this.#watchdog = setTimeout(() => {
      const isOnlyOne = this.#published() > published;
      const what = isOnlyOne ? `did not acknowledge ${oldest!.topic}` : 'acknowledged nothing';
      link.close(`it ${what} for ${acknowledgeTimeoutMs / 1000} s`);
    }, acknowledgeTimeoutMs);
    this.#watchdog.unref();
  }
}
