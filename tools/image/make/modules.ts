import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';

/** What boards need before their root is mounted, and no device tree names: file systems, disks, what watches over the start. */
const always = ['erofs', 'ext4', 'overlay', 'mmc_block', 'sd_mod', 'usb_storage', 'uas', 'xhci_pci', 'bcm2835_wdt'];
/** Where the image runs in an emulator or on other disks; a kernel that lacks one is no worse for it. */
const helpful = ['virtio_blk', 'virtio_pci', 'virtio_mmio', 'i6300esb', 'nvme', 'bcm2835_power', 'raspberrypi_power'];
/** Parts of a board that nothing has to work for the root to be found: udev loads their drivers afterwards. */
const later =
  /^kernel\/(sound|drivers\/(gpu|media|staging|net|bluetooth|hid|input|video|iio|leds|char\/hw_random)|net)\//;

/** A kernel's modules, of which `modules.dep` and its neighbours tell. Names have underscores. */
export class KernelModules {
  readonly #folder: string;
  /** By name: its file and, in the order of loading backwards, those of what it needs. */
  readonly #files = new Map<string, { file: string; needs: string[] }>();
  readonly #builtIn = new Set<string>();
  readonly #aliases: { alias: string; name: string }[] = [];
  readonly #soft = new Map<string, string[]>();

  /** @param folder `…/lib/modules/6.12.1-arm64` */
  constructor(folder: string) {
    this.#folder = folder;
    for (const line of this.#lines('modules.dep')) {
      const [file, needs] = line.split(':') as [string, string];
      this.#files.set(nameOf(file), { file, needs: needs.trim().split(' ').filter(Boolean) });
    }
    for (const line of this.#lines('modules.builtin')) this.#builtIn.add(nameOf(line));
    for (const line of this.#lines('modules.alias')) {
      const [, alias, name] = /^alias (\S+) (\S+)$/.exec(line) ?? [];
      if (alias && name) this.#aliases.push({ alias, name: plain(name) });
    }
    for (const line of this.#lines('modules.softdep')) {
      const [, name, pre] = /^softdep (\S+) pre: (.*?)(?: post:.*)?$/.exec(line) ?? [];
      if (name) this.#soft.set(plain(name), pre!.split(' ').map(plain));
    }
  }

  /**
   * The files that an initramfs needs on boards with these parts (`compatibleParts`), with all that they need in turn.
   *
   * @returns Paths below the folder, in order, such as `kernel/fs/erofs/erofs.ko.xz`.
   */
  forParts(parts: ReadonlySet<string>): string[] {
    const byParts = this.#aliases.flatMap(({ alias, name }) => {
      const part = /^of:N.*?T.*?C([^*]+)$/.exec(alias.replace(/C\*$/, ''))?.[1];
      const file = this.#files.get(name)?.file;
      return part !== undefined && parts.has(part) && file !== undefined && !later.test(file) ? [name] : [];
    });
    for (const name of always) {
      if (!this.#files.has(name) && !this.#builtIn.has(name)) {
        throw new InputError(
          `expected the module ${name} in ${this.#folder}: without it a board does not find its root`,
        );
      }
    }
    const files = new Set<string>();
    const add = (name: string) => {
      const found = this.#files.get(name);
      // The kernel asks for ciphers and checksums by what they do: `crypto-crc32c`.
      if (!found) for (const other of this.#aliases) if (plain(other.alias) === name) add(other.name);
      if (!found || files.has(found.file)) return;
      for (const file of [found.file, ...found.needs]) files.add(file);
      for (const needed of [name, ...found.needs.map(nameOf)])
        for (const soft of this.#soft.get(needed) ?? []) add(soft);
    };
    for (const name of [...always, ...helpful, ...byParts]) add(name);
    return [...files].sort();
  }

  /** `modules.dep`, `modules.alias` and `modules.softdep` of these files alone, which lie there without being compressed. */
  indexOf(files: readonly string[]): Record<'modules.dep' | 'modules.alias' | 'modules.softdep', string> {
    const names = new Set(files.map(nameOf));
    const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
    return {
      'modules.dep': text(
        files.map((file) => {
          const needs = this.#files.get(nameOf(file))!.needs;
          return `${uncompressed(file)}:${needs.map((needed) => ` ${uncompressed(needed)}`).join('')}`;
        }),
      ),
      'modules.alias': text(
        this.#aliases.filter(({ name }) => names.has(name)).map(({ alias, name }) => `alias ${alias} ${name}`),
      ),
      'modules.softdep': text(
        [...this.#soft]
          .filter(([name]) => names.has(name))
          .map(([name, needs]) => `softdep ${name} pre: ${needs.join(' ')}`),
      ),
    };
  }

  #lines(name: string): string[] {
    return readFileSync(join(this.#folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  }
}

/** `kernel/fs/ext4/ext4.ko.xz` without what says that it is compressed. */
export const uncompressed = (file: string) => file.replace(/\.ko\.(xz|zst|gz)$/, '.ko');
const plain = (name: string) => name.replaceAll('-', '_');
const nameOf = (file: string) => plain(uncompressed(file).split('/').at(-1)!.replace(/\.ko$/, ''));
