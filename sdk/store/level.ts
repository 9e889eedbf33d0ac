import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { makeFolder } from '../base/make-folder.ts';
import { type Writer, written } from '../base/written.ts';
import { probe, UnavailableError, unavailable } from './disk.ts';
import { type Found, inspect } from './inspect.ts';
import { takeFolder } from './open-folders.ts';
import { repairDatabase } from './repair.ts';

export type Database = ClassicLevel<Buffer, Buffer>;

export const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;

export type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

export interface LevelOptions {
  /** For messages, such as `MQTT: the outbox`. */
  readonly title: string;
  /** What is in it, such as `messages`. */
  readonly contents: string;
  readonly logger: Logger;
  /** Whose bytes they are that are written. */
  readonly writer: Writer;
  /** Bytes of its cache. Default: LevelDB's 8 MB. */
  readonly cacheSize?: number;
  /** Bytes that wait in memory for a table of their own. Default: LevelDB's 4 MB. */
  readonly writeBufferSize?: number;
  /** What the last attempts to read it found: `new` where it could not be read, `repaired` where a repair did not help. */
  readonly damage?: 'new' | 'repaired' | undefined;
}

/** What LevelDB says when its files cannot be read now, whatever is in them: a repair would take them for lost. */
const isOfDisk = /Permission denied|Input\/output error|Too many open files|Cannot allocate memory/;

/** What a file system on the network, or of a program, may say to a lock. */
const hasNoLocks = /No locks available|Function not implemented|(Operation )?[Nn]ot supported|Invalid argument/;

/** Stores that could not be repaired and lie beside it, at most. */
const mostAside = 9;

interface Condition {
  readonly damage?: string | undefined;
  readonly isCut?: boolean;
}

/** A LevelDB that is open, and its folder's only one in this process. */
export class Level {
  readonly db: Database;
  /** What was wrong with it and what was done, for a person; undefined: nothing. */
  readonly damage: string | undefined;
  /** The end of its log was cut off: what was being written when the power failed or the disk was full is not there. */
  readonly isCut: boolean;
  readonly #writer: Writer;
  readonly #release: () => void;
  /** The file that is the store's own as long as it is open. */
  #place: { readonly lock: string; readonly inode: number } | undefined;

  private constructor(db: Database, writer: Writer, release: () => void, { damage, isCut = false }: Condition) {
    this.db = db;
    this.#writer = writer;
    this.damage = damage;
    this.isCut = isCut;
    this.#release = release;
  }

  /**
   * Opens or creates it. A damaged one is repaired; if that is not possible it is moved aside (`<folder>.damaged`,
   * `.damaged.2` and so on) and replaced by an empty one. Both are logged.
   *
   * @throws UnavailableError when the disk does not take it, or this or another process has it open.
   */
  static async open(folder: string, options: LevelOptions): Promise<Level> {
    await makeFolder(folder, 0o700).catch(unavailable);
    const release = takeFolder(folder);
    if (!release) throw new UnavailableError('this process uses it already', 'this process');
    try {
      const level = await openTaken(folder, options, release);
      const lock = join(folder, 'LOCK');
      level.#place = { lock, inode: (await stat(lock).catch(unavailable)).ino };
      return level;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @internal */
  static of(db: Database, writer: Writer, release: () => void, condition: Condition): Level {
    return new Level(db, writer, release, condition);
  }

  /** False: its folder was removed or replaced. What is written then goes with the process, and LevelDB does not notice. */
  async isThere(): Promise<boolean> {
    if (!this.#place) return true;
    const { lock, inode } = this.#place;
    try {
      return (await stat(lock)).ino === inode;
    } catch (error) {
      // A disk that does not answer says so when it is written to.
      return (error as NodeJS.ErrnoException).code !== 'ENOENT';
    }
  }

  /**
   * All or nothing. Survives the process; with `sync` also a power cut, and so does all that was written before.
   *
   * @throws UnavailableError when its folder is gone.
   */
  async write(operations: readonly Operation[], sync: boolean): Promise<void> {
    // Before, so that what is refused is nowhere; after, so that what is acknowledged is where it belongs.
    await this.#assertThere();
    await this.db.batch([...operations], { ...encodings, sync });
    await this.#assertThere();
    written.add(this.#writer, bytesOf(operations));
  }

  async #assertThere(): Promise<void> {
    if (!(await this.isThere())) throw new UnavailableError('its folder was removed or replaced while it was in use');
  }

  async close(): Promise<void> {
    try {
      await this.db.close();
    } finally {
      this.#release();
    }
  }
}

export const bytesOf = (operations: readonly Operation[]) =>
  operations.reduce((sum, one) => sum + one.key.length + (one.type === 'put' ? one.value.length : 0), 0);

async function openTaken(folder: string, options: LevelOptions, release: () => void): Promise<Level> {
  const { title, contents, writer, logger } = options;
  const found: Found = options.damage ? { broken: 'it could not be read' } : await inspect(folder);
  let reason = found.broken;
  if (reason === undefined) {
    try {
      const db = await openDatabase(folder, options);
      if (found.lost !== undefined) logger.warn(`${title} in ${folder} is damaged: ${found.lost}`);
      return Level.of(db, writer, release, { damage: found.lost, isCut: found.isCut ?? false });
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      if (isOfDisk.test(messageOf(error))) unavailable(error);
      await probe(folder);
      reason = messageOf(error);
    }
  }
  if (options.damage !== 'repaired' && (await repair(folder))) {
    const text = `was damaged (${reason}) and is repaired; some ${contents} may be missing`;
    const db = await openDatabase(folder, options).catch((error: unknown) => {
      if (error instanceof UnavailableError) throw error;
    });
    if (db) {
      logger.warn(`${title} in ${folder} ${text}`);
      return Level.of(db, writer, release, { damage: `it ${text}` });
    }
  }
  await probe(folder);
  const aside = await withLock(folder, () => moveAside(folder));
  logger.error(`${title} in ${folder} cannot be repaired (${reason}): it is now ${aside}, and a new one begins`);
  const db = await openDatabase(folder, options).catch(unavailable);
  return Level.of(db, writer, release, {
    damage: `it could not be repaired (${reason}): it is now ${aside}, and a new one began`,
  });
}

/** @throws UnavailableError when another process has it; otherwise what LevelDB says. */
async function openDatabase(
  folder: string,
  { cacheSize, writeBufferSize }: Pick<LevelOptions, 'cacheSize' | 'writeBufferSize'>,
): Promise<Database> {
  // Who opens no store need not load the native library.
  const { ClassicLevel } = await import('classic-level');
  const db: Database = new ClassicLevel(folder, {
    ...encodings,
    ...(cacheSize && { cacheSize }),
    ...(writeBufferSize && { writeBufferSize }),
  });
  try {
    await db.open();
    return db;
  } catch (error) {
    await db.close();
    const { cause } = error as { cause?: Error & { code?: string } };
    if (cause?.code === 'LEVEL_LOCKED') {
      const reason = hasNoLocks.exec(cause.message)?.[0];
      if (reason === undefined) throw new UnavailableError('another process uses it', 'another process');
      throw new UnavailableError(`its file system cannot lock files: ${reason}; use a folder on another one`);
    }
    throw cause ?? error;
  }
}

/** @returns Whether it can be tried again. @throws UnavailableError when the disk does not take what a repair needs. */
const repair = (folder: string) => withLock(folder, () => repairDatabase(folder).catch(unavailable));

/**
 * Keeps other processes from a store while it is repaired or moved, for which LevelDB takes no lock: it does for an empty
 * store, here one whose file `LOCK` is the store's own.
 */
async function withLock<T>(folder: string, use: () => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'ocellus-lock-')).catch(unavailable);
  try {
    await symlink(join(await realpath(folder), 'LOCK'), join(scratch, 'LOCK')).catch(unavailable);
    const db = await openDatabase(scratch, {}).catch(unavailable);
    try {
      return await use();
    } finally {
      await db.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @returns Where it is now: beside its place, and never in that of an earlier one. An empty folder is in its place. */
async function moveAside(named: string): Promise<string> {
  // Where a link leads to another disk, both stay there.
  const folder = await realpath(named).catch(unavailable);
  for (let count = 1; count <= mostAside; count++) {
    const aside = count === 1 ? `${folder}.damaged` : `${folder}.damaged.${count}`;
    if (existsSync(aside)) continue;
    await rename(folder, aside).catch(unavailable);
    await mkdir(folder, 0o700).catch(unavailable);
    return aside;
  }
  throw new UnavailableError(
    `it is damaged, and so are ${mostAside} beside it (${folder}.damaged): remove some of them`,
  );
}
