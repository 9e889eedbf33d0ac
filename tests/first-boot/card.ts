import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FirstBootOptions, type FirstBootReport, firstBoot } from '../../tools/first-boot/first-boot.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A card in a folder: its FAT partition, the node's settings, and a system whose programs are recorded. */
export class Card {
  readonly root = temporaryFolder();
  readonly boot = join(this.root, 'boot');
  readonly settings = join(this.root, 'state', 'ocellus.yaml');
  readonly runFolder = join(this.root, 'run');
  readonly system = join(this.root, 'system');
  /** The programs that were run, as one would type them, with what they were given. */
  readonly programs: string[] = [];

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    mkdirSync(this.boot);
    for (const [name, text] of Object.entries(files)) this.put(name, text);
  }

  put(name: string, text: string | Uint8Array): void {
    writeFileSync(join(this.boot, name), text);
  }

  /** What a file of the FAT partition says; undefined where there is none. */
  read(name: string): string | undefined {
    return textAt(join(this.boot, name));
  }

  /** What a file of the system says. */
  of(path: string): string | undefined {
    return textAt(join(this.system, path));
  }

  /** The settings file. */
  get yaml(): string | undefined {
    return textAt(this.settings);
  }

  start(options: Pick<FirstBootOptions, 'forgets' | 'checksWireless'> = {}): Promise<FirstBootReport> {
    return firstBoot({
      ...{ boot: this.boot, settings: this.settings, run: this.runFolder, system: this.system, ...options },
      runProgram: async (program, args, input) => {
        this.programs.push([program, ...args, ...(input ? [`< ${input.trim()}`] : [])].join(' '));
        return program === 'openssl' ? '$6$salt$hashed\n' : '';
      },
    });
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
