import type { Item } from './item.ts';

/** A power cut loses what is younger, unless the broker has it. */
const syncMs = 1000;

/** What was written but not synced. What the broker has by then need not be synced. */
export class PendingSync {
  /** Written since the last sync. */
  readonly #unsynced = new Set<Item>();
  #timer: NodeJS.Timeout | undefined;

  /** @param sync Called in time, unless the broker has all of it by then: while it answers, nothing is ever synced. */
  add(items: readonly Item[], sync: () => void): void {
    for (const item of items) this.#unsynced.add(item);
    if (this.#unsynced.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const isNeeded = [...this.#unsynced].some((item) => !item.gone);
      if (isNeeded) sync();
      else this.#unsynced.clear();
    }, syncMs).unref();
  }

  /** All is synced, or there is no store to sync. */
  clear(): void {
    this.#unsynced.clear();
  }

  /** The store is closed. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
