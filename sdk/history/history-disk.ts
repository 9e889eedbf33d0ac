import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { makeFolder } from '../base/make-folder.ts';
import { written } from '../base/written.ts';
import type { AgeClock } from '../store/age-clock.ts';
import { encodings, Level, type Operation } from '../store/level.ts';
import type { ObjectState } from '../vision/event.ts';
import { type CameraRename, type IndexRow, noClip, type WrittenRow } from './history-index.ts';

/** A change of one event. */
export interface HistoryChange {
  readonly row: IndexRow;
  readonly event?: ObjectState | undefined;
  readonly jpeg?: Buffer | undefined;
}

/** Pictures, and clips, that share a folder. */
const perFolder = 1000;
/** A power cut loses at most the events of so long. */
const syncEveryMs = 60_000;
/** Of LevelDB: records are small and few are read. */
const cacheSize = 256 * 1024;
const writeBufferSize = 1024 * 1024;

/** First letters of keys: what the index knows of an event, its record, and events that have not ended. */
const [row, record, open] = ['r', 'e', 'o'];
const renamesKey = Buffer.from('c');
const markKey = Buffer.from('t');
/** How long the history is there is written no more often than this: writing wears out the card. */
const leastMarkMs = 60_000;

/**
 * Events on disk: records in LevelDB, and pictures and clips as files beside it, which are whole or not there. What was
 * written survives the process at once.
 */
export class HistoryDisk {
  readonly #level: Level;
  readonly #pictures: string;
  readonly #clips: string;
  readonly #clock: AgeClock;
  #syncedMs: number;
  #markedMs: number;
  /** One change after the other: what was removed is not written again. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(level: Level, folder: string, clock: AgeClock) {
    this.#level = level;
    this.#pictures = join(folder, 'pictures');
    this.#clips = join(folder, 'clips');
    this.#clock = clock;
    this.#syncedMs = clock.now();
    this.#markedMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Opens or makes it. Events that an earlier process did not end are ended when they were last seen.
   *
   * @returns Also what the index is filled with, by place.
   * @throws UnavailableError when the disk does not take it, or another process uses it.
   */
  static async open(
    folder: string,
    logger: Logger,
    clock: AgeClock,
  ): Promise<{ disk: HistoryDisk; rows: IndexRow[]; renames: CameraRename[] }> {
    const level = await Level.open(join(folder, 'events'), {
      ...{ title: 'the history', contents: 'events', writer: 'history', logger, cacheSize, writeBufferSize },
    });
    try {
      const disk = new HistoryDisk(level, folder, clock);
      await makeFolder(disk.#pictures, 0o700);
      await disk.#endOpen();
      const renames = await level.db.get(renamesKey, encodings);
      const rows = await disk.#rows();
      // Before anybody asks for ages.
      clock.resume(await level.db.get(markKey, encodings), rows.at(-1)?.began?.seconds ?? 0);
      return { disk, rows, renames: (renames && parsed<CameraRename[]>(renames)) ?? [] };
    } catch (error) {
      await level.close();
      throw error;
    }
  }

  /** All or nothing for each event, and in this order. @throws Error of the disk. */
  write(changes: readonly HistoryChange[]): Promise<void> {
    return this.#inTurn(() => this.#write(changes));
  }

  async #write(changes: readonly HistoryChange[]): Promise<void> {
    const operations: Operation[] = [];
    const replaced: string[] = [];
    for (const { row: of, event, jpeg } of changes) {
      // Before what refers to it.
      if (jpeg) {
        await this.#writePicture(of, jpeg);
        replaced.push(...(await this.#otherPictures(of)));
      }
      if (event) {
        const value = Buffer.from(JSON.stringify(event));
        operations.push({ type: 'put', key: keyOf(record, of.place), value });
        const isOpen = event.end_time === null;
        const key = keyOf(open, of.place);
        operations.push(isOpen ? { type: 'put', key, value: Buffer.alloc(0) } : { type: 'del', key });
      }
      operations.push({ type: 'put', key: keyOf(row, of.place), value: Buffer.from(JSON.stringify(of)) });
    }
    const nowMs = this.#clock.now();
    const isDue = nowMs - this.#syncedMs >= syncEveryMs;
    const isMarked = nowMs - this.#markedMs >= leastMarkMs;
    await this.#level.write(isMarked ? [...operations, this.#mark()] : operations, isDue);
    if (isDue) this.#syncedMs = nowMs;
    if (isMarked) this.#markedMs = nowMs;
    for (const path of replaced) await rm(path, { force: true });
  }

  /** In the order of the places; undefined for those that are not there or cannot be read. */
  async read(places: readonly number[]): Promise<(ObjectState | undefined)[]> {
    const values = await this.#level.db.getMany(
      places.map((place) => keyOf(record, place)),
      encodings,
    );
    return values.map((value) => value && parsed<ObjectState>(value));
  }

  /** @returns Undefined where it is not there, or not as it was written: the power may have failed. */
  async picture({ place, picture, pictureBytes }: IndexRow): Promise<Buffer | undefined> {
    if (picture === 0) return undefined;
    const jpeg = await readFile(this.#pathOf(place, picture)).catch(() => undefined);
    return jpeg?.length === pictureBytes ? jpeg : undefined;
  }

  /** Before what refers to it. Others do not wait for it. @throws Error of the disk. */
  writeClip(clip: number, mp4: Buffer): Promise<void> {
    return this.#writeFile(this.#clipPathOf(clip), mp4);
  }

  /** The file of a clip. @returns Undefined where it is not there, or not as it was written. */
  async clip({ clip, clipBytes }: IndexRow): Promise<string | undefined> {
    if (clip === 0) return undefined;
    const path = this.#clipPathOf(clip);
    const file = await stat(path).catch(() => undefined);
    return file?.size === clipBytes ? path : undefined;
  }

  async removeClip(clip: number): Promise<void> {
    await rm(this.#clipPathOf(clip), { force: true });
  }

  /** Removes clips, all of which events at these places have. @throws Error of the disk. */
  dropClips(places: readonly number[], clips: readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      // Before the files: what no event refers to is removed at the next start. Rows as they are here: what is newer waits to
      // be written with what it refers to.
      const keys = places.map((place) => keyOf(row, place));
      const values = await this.#level.db.getMany(keys, encodings);
      const puts = values.flatMap((value, i): Operation[] => {
        const one = value && parsed<WrittenRow>(value);
        const without = one && { ...one, ...noClip };
        return without ? [{ type: 'put', key: keys[i]!, value: Buffer.from(JSON.stringify(without)) }] : [];
      });
      if (puts.length > 0) await this.#level.write(puts, false);
      for (const clip of clips) await this.removeClip(clip);
    });
  }

  /** @param clips Those that no other event has. @throws Error of the disk. */
  remove(rows: readonly IndexRow[], clips: readonly number[]): Promise<void> {
    return this.#inTurn(() => this.#remove(rows, clips));
  }

  async #remove(rows: readonly IndexRow[], clips: readonly number[]): Promise<void> {
    await this.#level.write(
      rows.flatMap(({ place }) =>
        [row, record, open].map((letter) => ({ type: 'del' as const, key: keyOf(letter, place) })),
      ),
      false,
    );
    for (const { place, picture } of rows) {
      if (picture > 0) await rm(this.#pathOf(place, picture), { force: true });
    }
    for (const clip of clips) await this.removeClip(clip);
  }

  /** Removes pictures and clips that no event refers to: of a process that ended in between. */
  async tidy(isKept: { picture(place: number, picture: number): boolean; clip(clip: number): boolean }): Promise<void> {
    await keepOnly(this.#pictures, (name) => {
      const [, place, picture] = /^(\d+)-(\d+)\.jpg$/.exec(name) ?? [];
      return isKept.picture(Number(place), Number(picture));
    });
    await keepOnly(this.#clips, (name) => isKept.clip(Number(/^(\d+)\.mp4$/.exec(name)?.[1])));
  }

  /** @throws Error of the disk. */
  writeRenames(renames: readonly CameraRename[]): Promise<void> {
    const value = Buffer.from(JSON.stringify(renames));
    return this.#inTurn(() => this.#level.write([{ type: 'put', key: renamesKey, value }], true));
  }

  /** Notes how long the history is there, for the next process. @throws Error of the disk. */
  mark(): Promise<void> {
    return this.#inTurn(() => this.#level.write([this.#mark()], false));
  }

  #mark(): Operation {
    return { type: 'put', key: markKey, value: this.#clock.mark() };
  }

  /** Does not throw for what it notes. */
  async close(): Promise<void> {
    await this.mark().catch(() => {});
    await this.#inTurn(() => this.#level.close());
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {});
    return done;
  }

  #writePicture({ place, picture }: IndexRow, jpeg: Buffer): Promise<void> {
    return this.#writeFile(this.#pathOf(place, picture), jpeg);
  }

  async #writeFile(path: string, bytes: Buffer): Promise<void> {
    await makeFolder(dirname(path), 0o700);
    const partial = `${path}.${randomBytes(4).toString('hex')}`;
    try {
      await writeFile(partial, bytes, { mode: 0o600 });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      throw error;
    }
    written.add('history', bytes.length);
  }

  /** Earlier pictures of the same event. */
  async #otherPictures({ place, picture }: IndexRow): Promise<string[]> {
    const value = await this.#level.db.get(keyOf(row, place), encodings);
    const before = value && parsed<IndexRow>(value);
    return before && before.picture > 0 && before.picture !== picture ? [this.#pathOf(place, before.picture)] : [];
  }

  async #rows(): Promise<IndexRow[]> {
    const rows: IndexRow[] = [];
    for await (const value of this.#level.db.values({ ...rangeOf(row), ...encodings })) {
      const one = parsed<WrittenRow>(value);
      if (one) rows.push({ ...noClip, ...one });
    }
    return rows;
  }

  async #endOpen(): Promise<void> {
    const keys = await this.#level.db.keys({ ...rangeOf(open), ...encodings }).all();
    const operations: Operation[] = [];
    for (const key of keys) {
      const of = Buffer.concat([Buffer.from(record), key.subarray(1)]);
      const value = await this.#level.db.get(of, encodings);
      const event = value && parsed<ObjectState>(value);
      if (event) {
        const ended: ObjectState = { ...event, end_time: event.frame_time, active: false, current_zones: [] };
        operations.push({ type: 'put', key: of, value: Buffer.from(JSON.stringify(ended)) });
      }
      operations.push({ type: 'del', key });
    }
    if (operations.length > 0) await this.#level.write(operations, false);
  }

  #pathOf(place: number, picture: number): string {
    return join(this.#pictures, String(Math.floor(place / perFolder)), `${place}-${picture}.jpg`);
  }

  #clipPathOf(clip: number): string {
    return join(this.#clips, String(Math.floor(clip / perFolder)), `${clip}.mp4`);
  }
}

/** Removes the other files of its folders, and folders that are empty. */
async function keepOnly(folder: string, isKept: (name: string) => boolean): Promise<void> {
  for (const part of await readdir(folder).catch((): string[] => [])) {
    const names = await readdir(join(folder, part)).catch((): string[] => []);
    for (const name of names) if (!isKept(name)) await rm(join(folder, part, name), { force: true });
    if (names.length === 0) await rm(join(folder, part), { recursive: true, force: true });
  }
}

function keyOf(letter: string, place: number): Buffer {
  const key = Buffer.alloc(9);
  key.write(letter);
  key.writeBigUInt64BE(BigInt(place), 1);
  return key;
}

const rangeOf = (letter: string) => ({ gte: keyOf(letter, 0), lt: Buffer.from([letter.charCodeAt(0) + 1]) });

function parsed<T>(value: Buffer): T | undefined {
  try {
    return JSON.parse(value.toString()) as T;
  } catch {
    return undefined;
  }
}
