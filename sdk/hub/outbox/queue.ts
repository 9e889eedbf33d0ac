import type { AgeClock } from '../../store/age-clock.ts';
import { FreshMessages } from './fresh-messages.ts';
import { bytesOf, Item } from './item.ts';
import type { Kind, Message } from './message.ts';
import { NewestValues } from './newest-values.ts';
import type { Stored } from './stored-index.ts';
import { StoredMessages } from './stored-messages.ts';
import { WritePlan } from './write-plan.ts';

export interface QueueOptions {
  kind: Kind;
  /** Limits of what waits, on disk and in memory, and of the part that is only in memory. */
  bytes: number;
  memoryBytes: number;
  ageMs: number;
  /** False: all of it is in memory. */
  isStored: boolean;
  clock: AgeClock;
  /** A message was dropped for lack of room or because of its age; its topic, where it is in memory. */
  onEvict: (topic: string | undefined) => void;
}

/**
 * The messages of one kind, in the order in which they were put, with their limits: those on disk first, then those that
 * are not there yet (fresh ones). It does not access the disk: it says what is to be written, deleted and read.
 */
export class MessageQueue {
  readonly #options: QueueOptions;
  readonly underWay = new Set<Item>();
  readonly plan = new WritePlan();
  /** The sequence to read from disk next. */
  wanted: number | undefined;
  /** Messages that could not be read back. */
  damaged = 0;
  /** Opening: the content of the disk is not known yet. Works: what is not retained waits until it is written. */
  #disk: 'opening' | 'works' | 'none';
  readonly #stored = new StoredMessages();
  readonly #fresh = new FreshMessages();
  readonly #newest = new NewestValues();
  #order = 0;
  #evicted = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#disk = options.isStored ? 'opening' : 'none';
  }

  get kind(): Kind {
    return this.#options.kind;
  }

  get depth(): number {
    return this.#stored.count + this.#fresh.count;
  }

  get bytes(): number {
    return this.#stored.bytes + this.#fresh.bytes;
  }

  get evicted(): number {
    return this.#evicted;
  }

  /** When the oldest was put; infinity if there is none. */
  get oldestMs(): number {
    const stored = this.#stored.at(0);
    if (stored) return this.#options.clock.msAt(stored.seconds);
    for (const item of this.underWay) if (!item.gone) return item.timeMs;
    for (const item of this.#fresh.waiting) return item.timeMs;
    return Number.POSITIVE_INFINITY;
  }

  put(message: Message): void {
    const nowMs = this.#options.clock.now();
    const bytes = bytesOf(message);
    if (bytes > Math.min(this.#options.bytes, this.#options.memoryBytes)) {
      // It would evict all others and then itself.
      this.#countEviction(message.topic);
      return;
    }
    const older = message.retain ? this.#newest.of(message.topic) : undefined;
    const item = new Item(message, this.#order++, nowMs, this.#options.ageMs);
    if (older instanceof Item && !this.plan.writing.has(older)) {
      // In the older one's place: a later event may refer to it.
      this.#fresh.resize(bytes - older.bytes);
      older.payload = message.payload;
      older.timeMs = nowMs;
      return;
    }
    if (typeof older === 'number') {
      this.#replace(older, item);
      return;
    }
    this.#fresh.wait(item);
    this.#fresh.add(item);
    if (item.retain) this.#newest.setItem(item);
    if (this.#options.isStored) this.plan.unwritten.add(item);
  }

  next(): Item | undefined {
    this.wanted = undefined;
    if (this.#disk === 'opening') return undefined;
    const stored = this.#stored.next((item) => this.underWay.has(item));
    if (typeof stored === 'number') {
      this.wanted = stored;
      return undefined;
    }
    if (stored) {
      this.#handOut(stored);
      return stored;
    }
    for (const item of this.#fresh.waiting) {
      // A retained message may be sent before it is written: once the broker has it, the disk need not.
      if (this.#disk === 'works' && !item.retain) return undefined;
      this.#fresh.leave(item);
      this.#handOut(item);
      return item;
    }
    return undefined;
  }

  settle(item: Item): void {
    this.underWay.delete(item);
    if (!item.gone) this.#drop(item);
  }

  /** Puts back what was in flight. */
  putBack(items: readonly Item[]): void {
    let anyFresh = false;
    // The newest first, so that an older one sees it.
    for (const item of items.toReversed()) {
      if (!this.underWay.has(item)) continue;
      const isOvertaken = item.retain && this.#isOvertaken(item);
      this.underWay.delete(item);
      if (item.gone) continue;
      const newest = item.retain ? this.#newest.of(item.topic) : undefined;
      // A snapshot stays although a newer one waits: an event between the two refers to it.
      if (isOvertaken || (newest !== undefined && item.kind !== 'event')) {
        this.#drop(item);
        continue;
      }
      if (this.#stored.holds(item)) {
        this.#stored.putBack(item.sequence!);
        if (item.retain && newest === undefined) this.#newest.setStored(item.topic, item.sequence!);
      } else {
        this.#fresh.wait(item);
        anyFresh = true;
        if (item.retain && newest === undefined) this.#newest.setItem(item);
      }
    }
    if (anyFresh) this.#fresh.sort();
  }

  /** Drops what is too old or does not fit, the oldest first; not what is in flight: the broker may already have it. */
  evict(): void {
    const { bytes, memoryBytes, ageMs, clock } = this.#options;
    const nowMs = clock.now();
    const isOld = (timeMs: number) => nowMs - timeMs > ageMs;
    for (let from = 0; ; ) {
      const stored = this.#stored.at(from);
      if (!stored || !(this.bytes > bytes || isOld(clock.msAt(stored.seconds)))) break;
      from = stored.sequence + 1;
      const item = this.#stored.itemOf(stored.sequence);
      if (item && this.underWay.has(item)) continue;
      this.#removeStored(stored);
      this.#countEviction(item?.topic);
    }
    for (const item of this.#fresh.waiting) {
      const tooMuch = this.bytes > bytes || this.#fresh.bytes > memoryBytes;
      if (!tooMuch && !isOld(item.timeMs)) break;
      if (this.plan.writing.has(item)) continue;
      this.#drop(item);
      this.#countEviction(item.topic);
    }
  }

  /** What an earlier process left on disk, in order; also called after a repair, when some may be missing. */
  adopt(found: readonly Stored[]): void {
    const lost = this.#stored.adopt(found, this.plan.unwanted);
    this.#newest.prune((sequence) => this.#stored.has(sequence));
    for (const item of lost) {
      item.sequence = undefined;
      this.#fresh.add(item);
      this.plan.unwritten.add(item);
      if (this.underWay.has(item)) continue;
      this.#fresh.wait(item);
      if (item.retain && this.#newest.of(item.topic) === undefined) this.#newest.setItem(item);
    }
    if (lost.length > 0) this.#fresh.sort();
    this.#disk = 'works';
  }

  /** The disk does not work: from now on nothing waits for it. */
  standIn(): void {
    this.#disk = 'none';
  }

  /** The topic of a retained message that an earlier process left on disk; to be called in order. */
  name(sequence: number, topic: string): void {
    // What was put since then is newer, and both stay: an event between the two may refer to the older one.
    const newest = this.#newest.of(topic);
    if (this.#stored.has(sequence) && !(newest instanceof Item)) this.#newest.setStored(topic, sequence);
  }

  /**
   * What was read, from `from` on; what is missing, or not as it was written, is given up.
   *
   * @param upTo Sequences below it were searched.
   */
  loaded(messages: ReadonlyMap<number, Message>, from: number, upTo: number): void {
    let stored = this.#stored.at(from);
    for (; stored && stored.sequence < upTo; stored = this.#stored.at(stored.sequence + 1)) {
      if (this.#stored.itemOf(stored.sequence)) continue;
      const message = messages.get(stored.sequence);
      if (!message) {
        this.#removeStored(stored);
        this.damaged++;
        continue;
      }
      const { clock, ageMs } = this.#options;
      const item = new Item(message, this.#order++, clock.msAt(stored.seconds), ageMs);
      item.sequence = stored.sequence;
      item.seconds = stored.seconds;
      this.#stored.keep(item);
    }
  }

  /** Takes what is to be written now, oldest first, with a place on disk for each. */
  takeUnwritten(maxBytes: number): Item[] {
    let bytes = 0;
    for (const item of this.plan.unwritten) {
      if (bytes > maxBytes) break;
      bytes += item.bytes;
      item.sequence ??= this.#stored.takeSequence();
      item.seconds = this.#options.clock.secondsAt(item.timeMs);
      this.plan.writing.add(item);
    }
    return [...this.plan.writing];
  }

  /** What was taken is now on disk, or is still to be written. */
  written(isWritten: boolean): void {
    const { unwritten, unwanted, writing } = this.plan;
    for (const item of writing) {
      if (item.gone) {
        unwritten.delete(item);
        unwanted.push(item.stored);
        continue;
      }
      const isInPlace = this.#stored.holds(item);
      if (!isWritten) {
        // The next attempt goes after what may have entered the index meanwhile.
        if (!isInPlace) item.sequence = undefined;
        continue;
      }
      unwritten.delete(item);
      this.#stored.set(item.stored);
      if (isInPlace) continue;
      this.#fresh.remove(item);
      this.#fresh.leave(item);
      if (item.retain && this.#newest.of(item.topic) === item) this.#newest.setStored(item.topic, item.sequence!);
      if (this.underWay.has(item) || this.#stored.hasRoom) this.#stored.keep(item);
    }
    writing.clear();
  }

  /** Whether a newer value of its topic is in flight as well. */
  #isOvertaken(item: Item): boolean {
    const underWay = [...this.underWay];
    return underWay.slice(underWay.indexOf(item) + 1).some(({ topic }) => topic === item.topic);
  }

  #handOut(item: Item): void {
    this.underWay.add(item);
    if (item.retain) this.#newest.handOut(item);
  }

  /** A newer value replaces one on disk. */
  #replace(sequence: number, item: Item): void {
    const old = this.#stored.at(sequence)!;
    const resident = this.#stored.itemOf(sequence);
    if (resident) {
      this.#stored.release(resident);
      resident.gone = true;
      this.plan.unwritten.delete(resident);
    }
    this.plan.unwanted.push(old);
    item.sequence = sequence;
    item.seconds = this.#options.clock.secondsAt(item.timeMs);
    this.#stored.set(item.stored);
    this.#stored.keep(item);
    this.plan.unwritten.add(item);
  }

  #drop(item: Item): void {
    item.gone = true;
    if (this.#stored.holds(item)) this.#removeStored(this.#stored.at(item.sequence!)!);
    else {
      this.#fresh.remove(item);
      this.#fresh.leave(item);
      this.#newest.dropItem(item);
    }
    this.plan.drop(item);
  }

  #removeStored(stored: Stored): void {
    const item = this.#stored.remove(stored.sequence);
    if (item) {
      item.gone = true;
      this.plan.drop(item);
    }
    this.#newest.dropStored(stored.sequence);
    this.plan.unwanted.push(stored);
  }

  #countEviction(topic: string | undefined): void {
    this.#evicted++;
    this.#options.onEvict(topic);
  }
}
