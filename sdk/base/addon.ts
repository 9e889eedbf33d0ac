import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputError } from './errors.ts';

/** Node's name of what an ELF file was built for. */
const machines: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' };

/**
 * Loads a native addon, after a look at whether its file is whole: one that was cut off, by a full disk or a copy that was interrupted, would
 * end the process where the system reads beyond its end.
 *
 * @throws InputError when it was cut off or built for another processor; Error when the system cannot load it.
 */
export function loadAddonFile(file: string): unknown {
  if (process.platform === 'linux') assertWhole(file);
  const loaded = { exports: {} as unknown };
  // Not `require`, which would run a script.
  process.dlopen(loaded, file);
  return loaded.exports;
}

/** Linkers write the table of sections last. What is no ELF file, or not there, the system says itself. */
function assertWhole(file: string): void {
  const head = Buffer.alloc(64);
  let size = 0;
  try {
    const opened = openSync(file, 'r');
    try {
      size = fstatSync(opened).size;
      if (readSync(opened, head, 0, head.length, 0) < head.length) return;
    } finally {
      closeSync(opened);
    }
  } catch {
    return;
  }
  const isElf64 = head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
  if (!isElf64) return;
  const builtFor = machines[head.readUInt16LE(18)] ?? 'another processor';
  if (builtFor !== process.arch) throw new InputError(`it was built for ${builtFor}, expected ${process.arch}`);
  const needed = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
  if (size < needed)
    throw new InputError(`it was cut off: expected ${needed} bytes, got ${size}; build or install it again`);
}
