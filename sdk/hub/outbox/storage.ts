import { Backoff } from '../../base/backoff.ts';
import { messageOf as textOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { AgeClock } from './age-clock.ts';
import type { Item, Lane } from './lane.ts';
import { LevelStore, type Operation, probe, UnavailableError } from './level-store.ts';
import type { Message } from './message.ts';
import { decode, encode, keyOf, rangeOf, storedOf } from './record.ts';
import type { Stored } from './stored-index.ts';

/** What is put within so long is written at once; a snapshot that the broker has by then is not written at all. */
const gatherMs = 20;
/** What the broker has goes from the disk with the next write, or after so long. */
const tidyMs = 1000;
/** A power cut takes what is younger, unless the broker has it. */
const syncMs = 1000;
/** How old what waits is, is noted this often at least: a board that is switched off each day drops it in the end too. */
const markMs = 3_600_000;
/** And no more often than this: a card wears out by it. */
const leastMarkMs = 60_000;
const markKey = Buffer.from('clock');
const batchBytes = 4 * 1024 * 1024;
const readAtOnce = 64;
const readBytes = 512 * 1024;

/** What is on disk cannot be read. */
class DamagedError extends Error {}

const damaged = (cause: unknown): never => {
  throw new DamagedError('it cannot be read', { cause });
};

/**
 * Keeps the lanes of an outbox on disk. Where the disk does not work, the lanes go on in memory, bounded, and it is tried
 * again for as long as it takes.
 */
export class Storage {
  readonly #folder: string;
  /** By the letter that their keys begin with. */
  readonly #lanes: [letter: string, lane: Lane][];
  readonly #clock: AgeClock;
  readonly #logger: Logger;
  readonly #onReady: () => void;
  readonly #backoff = new Backoff();
  #store: LevelStore | undefined;
  #works = false;
  #closed = true;
  #saidFailure = false;
  /** What the last attempts to read found. */
  #damage: 'new' | 'repaired' | undefined;
  /** What is being done with the store; one thing at a time. */
  #turn: Promise<void> = Promise.resolve();
  #busy = 0;
  #timer: { handle: NodeJS.Timeout; isUrgent: boolean } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #markTimer: NodeJS.Timeout | undefined;
  #markedMs = Number.NEGATIVE_INFINITY;
  /** Written since the last sync. */
  #unsynced = new Set<Item>();
  readonly #loading = new Set<Lane>();

  constructor(options: {
    folder: string;
    lanes: Record<string, Lane>;
    clock: AgeClock;
    logger: Logger;
    onReady: () => void;
  }) {
    this.#folder = options.folder;
    this.#lanes = Object.entries(options.lanes);
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onReady = options.onReady;
  }

  /** Is what is put kept on disk? */
  get works(): boolean {
    return this.#works;
  }

  open(): void {
    this.#closed = false;
    clearInterval(this.#markTimer);
    this.#markTimer = setInterval(() => this.#mark(), markMs).unref();
    this.#take(() => this.#start());
  }

  /** Something was put or is not wanted any more. */
  changed(): void {
    if (!this.#works || this.#busy > 0) return;
    const isUrgent = this.#lanes.some(([, lane]) => lane.unwritten.size > 0);
    if (!isUrgent && this.#lanes.every(([, lane]) => lane.unwanted.length === 0)) return;
    if (this.#timer && (this.#timer.isUrgent || !isUrgent)) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => this.#take(() => this.#write(false)), isUrgent ? gatherMs : tidyMs);
    handle.unref();
    this.#timer = { handle, isUrgent };
  }

  /** Reads what a lane wants next. */
  load(lane: Lane): void {
    if (!this.#store || this.#loading.has(lane)) return;
    this.#loading.add(lane);
    this.#take(() => this.#load(lane)).finally(() => {
      this.#loading.delete(lane);
      this.#onReady();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    clearInterval(this.#markTimer);
    await this.#take(async () => {
      try {
        while (this.#works && this.#lanes.some(([, lane]) => lane.unwritten.size + lane.unwanted.length > 0)) {
          await this.#write(true);
        }
      } catch (error) {
        this.#logger.error(`MQTT: the outbox could not be written to ${this.#folder}: ${reasonOf(error)}`);
      }
      this.#closed = true;
      clearTimeout(this.#retry);
      clearTimeout(this.#timer?.handle);
      this.#timer = undefined;
      await this.#close();
    });
  }

  #mark(): void {
    if (this.#works && this.#lanes.some(([, lane]) => lane.depth > 0)) this.#take(() => this.#write(false));
  }

  #take(what: () => Promise<void>): Promise<void> {
    this.#busy++;
    this.#turn = this.#turn
      .then(() => (this.#closed ? undefined : what()))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#busy--;
        this.changed();
      });
    return this.#turn;
  }

  async #start(): Promise<void> {
    // While the old one is open, what it has can be read; so it stays until there is room for another one.
    if (this.#store && (await this.#store.isThere())) await probe(this.#folder);
    await this.#close();
    this.#store = await LevelStore.open(this.#folder, this.#logger, this.#damage);
    await this.#adoptAll(this.#store).catch(damaged);
    this.#works = true;
    this.#backoff.reset();
    this.#damage = undefined;
    if (this.#saidFailure) this.#logger.info(`MQTT: the outbox is kept in ${this.#folder} again`);
    this.#saidFailure = false;
    this.#onReady();
  }

  async #adoptAll(store: LevelStore): Promise<void> {
    const found: Stored[][] = [];
    for (const [letter] of this.#lanes) found.push(await this.#find(letter, store));
    const newest = found.map((stored) => stored.at(-1)?.seconds ?? 0);
    // Before the lanes ask how old it is.
    this.#clock.resume(await store.get(markKey), Math.max(...newest));
    for (const [i, [letter, lane]] of this.#lanes.entries()) await this.#adopt(letter, lane, found[i]!, store);
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

  async #adopt(letter: string, lane: Lane, found: readonly Stored[], store: LevelStore): Promise<void> {
    lane.adopt(found);
    for (const stored of found) {
      if (!stored.retain) continue;
      const key = keyOf(letter, stored);
      const value = await store.get(key);
      const message = value && decode(key, value, lane.kind);
      if (message) lane.name(stored.sequence, message.topic);
    }
  }

  async #write(sync: boolean): Promise<void> {
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
    if (!this.#works || !this.#store) return;
    const operations: Operation[] = [];
    const taken = this.#lanes.map(([letter, lane]) => {
      const deletions = lane.unwanted.length;
      // Before the writes: a value may take the place of one with the same key.
      for (const stored of lane.unwanted) operations.push({ type: 'del', key: keyOf(letter, stored) });
      const items = lane.takeUnwritten(batchBytes);
      for (const item of items) {
        const key = keyOf(letter, item.stored);
        operations.push({ type: 'put', key, value: encode(key, item) });
      }
      return { lane, items, deletions };
    });
    const nowMs = this.#clock.now();
    // A batch without operations is not written, so not synced either.
    const isMarked = operations.length === 0 || nowMs - this.#markedMs >= leastMarkMs;
    if (isMarked) operations.push({ type: 'put', key: markKey, value: this.#clock.mark() });
    try {
      await this.#store.write(operations, sync);
    } catch (error) {
      for (const { lane } of taken) lane.written(false);
      throw error;
    }
    if (isMarked) this.#markedMs = nowMs;
    if (sync) this.#unsynced.clear();
    for (const { lane, items, deletions } of taken) {
      lane.unwanted.splice(0, deletions);
      lane.written(true);
      if (!sync) for (const item of items) this.#unsynced.add(item);
    }
    if (this.#unsynced.size > 0) this.#planSync();
    this.#onReady();
  }

  /** What the broker has by then need not be safe from a power cut: while it answers, nothing is ever synced. */
  #planSync(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      const isNeeded = [...this.#unsynced].some((item) => !item.gone);
      if (isNeeded) this.#take(() => this.#write(true));
      else this.#unsynced.clear();
    }, syncMs).unref();
  }

  async #load(lane: Lane): Promise<void> {
    const from = lane.wanted;
    if (from === undefined || !this.#store) return;
    const letter = this.#lanes.find(([, one]) => one === lane)![0];
    const entries = await this.#store.read(rangeOf(letter, from), readAtOnce, readBytes).catch(damaged);
    const messages = new Map<number, Message>();
    let upTo = Number.POSITIVE_INFINITY;
    for (const [key, value] of entries) {
      const stored = storedOf(key);
      if (!stored) continue;
      upTo = stored.sequence + 1;
      const message = decode(key, value, lane.kind);
      if (message) messages.set(stored.sequence, message);
    }
    const before = lane.damaged;
    lane.loaded(messages, from, upTo);
    if (before === 0 && lane.damaged > 0) {
      this.#logger.error(`MQTT: messages in ${this.#folder} are damaged and left out; stats count them`);
    }
  }

  /** Goes on in memory, and tries again. */
  #fail(error: unknown): void {
    this.#works = false;
    this.#unsynced.clear();
    // Nothing can be read: what the lanes have in memory stays, the rest is found again when the disk works.
    for (const [, lane] of this.#lanes) {
      if (!this.#store) lane.adopt([]);
      lane.standIn();
    }
    if (error instanceof DamagedError) this.#damage = this.#damage ? 'repaired' : 'new';
    if (!this.#saidFailure) {
      this.#logger.error(
        `MQTT: the outbox cannot be kept in ${this.#folder}: ${reasonOf(error)}. Messages wait in memory meanwhile.`,
      );
    }
    this.#saidFailure = true;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#take(() => this.#start()), this.#backoff.next());
    this.#retry.unref();
    this.#onReady();
  }

  async #close(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    this.#works = false;
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    await store?.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof UnavailableError ? error.message : textOf((error as Error).cause ?? error);
}
