import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { makeFolder } from '../base/make-folder.ts';
import { written } from '../base/written.ts';
import { encodings, Level, type Operation } from '../store/level.ts';
import type { ObjectState } from '../vision/event.ts';
import type { CameraRename, IndexRow } from './history-index.ts';

/** A change of one event. */
export interface HistoryChange {
  readonly row: IndexRow;
  readonly event?: ObjectState | undefined;
  readonly jpeg?: Buffer | undefined;
}

/** Events whose pictures share a folder. */
const perFolder = 1000;
/** A power cut loses at most the events of so long. */
const syncEveryMs = 60_000;
/** Of LevelDB: records are small and few are read. */
const cacheSize = 256 * 1024;
const writeBufferSize = 1024 * 1024;

/** First letters of keys: what the index knows of an event, its record, and events that have not ended. */
const [row, record, open] = ['r', 'e', 'o'];
const renamesKey = Buffer.from('c');

/**
 * Events on disk: records in LevelDB, and pictures as files beside it, which are replaced whole. What was written
 * survives the process at once.
 */
export class HistoryDisk {
  readonly #level: Level;
  readonly #pictures: string;
  readonly #now: () => number;
  #syncedMs: number;
  /** One change after the other: what was removed is not written again. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(level: Level, pictures: string, now: () => number) {
    this.#level = level;
    this.#pictures = pictures;
    this.#now = now;
    this.#syncedMs = now();
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
    now: () => number,
  ): Promise<{ disk: HistoryDisk; rows: IndexRow[]; renames: CameraRename[] }> {
    const level = await Level.open(join(folder, 'events'), {
      ...{ title: 'the history', contents: 'events', writer: 'history', logger, cacheSize, writeBufferSize },
    });
    try {
      const pictures = join(folder, 'pictures');
      await makeFolder(pictures, 0o700);
      const disk = new HistoryDisk(level, pictures, now);
      await disk.#endOpen();
      const renames = await level.db.get(renamesKey, encodings);
      return { disk, rows: await disk.#rows(), renames: (renames && parsed<CameraRename[]>(renames)) ?? [] };
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
    const isDue = this.#now() - this.#syncedMs >= syncEveryMs;
    await this.#level.write(operations, isDue);
    if (isDue) this.#syncedMs = this.#now();
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

  /** @throws Error of the disk. */
  remove(rows: readonly IndexRow[]): Promise<void> {
    return this.#inTurn(() => this.#remove(rows));
  }

  async #remove(rows: readonly IndexRow[]): Promise<void> {
    await this.#level.write(
      rows.flatMap(({ place }) =>
        [row, record, open].map((letter) => ({ type: 'del' as const, key: keyOf(letter, place) })),
      ),
      false,
    );
    for (const { place, picture } of rows) {
      if (picture > 0) await rm(this.#pathOf(place, picture), { force: true });
    }
  }

  /** Removes pictures that no event refers to: of a process that ended in between. */
  async tidy(isKept: (place: number, picture: number) => boolean): Promise<void> {
    for (const folder of await readdir(this.#pictures)) {
      const names = await readdir(join(this.#pictures, folder)).catch(() => []);
      for (const name of names) {
        const [, place, picture] = /^(\d+)-(\d+)\.jpg$/.exec(name) ?? [];
        if (!isKept(Number(place), Number(picture))) await rm(join(this.#pictures, folder, name), { force: true });
      }
      if (names.length === 0) await rm(join(this.#pictures, folder), { recursive: true, force: true });
    }
  }

  /** @throws Error of the disk. */
  writeRenames(renames: readonly CameraRename[]): Promise<void> {
    const value = Buffer.from(JSON.stringify(renames));
    return this.#inTurn(() => this.#level.write([{ type: 'put', key: renamesKey, value }], true));
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#level.close());
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {});
    return done;
  }

  async #writePicture({ place, picture }: IndexRow, jpeg: Buffer): Promise<void> {
    const path = this.#pathOf(place, picture);
    await makeFolder(this.#folderOf(place), 0o700);
    const partial = `${path}.${randomBytes(4).toString('hex')}`;
    try {
      await writeFile(partial, jpeg, { mode: 0o600 });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {});
      throw error;
    }
    written.add('history', jpeg.length);
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
      const one = parsed<IndexRow>(value);
      if (one) rows.push(one);
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

  #folderOf(place: number): string {
    return join(this.#pictures, String(Math.floor(place / perFolder)));
  }

  #pathOf(place: number, picture: number): string {
    return join(this.#folderOf(place), `${place}-${picture}.jpg`);
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
