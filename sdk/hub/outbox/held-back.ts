import type { Entry } from './message.ts';

/** They are in memory. */
const mostHeld = 256;
/** How long they wait where nothing else is accepted. */
const waitMs = 20_000;

/**
 * Messages after which connections ended, while it is not known whether it was because of them: they are neither sent
 * nor given up, and the others go on without them.
 */
export class HeldBack {
  readonly #release: (entries: readonly Entry[]) => void;
  #entries: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param release Puts them back, to be sent again although nothing was decided. */
  constructor(release: (entries: readonly Entry[]) => void) {
    this.#release = release;
  }

  get isFull(): boolean {
    return this.#entries.length >= mostHeld;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#timer ??= setTimeout(() => this.release(), waitMs).unref();
  }

  /** Takes out those of which a newer value is sent. */
  takeIf(is: (entry: Entry) => boolean): Entry[] {
    const taken = this.#entries.filter(is);
    this.#entries = this.#entries.filter((entry) => !is(entry));
    return taken;
  }

  release(): void {
    const entries = this.#entries;
    this.clear();
    if (entries.length > 0) this.#release(entries);
  }

  /** The connection is gone. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#entries = [];
  }
}
