import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { ObjectState } from '../vision/event.ts';
import type { HistoryChange, HistoryDisk } from './history-disk.ts';
import type { CameraRename, HistoryIndex, IndexRow } from './history-index.ts';

/** What has no disk is bounded by these. */
export const mostInMemory = { events: 500, pictureBytes: 16 * 1024 * 1024 };
/** A disk that takes longer does not keep anybody from being told. */
const mostWaitMs = 1000;
const retryMs = 10_000;

/** What is not on disk yet. */
interface Pending {
  event?: ObjectState | undefined;
  jpeg?: Buffer | undefined;
  /** The number that the index has. */
  clip?: number | undefined;
}

/** Brings events to the disk, if there is one, and has them until they are there. */
export class HistoryWriter {
  readonly #index: HistoryIndex;
  readonly #logger: Logger;
  readonly #lost: (row: IndexRow) => void;
  /** By place, the one that has waited longest first. */
  readonly #pending = new Map<number, Pending>();
  #bytes = 0;
  #disk: HistoryDisk | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #closing = new AbortController();
  #trouble: string | undefined;

  /** @param lost Called with what there was no room for. */
  constructor(index: HistoryIndex, logger: Logger, lost: (row: IndexRow) => void) {
    this.#index = index;
    this.#logger = logger;
    this.#lost = lost;
  }

  get hasDisk(): boolean {
    return this.#disk !== undefined;
  }

  /** Why the disk does not take anything now. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @param disk Or why there is none. */
  use(disk: HistoryDisk | string): void {
    this.#closing = new AbortController();
    if (typeof disk === 'string') this.#trouble = disk;
    else this.#disk = disk;
  }

  put(row: IndexRow, change: Pending): void {
    const before = this.#pending.get(row.place);
    if (change.jpeg) this.#bytes += change.jpeg.length - (before?.jpeg?.length ?? 0);
    this.#pending.set(row.place, { ...before, ...change });
    this.#flush();
    while (this.#pending.size > mostInMemory.events || this.#bytes > mostInMemory.pictureBytes) this.#giveUp();
  }

  /** Waits until what was put is on disk; not where there is none, nor longer than a second. */
  async kept(): Promise<void> {
    if (!this.#disk || this.#trouble !== undefined) return;
    await Promise.race([this.#writing, sleep(mostWaitMs, undefined, { ref: false })]);
  }

  /** In the order of the rows; undefined where it cannot be read. */
  async read(rows: readonly IndexRow[]): Promise<(ObjectState | undefined)[]> {
    // As of now: what waits may be written while the others are read.
    const waiting = new Map(rows.map(({ place }) => [place, this.#pending.get(place)?.event]));
    const stored = rows.filter(({ place }) => !waiting.get(place));
    const read = (await this.#disk?.read(stored.map(({ place }) => place))) ?? [];
    const events = new Map(stored.map(({ place }, i) => [place, read[i]]));
    return rows.map(({ place }) => waiting.get(place) ?? events.get(place));
  }

  async picture(row: IndexRow): Promise<Buffer | undefined> {
    return this.#pending.get(row.place)?.jpeg ?? this.#disk?.picture(row);
  }

  /** Writes a clip that no event refers to yet. @returns Why it cannot be. */
  async writeClip(clip: number, mp4: Buffer): Promise<string | undefined> {
    if (!this.#disk) return 'clips are kept on disk alone, and this history has none';
    if (this.#trouble !== undefined) return `the disk takes nothing now: ${this.#trouble}`;
    return this.#disk.writeClip(clip, mp4).then(() => undefined, messageOf);
  }

  async clip(row: IndexRow): Promise<string | undefined> {
    return this.#disk?.clip(row);
  }

  /** Removes the file of a clip that no event has. */
  async removeClip(clip: number): Promise<void> {
    await this.#disk?.removeClip(clip);
  }

  /** Removes clips, all of which events at these places had. @throws Error of the disk. */
  async dropClips(places: readonly number[], clips: readonly number[]): Promise<void> {
    await this.#disk?.dropClips(places, clips);
  }

  /** Removes what is no longer in the index. @param clips Those that no other event has. @throws Error of the disk. */
  async forget(rows: readonly IndexRow[], clips: readonly number[]): Promise<void> {
    for (const { place } of rows) this.#drop(place);
    await this.#disk?.remove(rows, clips);
  }

  /** @throws Error of the disk. */
  async writeRenames(renames: readonly CameraRename[]): Promise<void> {
    await this.#disk?.writeRenames(renames);
  }

  /** Writes what waits, and closes the disk. What it does not take is lost. */
  /** Notes how long the history is there, so that events grow old on a board that is switched off daily. */
  mark(): void {
    // What the disk does not take is told of events.
    if (this.#index.size > 0) this.#disk?.mark().catch(() => {});
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#flush();
    await this.#writing;
    const disk = this.#disk;
    if (!disk) return;
    this.#disk = undefined;
    for (const place of [...this.#pending.keys()]) this.#drop(place);
    await disk.close();
  }

  #flush(): void {
    if (!this.#disk || this.#isWriting || this.#pending.size === 0) return;
    this.#isWriting = true;
    this.#writing = this.#write(this.#disk).finally(() => {
      this.#isWriting = false;
    });
  }

  async #write(disk: HistoryDisk): Promise<void> {
    while (this.#pending.size > 0) {
      const taken = [...this.#pending].map(([place, pending]) => ({ place, ...pending }));
      const changes = taken.flatMap(({ place, event, jpeg }): HistoryChange[] => {
        const row = this.#index.at(place);
        // As it is now: its picture may have another number before this one is written.
        return row ? [{ row: { ...row }, event, jpeg }] : [];
      });
      try {
        await disk.write(changes);
        for (const { place, ...pending } of taken) this.#settle(place, pending);
        if (this.#trouble !== undefined) this.#logger.info('the history: the disk takes events again');
        this.#trouble = undefined;
      } catch (error) {
        const reason = messageOf(error);
        if (reason !== this.#trouble) {
          this.#logger.error(`the history: ${reason}; the last events are in memory meanwhile`);
        }
        this.#trouble = reason;
        const { signal } = this.#closing;
        if (signal.aborted) return;
        await sleep(retryMs, undefined, { ref: false, signal }).catch(() => {});
      }
    }
  }

  /** What came meanwhile still waits. */
  #settle(place: number, { event, jpeg, clip }: Pending): void {
    const now = this.#pending.get(place);
    if (!now) return;
    const left = {
      event: now.event === event ? undefined : now.event,
      jpeg: now.jpeg === jpeg ? undefined : now.jpeg,
      clip: now.clip === clip ? undefined : now.clip,
    };
    if (now.jpeg && !left.jpeg) this.#bytes -= now.jpeg.length;
    if (left.event || left.jpeg || left.clip) this.#pending.set(place, left);
    else this.#pending.delete(place);
  }

  /** The one that has waited longest. */
  #giveUp(): void {
    const place = this.#pending.keys().next().value!;
    this.#drop(place);
    const row = this.#index.at(place);
    if (row) this.#lost(row);
  }

  #drop(place: number): void {
    this.#bytes -= this.#pending.get(place)?.jpeg?.length ?? 0;
    this.#pending.delete(place);
  }
}
