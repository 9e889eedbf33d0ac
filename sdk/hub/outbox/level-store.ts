import type { Logger } from '../../base/log.ts';
import { probe, UnavailableError } from '../../store/disk.ts';
import { type Database, encodings, Level, type Operation } from '../../store/level.ts';

export { type Operation, probe, UnavailableError };

/** Messages are read once, in order. */
const cacheBytes = 1024 * 1024;
const keysAtOnce = 1000;

/** The LevelDB of an outbox, in its own folder. */
export class LevelStore {
  readonly #level: Level;

  private constructor(level: Level) {
    this.#level = level;
  }

  /**
   * Opens or creates it; a damaged one is handled as by `Level.open`.
   *
   * @param damage What is known: `new` if it could not be read, `repaired` if a repair did not help.
   * @throws UnavailableError
   */
  static async open(folder: string, logger: Logger, damage?: 'new' | 'repaired'): Promise<LevelStore> {
    const title = 'MQTT: the outbox';
    return new LevelStore(
      await Level.open(folder, {
        title,
        contents: 'messages',
        writer: 'outbox',
        logger,
        cacheSize: cacheBytes,
        damage,
      }),
    );
  }

  get #db(): Database {
    return this.#level.db;
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

  /** The first entries of a range: `count` of them, or fewer if they exceed about `bytes`; none at its end. */
  async read(range: { gte: Buffer; lt: Buffer }, count: number, bytes: number): Promise<[Buffer, Buffer][]> {
    const iterator = this.#db.iterator({ ...range, ...encodings, highWaterMarkBytes: bytes });
    try {
      return await iterator.nextv(count);
    } finally {
      await iterator.close();
    }
  }

  /** See `Level.write`. */
  write(operations: readonly Operation[], sync: boolean): Promise<void> {
    return this.#level.write(operations, sync);
  }

  /** False when its folder was removed or replaced. */
  isThere(): Promise<boolean> {
    return this.#level.isThere();
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}
