import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { contentOf, json, parsed, put } from './ledger-records.ts';

/** A store's progress. */
export interface Progress {
  readonly replica: string;
  /** Number of changes so far. */
  readonly changes: number;
  /** Number of examples and cuts. */
  readonly items: number;
}

export const witnessFile = 'progress';
const bytes = 256;

/**
 * Records the progress beside LevelDB's files: otherwise the loss of a log, or of its end, would go unnoticed. It is
 * written after each change without syncing, since it need not be exact: it is never ahead of the store.
 */
export class Witness {
  readonly #file: FileHandle | undefined;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  /** Without write permission there is none, and the store is trusted. */
  static async open(folder: string): Promise<Witness> {
    const path = join(folder, witnessFile);
    const file = await open(path, 'r+').catch(() => open(path, 'w+', 0o600).catch(() => undefined));
    return new Witness(file);
  }

  /** Undefined when it is missing or unreadable. */
  async read(): Promise<Progress | undefined> {
    const buffer = Buffer.alloc(bytes);
    await this.#file?.read(buffer, 0, bytes, 0).catch(() => {});
    const length = buffer.readUInt16BE();
    return parsed(contentOf(key, buffer.subarray(2, 2 + length))) as Progress | undefined;
  }

  async note(progress: Progress): Promise<void> {
    const { value } = put(witnessFile, json(progress)) as { value: Buffer };
    const buffer = Buffer.alloc(bytes);
    buffer.writeUInt16BE(value.length);
    value.copy(buffer, 2);
    await this.#file?.write(buffer, 0, bytes, 0).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

const key = Buffer.from(witnessFile);
