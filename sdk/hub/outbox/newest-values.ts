import type { Item } from './item.ts';

/** The waiting value of each retained topic: only the newest counts. */
export class NewestValues {
  /** In memory, or by its sequence on disk. */
  readonly #newest = new Map<string, Item | number>();
  /** Of those on disk. */
  readonly #topics = new Map<number, string>();

  of(topic: string): Item | number | undefined {
    return this.#newest.get(topic);
  }

  setItem(item: Item): void {
    this.#newest.set(item.topic, item);
  }

  setStored(topic: string, sequence: number): void {
    this.#newest.set(topic, sequence);
    this.#topics.set(sequence, topic);
  }

  /** It is in flight, and no longer waits. */
  handOut(item: Item): void {
    const newest = this.#newest.get(item.topic);
    if (newest === item || newest === item.sequence) this.#newest.delete(item.topic);
    if (item.sequence !== undefined) this.#topics.delete(item.sequence);
  }

  dropItem(item: Item): void {
    if (this.#newest.get(item.topic) === item) this.#newest.delete(item.topic);
  }

  dropStored(sequence: number): void {
    const topic = this.#topics.get(sequence);
    this.#topics.delete(sequence);
    if (topic !== undefined && this.#newest.get(topic) === sequence) this.#newest.delete(topic);
  }

  /** Drops those that are no longer on disk. */
  prune(isThere: (sequence: number) => boolean): void {
    for (const sequence of [...this.#topics.keys()]) if (!isThere(sequence)) this.dropStored(sequence);
  }
}
