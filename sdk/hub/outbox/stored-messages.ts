import type { Item } from './item.ts';
import { type Stored, StoredIndex } from './stored-index.ts';

/** Up to this much of what is on disk is also kept in memory, so that it need not be read again. */
const residentBytes = 2 * 1024 * 1024;

/** What a queue has on disk, in order, and which of it is also in memory. */
export class StoredMessages {
  #index = new StoredIndex();
  /** Those on disk that are also in memory, by sequence. */
  readonly #resident = new Map<number, Item>();
  #residentBytes = 0;
  /** Those below it were handed out. */
  #cursor = 0;
  #nextSequence = 0;

  get count(): number {
    return this.#index.count;
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  /** Whether more may also be kept in memory. */
  get hasRoom(): boolean {
    return this.#residentBytes < residentBytes;
  }

  /** The first message at or after a sequence. */
  at(sequence: number): Stored | undefined {
    return this.#index.at(sequence);
  }

  has(sequence: number): boolean {
    return this.#index.has(sequence);
  }

  /** The message of a sequence, if it is also in memory. */
  itemOf(sequence: number): Item | undefined {
    return this.#resident.get(sequence);
  }

  /** Whether it is on disk unchanged. */
  holds(item: Item): boolean {
    return item.sequence !== undefined && this.#resident.get(item.sequence) === item;
  }

  /** A place after all others. */
  takeSequence(): number {
    return this.#nextSequence++;
  }

  set(stored: Stored): void {
    this.#index.set(stored);
  }

  /** @returns The message, if it was also in memory. */
  remove(sequence: number): Item | undefined {
    this.#index.remove(sequence);
    const item = this.#resident.get(sequence);
    if (item) this.release(item);
    return item;
  }

  /** Also keeps one that is on disk in memory. */
  keep(item: Item): void {
    this.#resident.set(item.sequence!, item);
    this.#residentBytes += item.bytes;
  }

  release(item: Item): void {
    if (this.#resident.delete(item.sequence!)) this.#residentBytes -= item.bytes;
  }

  /**
   * Hands out the next one.
   *
   * @returns Its sequence if it has to be read first; undefined when there is none.
   */
  next(isUnderWay: (item: Item) => boolean): Item | number | undefined {
    for (let stored = this.#index.at(this.#cursor); stored; stored = this.#index.at(this.#cursor)) {
      const item = this.#resident.get(stored.sequence);
      if (!item) return stored.sequence;
      this.#cursor = stored.sequence + 1;
      if (!isUnderWay(item)) return item;
    }
    return undefined;
  }

  /** It is to be handed out again. */
  putBack(sequence: number): void {
    this.#cursor = Math.min(this.#cursor, sequence);
  }

  /**
   * What was really found on disk.
   *
   * @param unwanted Is to be deleted, and does not count.
   * @returns Those in memory that are not on disk: they are no longer kept.
   */
  adopt(found: readonly Stored[], unwanted: readonly Stored[]): Item[] {
    this.#index = new StoredIndex();
    for (const stored of found) this.#index.set(stored);
    for (const { sequence } of unwanted) this.#index.remove(sequence);
    const lost = [...this.#resident.values()].filter((item) => !this.#index.has(item.sequence!));
    for (const item of lost) this.release(item);
    this.#nextSequence = Math.max(this.#nextSequence, this.#index.end);
    this.#cursor = 0;
    return lost;
  }
}
