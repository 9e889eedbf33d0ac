import { InputError, messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { encodings, Level, type Operation } from '../../store/level.ts';
import { contentOf, oldKey } from './ledger-records.ts';
import { type Progress, Witness } from './witness.ts';

/** The folder of a ledger on disk: LevelDB, and a witness beside it that knows how far it came. */
export class LedgerDisk {
  readonly folder: string;
  readonly logger: Logger;
  /** A write failed: what is on disk is not known for sure. */
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

  /** @param damage What was found at the last try. */
  async open(damage: 'new' | 'repaired' | undefined): Promise<Level> {
    const level = await Level.open(this.folder, {
      ...{ title: 'learning: the store', contents: 'examples', writer: 'learning', logger: this.logger, damage },
    });
    this.#level = level;
    this.#witness = await Witness.open(this.folder);
    return level;
  }

  /** How far it had come, where that is known. */
  async progress(): Promise<Progress | undefined> {
    return this.#witness?.read();
  }

  /** Notes how far it came, beside it. */
  async note(progress: Progress): Promise<void> {
    await this.#witness?.note(progress);
  }

  /** All of it, or nothing; it is on disk when this returns. @throws InputError when it is not taken. */
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

  /** @returns Null when it is not what was written. */
  async get(key: string): Promise<Uint8Array | undefined | null> {
    const value = await this.#level?.db.get(Buffer.from(key), encodings);
    if (value) return contentOf(Buffer.from(key), value) ?? null;
    return this.#level?.db.get(Buffer.from(oldKey(key)), encodings);
  }

  /** The keys that begin so. */
  async keys(first: string): Promise<string[]> {
    const range = { gte: Buffer.from(first), lt: Buffer.concat([Buffer.from(first), Buffer.from([0xff])]) };
    const keys = (await this.#level?.db.keys({ ...range, ...encodings }).all()) ?? [];
    return keys.map((key) => key.toString());
  }

  async close(): Promise<void> {
    const [level, witness] = [this.#level, this.#witness];
    this.#level = undefined;
    this.#witness = undefined;
    await witness?.close();
    await level?.close();
  }
}

/** What is said where the disk takes nothing. */
export function cannotWrite(folder: string, reason: string): InputError {
  return new InputError(`${folder}: cannot be written: ${reason}; try again when that is mended`);
}
