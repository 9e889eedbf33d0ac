import { messageOf as textOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { AgeClock } from '../../store/age-clock.ts';
import { DiskTrouble } from './disk-trouble.ts';
import { LevelStore, type Operation, probe, UnavailableError } from './level-store.ts';
import type { Message } from './message.ts';
import { PendingSync } from './pending-sync.ts';
import type { MessageQueue } from './queue.ts';
import { decode, encode, keyOf, rangeOf, storedOf } from './record.ts';
import type { Stored } from './stored-index.ts';
import { Turns } from './turns.ts';

/** Messages put within this time are written together; a snapshot the broker has by then is never written. */
const gatherMs = 20;
/** Acknowledged messages are deleted from disk with the next write, or after this time. */
const tidyMs = 1000;
/** The age of what waits is recorded at least this often, so that it expires even on a board that is switched off daily. */
const markMs = 3_600_000;
/** And no more often than this, because writing wears out the card. */
const leastMarkMs = 60_000;
const markKey = Buffer.from('clock');
const batchBytes = 4 * 1024 * 1024;
const readAtOnce = 64;
const readBytes = 512 * 1024;

/** The content of the disk cannot be read. */
class DamagedError extends Error {}

const damaged = (cause: unknown): never => {
  throw new DamagedError('it cannot be read', { cause });
};

export interface StorageOptions {
  readonly folder: string;
  /** By the letter that their keys begin with. */
  readonly queues: Readonly<Record<string, MessageQueue>>;
  readonly clock: AgeClock;
  readonly logger: Logger;
  /** There may be something to hand out. */
  readonly onReady: () => void;
}

/**
 * Keeps the queues of an outbox on disk. If the disk does not work, the queues go on in memory, bounded, and the disk is
 * retried for as long as it takes.
 */
export class Storage {
  readonly #options: StorageOptions;
  /** By the letter that their keys begin with. */
  readonly #queues: [letter: string, queue: MessageQueue][];
  #store: LevelStore | undefined;
  #works = false;
  #closed = true;
  readonly #trouble = new DiskTrouble();
  /** Work on the store, one task at a time. */
  readonly #turns = new Turns();
  #timer: { handle: NodeJS.Timeout; isUrgent: boolean } | undefined;
  readonly #sync = new PendingSync();
  #markTimer: NodeJS.Timeout | undefined;
  #markedMs = Number.NEGATIVE_INFINITY;
  readonly #loading = new Set<MessageQueue>();

  constructor(options: StorageOptions) {
    this.#options = options;
    this.#queues = Object.entries(options.queues);
  }

  /** Whether new messages are kept on disk. */
  get works(): boolean {
    return this.#works;
  }

  open(): void {
    this.#closed = false;
    clearInterval(this.#markTimer);
    this.#markTimer = setInterval(() => this.#mark(), markMs).unref();
    this.#take(() => this.#start());
  }

  /** Something was put or is no longer wanted. */
  changed(): void {
    if (!this.#works || this.#turns.isBusy) return;
    const isUrgent = this.#queues.some(([, queue]) => queue.plan.unwritten.size > 0);
    if (!isUrgent && this.#queues.every(([, queue]) => queue.plan.unwanted.length === 0)) return;
    if (this.#timer && (this.#timer.isUrgent || !isUrgent)) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => this.#take(() => this.#write(false)), isUrgent ? gatherMs : tidyMs);
    handle.unref();
    this.#timer = { handle, isUrgent };
  }

  /** Reads what a queue wants next. */
  load(queue: MessageQueue): void {
    if (!this.#store || this.#loading.has(queue)) return;
    this.#loading.add(queue);
    this.#take(() => this.#load(queue)).finally(() => {
      this.#loading.delete(queue);
      this.#options.onReady();
    });
  }

  async close(): Promise<void> {
    this.#trouble.stop();
    clearInterval(this.#markTimer);
    await this.#take(async () => {
      try {
        while (
          this.#works &&
          this.#queues.some(([, queue]) => queue.plan.unwritten.size + queue.plan.unwanted.length > 0)
        ) {
          await this.#write(true);
        }
      } catch (error) {
        this.#options.logger.error(
          `MQTT: the outbox could not be written to ${this.#options.folder}: ${reasonOf(error)}`,
        );
      }
      this.#closed = true;
      this.#trouble.stop();
      clearTimeout(this.#timer?.handle);
      this.#timer = undefined;
      await this.#close();
    });
  }

  #mark(): void {
    if (this.#works && this.#queues.some(([, queue]) => queue.depth > 0)) this.#take(() => this.#write(false));
  }

  #take(what: () => Promise<void>): Promise<void> {
    return this.#turns.take(
      () => (this.#closed ? undefined : what()),
      (error) => this.#fail(error),
      () => this.changed(),
    );
  }

  async #start(): Promise<void> {
    // While the old one is open, its content can be read; so it stays until there is room for another one.
    if (this.#store && (await this.#store.isThere())) await probe(this.#options.folder);
    await this.#close();
    this.#store = await LevelStore.open(this.#options.folder, this.#options.logger, this.#trouble.damage);
    await this.#adoptAll(this.#store).catch(damaged);
    this.#works = true;
    if (this.#trouble.end()) this.#options.logger.info(`MQTT: the outbox is kept in ${this.#options.folder} again`);
    this.#options.onReady();
  }

  async #adoptAll(store: LevelStore): Promise<void> {
    const found: Stored[][] = [];
    for (const [letter] of this.#queues) found.push(await this.#find(letter, store));
    const newest = found.map((stored) => stored.at(-1)?.seconds ?? 0);
    // Before the queues ask for ages.
    this.#options.clock.resume(await store.get(markKey), Math.max(...newest));
    for (const [i, [letter, queue]] of this.#queues.entries()) await this.#adopt(letter, queue, found[i]!, store);
  }

  async #find(letter: string, store: LevelStore): Promise<Stored[]> {
    const found: Stored[] = [];
    const foreign: Operation[] = [];
    for await (const key of store.keys(rangeOf(letter))) {
      const stored = storedOf(key);
      if (stored) found.push(stored);
      else foreign.push({ type: 'del', key });
    }
    if (foreign.length > 0) await store.write(foreign, false);
    return found;
  }

  async #adopt(letter: string, queue: MessageQueue, found: readonly Stored[], store: LevelStore): Promise<void> {
    queue.adopt(found);
    for (const stored of found) {
      if (!stored.retain) continue;
      const key = keyOf(letter, stored);
      const value = await store.get(key);
      const message = value && decode(key, value, queue.kind);
      if (message) queue.name(stored.sequence, message.topic);
    }
  }

  async #write(sync: boolean): Promise<void> {
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
    if (!this.#works || !this.#store) return;
    const operations: Operation[] = [];
    const taken = this.#queues.map(([letter, queue]) => {
      const deletions = queue.plan.unwanted.length;
      // Before the writes: a value may replace one with the same key.
      for (const stored of queue.plan.unwanted) operations.push({ type: 'del', key: keyOf(letter, stored) });
      const items = queue.takeUnwritten(batchBytes);
      for (const item of items) {
        const key = keyOf(letter, item.stored);
        operations.push({ type: 'put', key, value: encode(key, item) });
      }
      return { queue, items, deletions };
    });
    const nowMs = this.#options.clock.now();
    // An empty batch is not written, so not synced either.
    const isMarked = operations.length === 0 || nowMs - this.#markedMs >= leastMarkMs;
    if (isMarked) operations.push({ type: 'put', key: markKey, value: this.#options.clock.mark() });
    try {
      await this.#store.write(operations, sync);
    } catch (error) {
      for (const { queue } of taken) queue.written(false);
      throw error;
    }
    if (isMarked) this.#markedMs = nowMs;
    if (sync) this.#sync.clear();
    for (const { queue, items, deletions } of taken) {
      queue.plan.unwanted.splice(0, deletions);
      queue.written(true);
      this.#sync.add(sync ? [] : items, () => void this.#take(() => this.#write(true)));
    }
    this.#options.onReady();
  }

  async #load(queue: MessageQueue): Promise<void> {
    const from = queue.wanted;
    if (from === undefined || !this.#store) return;
    const letter = this.#queues.find(([, one]) => one === queue)![0];
    const entries = await this.#store.read(rangeOf(letter, from), readAtOnce, readBytes).catch(damaged);
    const messages = new Map<number, Message>();
    let upTo = Number.POSITIVE_INFINITY;
    for (const [key, value] of entries) {
      const stored = storedOf(key);
      if (!stored) continue;
      upTo = stored.sequence + 1;
      const message = decode(key, value, queue.kind);
      if (message) messages.set(stored.sequence, message);
    }
    const before = queue.damaged;
    queue.loaded(messages, from, upTo);
    if (before === 0 && queue.damaged > 0) {
      this.#options.logger.error(
        `MQTT: messages in ${this.#options.folder} are damaged and left out; stats count them`,
      );
    }
  }

  /** Goes on in memory, and retries. */
  #fail(error: unknown): void {
    this.#works = false;
    this.#sync.clear();
    // Nothing can be read: the queues keep what is in memory; the rest is found again when the disk works.
    for (const [, queue] of this.#queues) {
      if (!this.#store) queue.adopt([]);
      queue.standIn();
    }
    if (this.#trouble.add(error instanceof DamagedError)) {
      this.#options.logger.error(
        `MQTT: the outbox cannot be kept in ${this.#options.folder}: ${reasonOf(error)}. Messages wait in memory meanwhile.`,
      );
    }
    this.#trouble.retryLater(() => void this.#take(() => this.#start()));
    this.#options.onReady();
  }

  async #close(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    this.#works = false;
    this.#sync.stop();
    await store?.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof UnavailableError ? error.message : textOf((error as Error).cause ?? error);
}
