import type { AgeClock } from './age-clock.ts';
import type { Entry, Kind, Message } from './message.ts';
import { type Stored, StoredIndex } from './stored-index.ts';

/** What a message takes beside its payload and topic: objects and index entries, headers on disk. */
const overheadBytes = 200;
/** What is on disk is also kept in memory up to so much, so that it need not be read again. */
const residentBytes = 2 * 1024 * 1024;

/** One message of a lane, in memory. */
export class Item implements Entry {
  readonly topic: string;
  readonly retain: boolean;
  readonly kind: Kind;
  readonly expiresMs: number | undefined;
  /** When it was put, in the outbox's seconds, as it is on disk; known when it is written. */
  seconds = 0;
  /** Counts what was put; what goes back goes between its neighbours. */
  readonly order: number;
  payload: Buffer;
  timeMs: number;
  /** Its place on disk, from when it is first written on. */
  sequence: number | undefined;
  /** Acknowledged, evicted or replaced. */
  gone = false;

  constructor(message: Message, order: number, timeMs: number, ageMs: number) {
    this.topic = message.topic;
    this.payload = message.payload;
    this.retain = message.retain;
    this.kind = message.kind;
    this.order = order;
    this.timeMs = timeMs;
    this.expiresMs = message.retain || ageMs === Number.POSITIVE_INFINITY ? undefined : timeMs + ageMs;
  }

  get bytes(): number {
    return bytesOf(this);
  }

  get stored(): Stored & { sequence: number } {
    const { bytes, retain, seconds } = this;
    return { sequence: this.sequence!, bytes, retain, seconds };
  }
}

export interface LaneOptions {
  kind: Kind;
  /** The most that waits, on disk and in memory, and the part of it that is in memory alone. */
  bytes: number;
  memoryBytes: number;
  ageMs: number;
  /** False: all of it is in memory. */
  isStored: boolean;
  clock: AgeClock;
  onEvict: () => void;
}

/**
 * The messages of one kind, in the order in which they were put, with their bounds: those on disk first, then those that
 * are not there yet (`fresh`). It does not touch the disk: it says what is to be written, deleted and read.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly underWay = new Set<Item>();
  /** To be written. */
  readonly unwritten = new Set<Item>();
  /** On disk and to be deleted there. */
  readonly unwanted: Stored[] = [];
  /** While true, what is not retained waits until it is written. */
  writes: boolean;
  /** The sequence that is to be read from disk next. */
  wanted: number | undefined;
  damaged = 0;
  #index = new StoredIndex();
  /** Of those on disk such as are in memory as well, by sequence. */
  readonly #resident = new Map<number, Item>();
  #residentBytes = 0;
  /** Those on disk below it were handed out. */
  #cursor = 0;
  /** Waiting and not on disk, in order. */
  #fresh = new Set<Item>();
  /** Of all that is in memory alone: waiting, being written or on its way. */
  #freshCount = 0;
  #freshBytes = 0;
  readonly #writing = new Set<Item>();
  #nextSequence = 0;
  /** What waits of each retained topic, and the topics of those of them on disk. */
  readonly #newest = new Map<string, Item | number>();
  readonly #topics = new Map<number, string>();
  /** False until it is known what is on disk. */
  #opened: boolean;
  #order = 0;
  #evicted = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.writes = options.isStored;
    this.#opened = !options.isStored;
  }

  get kind(): Kind {
    return this.#options.kind;
  }

  get depth(): number {
    return this.#index.count + this.#freshCount;
  }

  get bytes(): number {
    return this.#index.bytes + this.#freshBytes;
  }

  get evicted(): number {
    return this.#evicted;
  }

  /** When the oldest was put; infinity when there is none. */
  get oldestMs(): number {
    const stored = this.#index.at(0);
    if (stored) return this.#options.clock.msAt(stored.seconds);
    for (const item of this.underWay) if (!item.gone) return item.timeMs;
    for (const item of this.#fresh) return item.timeMs;
    return Number.POSITIVE_INFINITY;
  }

  put(message: Message): void {
    const nowMs = this.#options.clock.now();
    const bytes = bytesOf(message);
    if (bytes > Math.min(this.#options.bytes, this.#options.memoryBytes)) {
      // It would push out all others and then itself.
      this.#countEviction();
      return;
    }
    const older = message.retain ? this.#newest.get(message.topic) : undefined;
    const item = new Item(message, this.#order++, nowMs, this.#options.ageMs);
    if (older instanceof Item && !this.#writing.has(older)) {
      // In the older one's place: an event behind it may speak of it.
      this.#freshBytes += bytes - older.bytes;
      older.payload = message.payload;
      older.timeMs = nowMs;
      return;
    }
    if (typeof older === 'number') {
      this.#replace(older, item);
      return;
    }
    this.#fresh.add(item);
    this.#countFresh(item);
    if (item.retain) this.#newest.set(item.topic, item);
    if (this.#options.isStored) this.unwritten.add(item);
  }

  next(): Item | undefined {
    this.wanted = undefined;
    if (!this.#opened) return undefined;
    for (let stored = this.#index.at(this.#cursor); stored; stored = this.#index.at(this.#cursor)) {
      const item = this.#resident.get(stored.sequence);
      if (!item) {
        this.wanted = stored.sequence;
        return undefined;
      }
      this.#cursor = stored.sequence + 1;
      if (this.underWay.has(item)) continue;
      this.#handOut(item);
      return item;
    }
    for (const item of this.#fresh) {
      // What is retained may go before it is written: when the broker has it by then, the disk need not.
      if (this.writes && !item.retain) return undefined;
      this.#fresh.delete(item);
      this.#handOut(item);
      return item;
    }
    return undefined;
  }

  settle(item: Item): void {
    this.underWay.delete(item);
    if (!item.gone) this.#drop(item);
  }

  /** Puts back what was on its way. */
  putBack(items: readonly Item[]): void {
    let anyFresh = false;
    // The newest first: an older one sees it.
    for (const item of items.toReversed()) {
      if (!this.underWay.has(item)) continue;
      const isOvertaken = item.retain && this.#isOvertaken(item);
      this.underWay.delete(item);
      if (item.gone) continue;
      const newest = item.retain ? this.#newest.get(item.topic) : undefined;
      // A snapshot stays although a newer one waits: an event between the two speaks of it.
      if (isOvertaken || (newest !== undefined && item.kind !== 'event')) {
        this.#drop(item);
        continue;
      }
      if (this.#isOnDisk(item)) {
        this.#cursor = Math.min(this.#cursor, item.sequence!);
        if (item.retain && newest === undefined) this.#setNewest(item.topic, item.sequence!);
      } else {
        this.#fresh.add(item);
        anyFresh = true;
        if (item.retain && newest === undefined) this.#newest.set(item.topic, item);
      }
    }
    if (anyFresh) this.#fresh = new Set([...this.#fresh].sort((a, b) => a.order - b.order));
  }

  /** Drops what is too old or has no room, the oldest first; not what is on its way: the broker may have it already. */
  evict(): void {
    const { bytes, memoryBytes, ageMs, clock } = this.#options;
    const nowMs = clock.now();
    const isOld = (timeMs: number) => nowMs - timeMs > ageMs;
    for (let from = 0; ; ) {
      const stored = this.#index.at(from);
      if (!stored || !(this.bytes > bytes || isOld(clock.msAt(stored.seconds)))) break;
      from = stored.sequence + 1;
      const item = this.#resident.get(stored.sequence);
      if (item && this.underWay.has(item)) continue;
      this.#removeStored(stored);
      this.#countEviction();
    }
    for (const item of this.#fresh) {
      const tooMuch = this.bytes > bytes || this.#freshBytes > memoryBytes;
      if (!tooMuch && !isOld(item.timeMs)) break;
      if (this.#writing.has(item)) continue;
      this.#drop(item);
      this.#countEviction();
    }
  }

  /** What an earlier process left on disk, in order; also after a repair, when some of it may be missing. */
  adopt(found: readonly Stored[]): void {
    this.#index = new StoredIndex();
    for (const stored of found) this.#index.set(stored);
    for (const { sequence } of this.unwanted) this.#index.remove(sequence);
    for (const [sequence, topic] of this.#topics) {
      if (this.#index.has(sequence)) continue;
      this.#topics.delete(sequence);
      if (this.#newest.get(topic) === sequence) this.#newest.delete(topic);
    }
    const lost = [...this.#resident.values()].filter((item) => !this.#index.has(item.sequence!));
    for (const item of lost) {
      this.#evictResident(item);
      item.sequence = undefined;
      this.#countFresh(item);
      this.unwritten.add(item);
      if (this.underWay.has(item)) continue;
      this.#fresh.add(item);
      if (item.retain && !this.#newest.has(item.topic)) this.#newest.set(item.topic, item);
    }
    if (lost.length > 0) this.#fresh = new Set([...this.#fresh].sort((a, b) => a.order - b.order));
    this.#nextSequence = Math.max(this.#nextSequence, this.#index.end);
    this.#cursor = 0;
    this.#opened = true;
    this.writes = true;
  }

  /** The disk does not work: nothing waits for it from now on. */
  standIn(): void {
    this.#opened = true;
    this.writes = false;
  }

  /** The topic of a retained message that an earlier process left on disk; to be told in order. */
  name(sequence: number, topic: string): void {
    // What was put since then is newer, and both stay: an event between the two may speak of the older one.
    const newest = this.#newest.get(topic);
    if (this.#index.has(sequence) && !(newest instanceof Item)) this.#setNewest(topic, sequence);
  }

  /**
   * What was read, from `from` on; what is not there any more, or not as it was written, is given up.
   *
   * @param upTo Sequences below it were looked for.
   */
  loaded(messages: ReadonlyMap<number, Message>, from: number, upTo: number): void {
    let stored = this.#index.at(from);
    for (; stored && stored.sequence < upTo; stored = this.#index.at(stored.sequence + 1)) {
      if (this.#resident.has(stored.sequence)) continue;
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
      this.#keepResident(item);
    }
  }

  /** Takes what is to be written now, oldest first, with a place on disk for each. */
  takeUnwritten(maxBytes: number): Item[] {
    let bytes = 0;
    for (const item of this.unwritten) {
      if (bytes > maxBytes) break;
      bytes += item.bytes;
      item.sequence ??= this.#nextSequence++;
      item.seconds = this.#options.clock.secondsAt(item.timeMs);
      this.#writing.add(item);
    }
    return [...this.#writing];
  }

  /** What was taken is on disk, or is still to be written. */
  written(isWritten: boolean): void {
    for (const item of this.#writing) {
      if (item.gone) {
        this.unwritten.delete(item);
        this.unwanted.push(item.stored);
        continue;
      }
      const isInPlace = this.#isOnDisk(item);
      if (!isWritten) {
        // The next try is behind what may have come into the index meanwhile.
        if (!isInPlace) item.sequence = undefined;
        continue;
      }
      this.unwritten.delete(item);
      this.#index.set(item.stored);
      if (isInPlace) continue;
      this.#uncountFresh(item);
      this.#fresh.delete(item);
      if (item.retain && this.#newest.get(item.topic) === item) this.#setNewest(item.topic, item.sequence!);
      if (this.underWay.has(item) || this.#residentBytes < residentBytes) this.#keepResident(item);
    }
    this.#writing.clear();
  }

  /** Is a newer value of its topic on its way as well? */
  #isOvertaken(item: Item): boolean {
    const underWay = [...this.underWay];
    return underWay.slice(underWay.indexOf(item) + 1).some(({ topic }) => topic === item.topic);
  }

  #isOnDisk(item: Item): boolean {
    return item.sequence !== undefined && this.#resident.get(item.sequence) === item;
  }

  #countFresh(item: Item): void {
    this.#freshCount++;
    this.#freshBytes += item.bytes;
  }

  #uncountFresh(item: Item): void {
    this.#freshCount--;
    this.#freshBytes -= item.bytes;
  }

  #handOut(item: Item): void {
    this.underWay.add(item);
    if (!item.retain) return;
    const newest = this.#newest.get(item.topic);
    if (newest === item || newest === item.sequence) this.#newest.delete(item.topic);
    if (item.sequence !== undefined) this.#topics.delete(item.sequence);
  }

  /** A newer value in the place of one on disk. */
  #replace(sequence: number, item: Item): void {
    const old = this.#index.at(sequence)!;
    const resident = this.#resident.get(sequence);
    if (resident) {
      this.#evictResident(resident);
      resident.gone = true;
      this.unwritten.delete(resident);
    }
    this.unwanted.push(old);
    item.sequence = sequence;
    item.seconds = this.#options.clock.secondsAt(item.timeMs);
    this.#index.set(item.stored);
    this.#keepResident(item);
    this.unwritten.add(item);
  }

  #drop(item: Item): void {
    item.gone = true;
    if (this.#isOnDisk(item)) this.#removeStored(this.#index.at(item.sequence!)!);
    else {
      this.#uncountFresh(item);
      this.#fresh.delete(item);
      if (this.#newest.get(item.topic) === item) this.#newest.delete(item.topic);
    }
    if (!this.#writing.has(item)) this.unwritten.delete(item);
  }

  #removeStored(stored: Stored): void {
    this.#index.remove(stored.sequence);
    const item = this.#resident.get(stored.sequence);
    if (item) {
      item.gone = true;
      this.#evictResident(item);
      if (!this.#writing.has(item)) this.unwritten.delete(item);
    }
    const topic = this.#topics.get(stored.sequence);
    this.#topics.delete(stored.sequence);
    if (topic !== undefined && this.#newest.get(topic) === stored.sequence) this.#newest.delete(topic);
    this.unwanted.push(stored);
  }

  #keepResident(item: Item): void {
    this.#resident.set(item.sequence!, item);
    this.#residentBytes += item.bytes;
  }

  #evictResident(item: Item): void {
    if (this.#resident.delete(item.sequence!)) this.#residentBytes -= item.bytes;
  }

  #setNewest(topic: string, sequence: number): void {
    this.#newest.set(topic, sequence);
    this.#topics.set(sequence, topic);
  }

  #countEviction(): void {
    this.#evicted++;
    this.#options.onEvict();
  }
}

const bytesOf = ({ topic, payload }: Message) => topic.length + payload.length + overheadBytes;
