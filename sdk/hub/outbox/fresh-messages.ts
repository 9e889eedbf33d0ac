import type { Item } from './item.ts';

/** What a queue has in memory alone. */
export class FreshMessages {
  /** Those that wait, in order. */
  #waiting = new Set<Item>();
  /** Of all: waiting, being written or on their way. */
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Those that wait; one may be taken away meanwhile. */
  get waiting(): Iterable<Item> {
    return this.#waiting;
  }

  /** It waits from now on. */
  wait(item: Item): void {
    this.#waiting.add(item);
  }

  /** It waits no more: it is on its way, or on disk. */
  leave(item: Item): void {
    this.#waiting.delete(item);
  }

  /** Some were put back: each goes to its old place. */
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

  /** One of them has another payload. */
  resize(bytes: number): void {
    this.#bytes += bytes;
  }
}
