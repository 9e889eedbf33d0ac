import { InputError, messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { encodings, Level, type Operation } from '../../store/level.ts';
import { contentOf, oldKey } from './ledger-records.ts';
import { type Progress, Witness } from './witness.ts';

/** The folder of a ledger on disk: LevelDB, and beside it a witness that records its progress. */
export class LedgerDisk {
  readonly folder: string;
  readonly logger: Logger;
  /** A write failed: the state of the disk is uncertain. */
  isSuspect = false;
  /** Undefined: it was closed to be reopened, which failed. */
  #level: Level | undefined;
  #witness: Witness | undefined;

  constructor(folder: string, logger: Logger) {
    this.folder = folder;
    this.logger = logger;
  }

  get isOpen(): boolean {
    return this.#level !== undefined;
  }

  get db(): Level['db'] {
    return this.#level!.db;
  }

  /** @param damage What the last attempt found. */
  async open(damage: 'new' | 'repaired' | undefined): Promise<Level> {
    const level = await Level.open(this.folder, {
      ...{ title: 'learning: the store', contents: 'examples', writer: 'learning', logger: this.logger, damage },
    });
    this.#level = level;
    this.#witness = await Witness.open(this.folder);
    return level;
  }

  /** Its progress, if known. */
  async progress(): Promise<Progress | undefined> {
    return this.#witness?.read();
  }

  /** Records the progress, beside the store. */
  async note(progress: Progress): Promise<void> {
    await this.#witness?.note(progress);
  }

  /** Writes all or nothing; it is on disk when this returns. @throws InputError when the disk does not accept it. */
  async write(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return;
    if (!this.#level) throw new InputError(`${this.folder}: is closed`);
    try {
      await this.#level.write(operations, true);
    } catch (error) {
      this.isSuspect = true;
      throw cannotWrite(this.folder, messageOf((error as Error).cause ?? error));
    }
  }

  /** @returns Null when it differs from what was written. */
  async get(key: string): Promise<Uint8Array | undefined | null> {
    const value = await this.#level?.db.get(Buffer.from(key), encodings);
    if (value) return contentOf(Buffer.from(key), value) ?? null;
    return this.#level?.db.get(Buffer.from(oldKey(key)), encodings);
  }

  /** The keys with this prefix. */
  async keys(first: string): Promise<string[]> {
    const range = { gte: Buffer.from(first), lt: Buffer.concat([Buffer.from(first), Buffer.from([0xff])]) };
    const keys = (await this.#level?.db.keys({ ...range, ...encodings }).all()) ?? [];
    return keys.map((key) => key.toString());
  }

  /** The keys with this prefix, and how many bytes their values have. */
  async sizes(first: string): Promise<[key: string, bytes: number][]> {
    const range = { gte: Buffer.from(first), lt: Buffer.concat([Buffer.from(first), Buffer.from([0xff])]) };
    const sizes: [string, number][] = [];
    for await (const [key, value] of this.#level?.db.iterator({ ...range, ...encodings }) ?? []) {
      sizes.push([key.toString(), value.length]);
    }
    return sizes;
  }

  async close(): Promise<void> {
    const [level, witness] = [this.#level, this.#witness];
    this.#level = undefined;
    this.#witness = undefined;
    await witness?.close();
    await level?.close();
  }
}

/** The message for a disk that accepts nothing. */
export function cannotWrite(folder: string, reason: string): InputError {
  return new InputError(`${folder}: cannot be written: ${reason}; try again when that is mended`);
}
