import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { makeFolder } from '../../make-folder.ts';

/** The disk does not take anything now, or another process has the folder; the store itself may be sound. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}

export type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };
type Database = ClassicLevel<Buffer, Buffer>;

const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
/** Messages are read once, in order. */
const cacheBytes = 1024 * 1024;
/** Twice what LevelDB may have to write to open. */
const probeBytes = 8 * 1024 * 1024;
const keysAtOnce = 1000;

/** A LevelDB in a folder of its own. */
export class LevelStore {
  readonly #db: Database;

  private constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Opens it, or makes it. One that is damaged is repaired; where that is not possible it is moved aside
   * (`<folder>.damaged`, which replaces an older one) and an empty one takes its place. Both are said.
   *
   * @param damage What is known of it: `new` where it could not be read, `repaired` where a repair did not help.
   * @throws UnavailableError
   */
  static async open(folder: string, logger: Logger, damage?: 'new' | 'repaired'): Promise<LevelStore> {
    // Who has no outbox on disk need not load the native library.
    const { ClassicLevel } = await import('classic-level');
    const attempt = async () => {
      const db: Database = new ClassicLevel(folder, { ...encodings, cacheSize: cacheBytes });
      try {
        await db.open();
      } catch (error) {
        await db.close();
        throw error;
      }
      return new LevelStore(db);
    };
    await makeFolder(folder, 0o700).catch(unavailable);
    let reason = 'it could not be read';
    if (!damage) {
      try {
        return await attempt();
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } };
        if (cause?.code === 'LEVEL_LOCKED') throw new UnavailableError('another process uses it');
        await probe(folder);
        reason = messageOf(cause ?? error);
      }
    }
    try {
      if (damage === 'repaired') throw new Error(reason);
      await ClassicLevel.repair(folder);
      const store = await attempt();
      logger.warn(
        `MQTT: the outbox in ${folder} was damaged (${reason}) and is repaired; some messages may be missing`,
      );
      return store;
    } catch {
      await probe(folder);
      const aside = `${folder}.damaged`;
      await rm(aside, { recursive: true, force: true }).catch(unavailable);
      await rename(folder, aside).catch(unavailable);
      logger.error(
        `MQTT: the outbox in ${folder} cannot be repaired (${reason}): it is now ${aside}, and a new one begins`,
      );
      return await attempt().catch(unavailable);
    }
  }

  /** All keys in a range, in order. */
  async *keys(range: { gte: Buffer; lt: Buffer }): AsyncGenerator<Buffer> {
    const iterator = this.#db.keys({ ...range, ...encodings });
    try {
      for (let some = await iterator.nextv(keysAtOnce); some.length > 0; some = await iterator.nextv(keysAtOnce))
        yield* some;
    } finally {
      await iterator.close();
    }
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return this.#db.get(key, encodings);
  }

  /** The first entries of a range: `count` of them, or fewer where they are more than about `bytes`; none at its end. */
  async read(range: { gte: Buffer; lt: Buffer }, count: number, bytes: number): Promise<[Buffer, Buffer][]> {
    const iterator = this.#db.iterator({ ...range, ...encodings, highWaterMarkBytes: bytes });
    try {
      return await iterator.nextv(count);
    } finally {
      await iterator.close();
    }
  }

  /** All or nothing. Survives the process; with `sync` also a power cut, and so does all that was written before. */
  write(operations: Operation[], sync: boolean): Promise<void> {
    return this.#db.batch(operations, { ...encodings, sync });
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

/**
 * Is there room, and may it be written there?
 *
 * @throws UnavailableError with the system's reason.
 */
export async function probe(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(probeBytes));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    unavailable(error);
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}

function unavailable(error: unknown): never {
  const { code } = error as { code?: string };
  throw new UnavailableError(code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : messageOf(error));
}
