import type { Item } from './item.ts';

/** What a queue has only in memory. */
export class FreshMessages {
  /** Those that wait, in order. */
  #waiting = new Set<Item>();
  /** Bytes of all: waiting, being written or in flight. */
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Those that wait; one may be removed during the iteration. */
  get waiting(): Iterable<Item> {
    return this.#waiting;
  }

  /** It waits from now on. */
  wait(item: Item): void {
    this.#waiting.add(item);
  }

  /** It no longer waits: it is in flight, or on disk. */
  leave(item: Item): void {
    this.#waiting.delete(item);
  }

  /** Some were put back: each returns to its old place. */
  sort(): void {
    this.#waiting = new Set([...this.#waiting].sort((a, b) => a.order - b.order));
  }

  add(item: Item): void {
    this.#count++;
    this.#bytes += item.bytes;
  }

  remove(item: Item): void {
    this.#count--;
    this.#bytes -= item.bytes;
  }

  /** The payload of one of them changed. */
  resize(bytes: number): void {
    this.#bytes += bytes;
  }
}
