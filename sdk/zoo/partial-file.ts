import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { isAlive } from './is-alive.ts';

/** What tells whether a file on a server is still the one that was begun. */
export interface Validator {
  readonly url: string;
  readonly etag?: string;
  readonly modified?: string;
}

/** What a file has to be. */
export interface Wanted {
  readonly sha256: string;
  /** Exactly; where nobody said so, `most` bounds it. */
  readonly bytes: number | undefined;
  readonly most: number;
}

/**
 * A file that is being fetched, as far as it is there. It is named by its SHA-256, so that another run, or another
 * model with the same file, goes on with it; one process at a time writes it. It is written with `append`, each chunk
 * into the file and the sum at once.
 */
export class PartialFile {
  readonly path: string;
  readonly #wanted: Wanted;
  #file: FileHandle;
  #hash: Hash = createHash('sha256');
  #size = 0;

  private constructor(path: string, wanted: Wanted, file: FileHandle) {
    this.path = path;
    this.#wanted = wanted;
    this.#file = file;
  }

  /**
   * Opens it, with what an earlier run left of it.
   *
   * @throws InputError when another process has it open.
   */
  static async open(folder: string, wanted: Wanted): Promise<PartialFile> {
    await makeFolder(folder);
    const path = join(folder, wanted.sha256);
    await lock(`${path}.lock`);
    try {
      const partial = new PartialFile(path, wanted, await open(path, 'a+'));
      await partial.#readOn();
      return partial;
    } catch (error) {
      await rm(`${path}.lock`, { force: true });
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** The size that it will have, where that is known. */
  get total(): number | undefined {
    return this.#wanted.bytes;
  }

  /** The sum of what was left by an earlier run. More than what is wanted is of another file. */
  async #readOn(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size > this.#most) return this.reset();
    for await (const chunk of createReadStream(this.path)) {
      this.#hash.update(chunk as Buffer);
      this.#size += (chunk as Buffer).length;
    }
  }

  get #most(): number {
    return this.#wanted.bytes ?? this.#wanted.most;
  }

  /** @throws InputError when there is more than was said; what came is dropped then. */
  async append(chunk: Uint8Array): Promise<void> {
    if (this.#size + chunk.length > this.#most) {
      await this.reset();
      throw new InputError(
        this.#wanted.bytes === undefined
          ? `expected at most ${this.#wanted.most} bytes, got more`
          : `expected ${this.#wanted.bytes} bytes, got more: it is another file`,
      );
    }
    try {
      for (let at = 0; at < chunk.length; ) at += (await this.#file.write(chunk, at)).bytesWritten;
    } catch (error) {
      // Part of the chunk may be in the file, and not in the sum.
      await this.#file.truncate(this.#size).catch(() => {});
      throw fullDisk(error) ?? error;
    }
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  /** Begins anew. */
  async reset(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
    await rm(`${this.path}.json`, { force: true });
  }

  /** Of the server that what is there came from. */
  async validator(): Promise<Validator | undefined> {
    if (this.#size === 0) return undefined;
    try {
      return JSON.parse(await readFile(`${this.path}.json`, 'utf8')) as Validator;
    } catch {
      return undefined;
    }
  }

  async setValidator(validator: Validator): Promise<void> {
    await writeFile(`${this.path}.json`, JSON.stringify(validator));
  }

  /** The SHA-256 of what is there, in hexadecimal digits. */
  get digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Whether it is what was wanted. */
  get isRight(): boolean {
    return this.#size > 0 && this.digest === this.#wanted.sha256;
  }

  /** Hands it over: whole, on the disk, and at a place that this class has nothing to do with any more. */
  async moveTo(path: string): Promise<void> {
    await this.#file.sync();
    await rename(this.path, path);
    await rm(`${this.path}.json`, { force: true });
  }

  /** Lets go of it. What is there stays for the next run, unless it is empty. */
  async close(): Promise<void> {
    await this.#file.close();
    if (this.#size === 0) {
      await rm(this.path, { force: true });
      await rm(`${this.path}.json`, { force: true });
    }
    await rm(`${this.path}.lock`, { force: true });
  }
}

function fullDisk(error: unknown): InputError | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return undefined;
  return new InputError('the disk is full: make room and run it again, it goes on from there');
}

/** @throws InputError when a process that lives has it. That of one that was killed is taken over. */
async function lock(path: string, isLast = false): Promise<void> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    // Between its making and its writing it is empty.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
    const isYoung = !owner && Math.abs(Date.now() - mtimeMs) < 5000;
    if (isLast || isYoung || (owner > 0 && isAlive(owner))) {
      throw new InputError(
        `another process (${owner || 'just started'}) is fetching the same file: wait for it, or remove ${path} if there is none`,
      );
    }
    await rm(path, { force: true });
    await lock(path, true);
  }
}
