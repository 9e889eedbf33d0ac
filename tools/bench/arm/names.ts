import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';

/** Names addresses in shared libraries, from the list of a process's maps and from what the libraries export. */
export class LibraryNames {
  readonly #maps: { from: bigint; to: bigint; offset: bigint; file: string }[] = [];
  readonly #symbols = new Map<string, { at: bigint; name: string }[]>();

  /** `maps`: lines of /proc/self/maps. */
  constructor(maps: string) {
    for (const line of maps.split('\n')) {
      const parts = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \S+\s+(\/.*)$/.exec(line);
      if (!parts) continue;
      this.#maps.push({ from: hex(parts[1]!), to: hex(parts[2]!), offset: hex(parts[3]!), file: parts[4]! });
    }
  }

  /** "library+0xoffset (after export)", or nothing where no library is. */
  nameOf(address: string): string | undefined {
    const at = hex(address);
    const map = this.#maps.find(({ from, to }) => at >= from && at < to);
    if (!map) return undefined;
    const offset = at - map.from + map.offset;
    const before = this.#exports(map.file).findLast((symbol) => symbol.at <= offset);
    return `${basename(map.file)}+0x${offset.toString(16)}${before ? ` (after ${before.name})` : ''}`;
  }

  #exports(file: string): { at: bigint; name: string }[] {
    let symbols = this.#symbols.get(file);
    if (!symbols) {
      const out = execFileSync('aarch64-linux-gnu-nm', ['-D', '-C', '--defined-only', file], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      symbols = out.split('\n').flatMap((line) => {
        const parts = /^([0-9a-f]+) [TtWi] ([^@]*)/.exec(line);
        return parts ? [{ at: hex(parts[1]!), name: parts[2]! }] : [];
      });
      symbols.sort((a, b) => (a.at < b.at ? -1 : 1));
      this.#symbols.set(file, symbols);
    }
    return symbols;
  }
}

/** C++ names as a person reads them; others stay as they are. */
export function readable(name: string): string {
  const out = execFileSync('aarch64-linux-gnu-c++filt', ['--no-params', name], { encoding: 'utf8' });
  return out.trim().replaceAll(/ocellus::|\(anonymous namespace\)::/g, '');
}

function hex(digits: string): bigint {
  return BigInt(`0x${digits}`);
}
