import { existsSync } from 'node:fs';
import { open, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../sdk/base/make-folder.ts';

/** Files of a folder that get their names once all of them are whole; until then they are under others. */
export class Drafts {
  readonly #folder: string;
  readonly #isNew: boolean;
  readonly #names: string[] = [];
  readonly #scratch: string[] = [];

  private constructor(folder: string, isNew: boolean) {
    this.#folder = folder;
    this.#isNew = isNew;
  }

  /** @throws InputError when the folder cannot be made. */
  static async in(folder: string): Promise<Drafts> {
    const isNew = !existsSync(folder);
    await makeFolder(folder);
    return new Drafts(folder, isNew);
  }

  /** Where a file is written until all are whole. */
  path(name: string): string {
    if (!this.#names.includes(name)) this.#names.push(name);
    return this.#unfinished(name);
  }

  /** Where something is written that is none of them. */
  scratch(name: string): string {
    const path = this.#unfinished(name);
    this.#scratch.push(path);
    return path;
  }

  /** Gives all of them their names, in the order in which they were begun. @returns The names. */
  async publish(): Promise<readonly string[]> {
    for (const name of this.#names) {
      const file = await open(this.#unfinished(name), 'r+');
      await file.sync().finally(() => file.close());
    }
    for (const name of this.#names) await rename(this.#unfinished(name), join(this.#folder, name));
    return this.#names;
  }

  /** Removes what has got no name, and the folder where it was made for nothing. */
  async discard(): Promise<void> {
    const unfinished = this.#names.map((name) => this.#unfinished(name));
    for (const path of [...unfinished, ...this.#scratch]) await rm(path, { force: true });
    // It stays where something is in it.
    if (this.#isNew) await rmdir(this.#folder).catch(() => {});
  }

  #unfinished(name: string): string {
    return join(this.#folder, `${name}.unfinished`);
  }
}
