import { InputError } from '../base/errors.ts';
import { otherSlot, partitions, type Slot, slotOfPartition } from './slots.ts';

/** The firmware reads no more of it. */
export const autobootLimit = 512;
const choice = /^(\s*boot_partition\s*=\s*)(\d)(\s*)$/i;

/** What `autoboot.txt` says: which slot is booted, and which one is tried once where the tryboot flag is set. */
export interface BootChoice {
  readonly chosen: Slot | undefined;
  readonly tried: Slot | undefined;
}

/**
 * Reads `autoboot.txt` as the firmware does: sections in brackets filter what follows, the last of equal lines wins, and
 * nothing past 512 bytes is seen.
 */
export function parseAutoboot(bytes: Uint8Array): BootChoice {
  let chosen: number | undefined;
  let tried: number | undefined;
  for (const { section, partition } of linesOf(seen(bytes))) {
    if (section === undefined || partition === undefined) continue;
    tried = partition;
    if (section === 'all') chosen = partition;
  }
  const slot = (number: number | undefined) => (number === undefined ? undefined : slotOfPartition(number));
  return { chosen: slot(chosen), tried: slot(tried) };
}

/**
 * The same text with another choice. Digits alone are changed, so that it stays as long as it was and one sector of the
 * card is overwritten in place: FAT has no journal, and a replaced file is several sectors that a power cut may tear.
 *
 * @throws InputError when it has no line to change in `[all]` or `[tryboot]`.
 */
export function withChoice(bytes: Uint8Array, chosen: Slot): Buffer {
  const wanted = { all: partitions[chosen].boot, tryboot: partitions[otherSlot(chosen)].boot };
  const changed = new Set<Section>();
  const text = linesOf(seen(bytes))
    .map(({ line, section, partition }) => {
      if (section === undefined || partition === undefined) return line;
      changed.add(section);
      return line.replace(choice, (_, before: string, __, after: string) => `${before}${wanted[section]}${after}`);
    })
    .join('\n');
  if (changed.size < 2) {
    throw new InputError(
      'autoboot.txt: expected a line boot_partition=N in [all] and in [tryboot]; write it anew as docs/update.md shows it',
    );
  }
  return Buffer.from(text, 'latin1');
}

type Section = 'all' | 'tryboot';

const seen = (bytes: Uint8Array) => Buffer.from(bytes).subarray(0, autobootLimit).toString('latin1');

function linesOf(text: string): { line: string; section: Section | undefined; partition: number | undefined }[] {
  let section: Section | undefined = 'all';
  return text.split('\n').map((line) => {
    const [, filter] = /^\s*\[([^\]]*)\]/.exec(line) ?? [];
    if (filter !== undefined) {
      const name = filter.toLowerCase();
      section = name === 'all' || name === 'tryboot' ? name : undefined;
      return { line, section, partition: undefined };
    }
    const [, , digit] = choice.exec(line) ?? [];
    return { line, section, partition: digit === undefined ? undefined : Number(digit) };
  });
}
