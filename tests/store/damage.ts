import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** What a disk or a power cut may do to one file. */
export interface Damage {
  readonly file: number;
  readonly at: number;
  readonly what: 'flip' | 'zeros' | 'cut' | 'empty' | 'remove';
}

export const anyDamage: fc.Arbitrary<Damage> = fc.record({
  file: fc.nat(),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  what: fc.constantFrom('flip', 'zeros', 'cut', 'empty', 'remove'),
});

/** The files of a folder, to be laid there again and again, each time damaged otherwise. */
export class Damageable {
  readonly #folder: string;
  readonly #leave: readonly string[];
  readonly #files: ReadonlyMap<string, Buffer>;

  /** @param leave Files that nothing happens to. */
  constructor(folder: string, leave: readonly string[] = []) {
    this.#leave = leave;
    this.#folder = folder;
    const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    this.#files = new Map(names.map(({ name }) => [name, readFileSync(join(folder, name))]));
  }

  /** Those that say something, the text LOG and the empty LOCK do not. */
  get names(): string[] {
    return [...this.#files.keys()]
      .filter((name) => !/^LO(CK|G|G\.old)$/.test(name) && !this.#leave.includes(name))
      .sort();
  }

  /** @returns What was done, in words. */
  lay(damages: readonly Damage[]): string {
    rmSync(this.#folder, { recursive: true, force: true });
    for (let count = 1; count < 10; count++) {
      rmSync(`${this.#folder}.damaged${count === 1 ? '' : `.${count}`}`, { recursive: true, force: true });
    }
    mkdirSync(this.#folder);
    for (const [name, bytes] of this.#files) writeFileSync(join(this.#folder, name), bytes);
    return damages.map((damage) => this.#damage(damage)).join(', ');
  }

  #damage({ file, at, what }: Damage): string {
    const { names } = this;
    const name = names[file % names.length]!;
    const path = join(this.#folder, name);
    const bytes = Buffer.from(this.#files.get(name)!);
    const from = Math.floor(at * bytes.length);
    if (what === 'remove') rmSync(path, { force: true });
    else if (what === 'empty') writeFileSync(path, '');
    else if (what === 'cut') {
      writeFileSync(path, bytes);
      truncateSync(path, from);
    } else {
      const to = Math.min(bytes.length, from + (what === 'zeros' ? 4096 : 1));
      for (let i = from; i < to; i++) bytes[i] = what === 'zeros' ? 0 : bytes[i]! ^ 0x24;
      writeFileSync(path, bytes);
    }
    return `${what} ${name} at ${from} of ${bytes.length}`;
  }
}
