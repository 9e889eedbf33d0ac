import { type Logger, silent } from '../../base/log.ts';
import { OutboxSettings } from '../../config/schema.ts';
import { validate } from '../../config/validate.ts';
import { AgeClock, type RunClock } from '../../store/age-clock.ts';
import type { Item } from './item.ts';
import type { Entry, Kind, Message } from './message.ts';
import { MessageQueue } from './queue.ts';
import { Storage } from './storage.ts';

/** What waits in an outbox, and what it lost, since it was opened. */
export interface OutboxStats {
  /** Messages that wait or are in flight, and their bytes including the overhead of each. */
  depth: number;
  bytes: number;
  oldestAgeSeconds: number;
  /** Messages dropped, oldest first, for lack of room or because of their age. */
  evicted: Record<Kind, number>;
  /** Messages that the broker refused for good or that exceed its limit: they were set aside. */
  refused: Record<Kind, number>;
  /** Where they are kept: also `memory` while the disk is full or another process has the folder. */
  storage: 'disk' | 'memory';
  /** Messages not yet written to disk. */
  unwritten: number;
  /** Messages that could not be read back. */
  damaged: number;
}

export interface OutboxOptions {
  /** Folder in which messages are kept; created if missing. Default: in memory only. */
  folder?: string;
  bounds?: OutboxSettings;
  logger?: Logger;
  /** A monotonic clock in ms. Default: `performance.now()`. */
  now?: () => number;
  /** What is known about the time between two processes. Default: this machine's. */
  run?: RunClock;
  /** A message was dropped for lack of room or because of its age; its topic is undefined if it was on disk only. */
  onEvicted?: (kind: Kind, topic: string | undefined) => void;
}

const megabyte = 1e6;
const hourMs = 3_600_000;
/** What may wait in memory without a working disk: it counts against a small board's memory. */
const memoryBytes = { state: 8 * megabyte, event: 16 * megabyte, learning: 8 * megabyte };
const defaultBounds = validate(OutboxSettings, {}, 'outbox');

/**
 * Keeps messages until the broker has acknowledged them: on disk, bounded by bytes and by age for each kind, the
 * oldest first.
 *
 * A message that is not retained is handed out once it is written, so that after `kill -9` the next process finds it; a
 * power cut loses at most what was put in the last second and not acknowledged. See docs/reliability.md.
 */
export class Outbox {
  readonly #queues: Record<Kind, MessageQueue>;
  readonly #storage: Storage | undefined;
  readonly #clock: AgeClock;
  readonly #logger: Logger;
  readonly #refused: Record<Kind, number> = { state: 0, event: 0, learning: 0 };
  #onReady: (() => void) | undefined;
  #saidEviction = false;

  constructor({
    folder,
    bounds = defaultBounds,
    logger = silent,
    now = () => performance.now(),
    run,
    onEvicted,
  }: OutboxOptions = {}) {
    const clock = new AgeClock(now, run);
    const make = (kind: Kind, disk: { megabytes: number; hours: number } | undefined) =>
      new MessageQueue({
        kind,
        bytes: folder && disk ? disk.megabytes * megabyte : memoryBytes[kind],
        memoryBytes: memoryBytes[kind],
        ageMs: disk ? disk.hours * hourMs : Number.POSITIVE_INFINITY,
        isStored: folder !== undefined && disk !== undefined,
        clock,
        onEvict: (topic) => {
          this.#sayEviction();
          onEvicted?.(kind, topic);
        },
      });
    this.#queues = {
      state: make('state', undefined),
      event: make('event', bounds.events),
      learning: make('learning', bounds.learning),
    };
    this.#clock = clock;
    this.#logger = logger;
    if (folder) {
      const queues = { e: this.#queues.event, l: this.#queues.learning };
      this.#storage = new Storage({ folder, queues, clock, logger, onReady: () => this.#onReady?.() });
    }
  }

  /** As in `stats`, which costs more: it is asked for with each message. */
  get depth(): number {
    return sum(this.#inOrder(), (queue) => queue.depth);
  }

  get stats(): OutboxStats {
    const now = this.#clock.now();
    const queues = this.#inOrder();
    const oldest = Math.min(...queues.map((queue) => queue.oldestMs));
    return {
      depth: this.depth,
      bytes: sum(queues, (queue) => queue.bytes),
      oldestAgeSeconds: oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, Math.round((now - oldest) / 1000)),
      evicted: {
        state: this.#queues.state.evicted,
        event: this.#queues.event.evicted,
        learning: this.#queues.learning.evicted,
      },
      refused: { ...this.#refused },
      storage: this.#storage?.works ? 'disk' : 'memory',
      unwritten: sum(queues, (queue) => queue.plan.unwritten.size),
      damaged: sum(queues, (queue) => queue.damaged),
    };
  }

  /** Bytes of a kind that wait or are in flight, including the overhead of each message. */
  bytesOf(kind: Kind): number {
    return this.#queues[kind].bytes;
  }

  /**
   * Starts reading what an earlier process left, without waiting for it; what is put meanwhile is queued after it.
   *
   * @param onReady Called whenever `next()` may have something again.
   */
  open(onReady: () => void): void {
    this.#onReady = onReady;
    this.#storage?.open();
  }

  /** Accepts a message. Never throws; what does not fit is counted in `stats.evicted`. */
  put(message: Message): void {
    const queue = this.#queues[message.kind];
    queue.put(message);
    queue.evict();
    this.#storage?.changed();
    this.#onReady?.();
  }

  /** The next message to publish, now in flight; undefined when none is ready. */
  next(): Entry | undefined {
    for (const queue of this.#inOrder()) {
      queue.evict();
      const item = queue.next();
      if (item) return item;
      if (queue.wanted !== undefined) this.#storage?.load(queue);
    }
    return undefined;
  }

  /** Time until it expires, ms; undefined: unlimited. */
  lifetimeOf({ expiresMs }: Entry): number | undefined {
    return expiresMs === undefined ? undefined : Math.max(0, expiresMs - this.#clock.now());
  }

  /** It was acknowledged, or refused for good, and is dropped. */
  settle(entry: Entry, { isRefused = false }: { isRefused?: boolean } = {}): void {
    if (isRefused) this.#refused[entry.kind]++;
    const queue = this.#queues[entry.kind];
    queue.settle(entry as Item);
    this.#storage?.changed();
    if (this.depth === 0) this.#saidEviction = false;
  }

  /** The broker did not accept it this time: it waits again, in its old place. */
  putBack(entry: Entry): void {
    this.#queues[entry.kind].putBack([entry as Item]);
  }

  /** The connection is gone: what is in flight waits again, in the old order. */
  rewind(): void {
    for (const queue of this.#inOrder()) queue.putBack([...queue.underWay]);
  }

  /** Writes what is pending and releases the folder for the next process. */
  async close(): Promise<void> {
    this.#onReady = undefined;
    await this.#storage?.close();
  }

  #inOrder(): MessageQueue[] {
    return [this.#queues.state, this.#queues.event, this.#queues.learning];
  }

  #sayEviction(): void {
    if (this.#saidEviction) return;
    this.#saidEviction = true;
    this.#logger.warn(
      'MQTT: the outbox is full, or what waits is too old: the oldest messages are dropped until the broker takes some',
    );
  }
}

function sum(queues: readonly MessageQueue[], of: (queue: MessageQueue) => number): number {
  return queues.reduce((total, queue) => total + of(queue), 0);
}
