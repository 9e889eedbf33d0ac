import type { Entry, Message, Outbox, OutboxStats } from './outbox.ts';

/** What an entry takes beside its payload and topic: objects and index entries. */
const overheadBytes = 200;

interface Lane {
  /** By sequence, in the order in which they are to go. */
  readonly waiting: Map<number, Entry>;
  /** The waiting entry of each retained topic. */
  readonly newest: Map<string, Entry>;
}

const makeLane = (): Lane => ({ waiting: new Map(), newest: new Map() });

/** An outbox that lives as long as the process, bounded by count and by bytes: the oldest event goes first. */
export class MemoryOutbox implements Outbox {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #lanes = { state: makeLane(), event: makeLane() };
  readonly #underWay = new Map<number, Entry>();
  #onReady: (() => void) | undefined;
  #sequence = 0;
  #bytes = 0;
  #evicted = 0;

  /**
   * @param options.maxCount Messages. Default 10,000: three hours at one event a second.
   * @param options.maxBytes Of topics and payloads. Default 16 MiB: it counts against the memory of a small board.
   */
  constructor(options: { maxCount?: number; maxBytes?: number } = {}) {
    this.#maxCount = options.maxCount ?? 10_000;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
  }

  get stats(): OutboxStats {
    let oldest = Number.POSITIVE_INFINITY;
    for (const entries of [this.#lanes.state.waiting, this.#lanes.event.waiting, this.#underWay]) {
      for (const { timeMs } of entries.values()) {
        oldest = Math.min(oldest, timeMs);
        break;
      }
    }
    return {
      depth: this.#depth,
      bytes: this.#bytes,
      oldestAgeSeconds: this.#depth === 0 ? 0 : Math.max(0, Math.round((Date.now() - oldest) / 1000)),
      evicted: this.#evicted,
    };
  }

  async open(onReady: () => void): Promise<void> {
    this.#onReady = onReady;
  }

  put(message: Message): void {
    const lane = this.#lanes[message.kind];
    if (sizeOf(message) > this.#maxBytes) {
      // It would push out all others and then itself.
      this.#evicted++;
      return;
    }
    const older = message.retain ? lane.newest.get(message.topic) : undefined;
    const entry: Entry = { ...message, sequence: older?.sequence ?? this.#sequence++, timeMs: Date.now() };
    if (older) this.#bytes -= sizeOf(older);
    this.#bytes += sizeOf(entry);
    lane.waiting.set(entry.sequence, entry);
    if (entry.retain) lane.newest.set(entry.topic, entry);
    while (this.#depth > this.#maxCount || this.#bytes > this.#maxBytes) if (!this.#evict()) break;
    this.#onReady?.();
  }

  next(): Entry | undefined {
    for (const lane of [this.#lanes.state, this.#lanes.event]) {
      for (const entry of lane.waiting.values()) {
        this.#remove(lane, entry);
        this.#underWay.set(entry.sequence, entry);
        return entry;
      }
    }
    return undefined;
  }

  settle(entry: Entry): void {
    if (this.#underWay.delete(entry.sequence)) this.#bytes -= sizeOf(entry);
  }

  rewind(): void {
    const lanes = { state: makeLane(), event: makeLane() };
    const all = [this.#underWay, this.#lanes.state.waiting, this.#lanes.event.waiting];
    for (const entry of all.flatMap((entries) => [...entries.values()])) {
      const lane = lanes[entry.kind];
      const older = entry.retain ? lane.newest.get(entry.topic) : undefined;
      // A snapshot stays although a newer one waits: an event between the two speaks of it.
      if (older && entry.kind === 'state') {
        lane.waiting.delete(older.sequence);
        this.#bytes -= sizeOf(older);
      }
      lane.waiting.set(entry.sequence, entry);
      if (entry.retain) lane.newest.set(entry.topic, entry);
    }
    this.#underWay.clear();
    this.#lanes = lanes;
  }

  async close(): Promise<void> {
    this.#onReady = undefined;
  }

  get #depth(): number {
    return this.#lanes.state.waiting.size + this.#lanes.event.waiting.size + this.#underWay.size;
  }

  /** What is on its way stays: the broker may have it already. */
  #evict(): boolean {
    for (const lane of [this.#lanes.event, this.#lanes.state]) {
      for (const entry of lane.waiting.values()) {
        this.#remove(lane, entry);
        this.#bytes -= sizeOf(entry);
        this.#evicted++;
        return true;
      }
    }
    return false;
  }

  #remove(lane: Lane, entry: Entry): void {
    lane.waiting.delete(entry.sequence);
    if (lane.newest.get(entry.topic) === entry) lane.newest.delete(entry.topic);
  }
}

const sizeOf = ({ topic, payload }: Message) => topic.length + payload.length + overheadBytes;
