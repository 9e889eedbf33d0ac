import { type FileHandle, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runProgram } from '../../devices/programs/ask-program.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { readInteger } from '../../sdk/base/system-files.ts';

const sectorBytes = 512;
const programLimits = { timeoutMs: 60_000, bytes: 1024 * 1024 };

/** Runs a program of the system. @returns What it printed. @throws InputError with what it said, or that it is missing. */
export async function command(program: string, ...args: string[]): Promise<string> {
  const run = await runProgram({ program, args, install: '' }, programLimits);
  if (!run.ok) throw new InputError(`${program} ${args.join(' ')}: ${run.stderr.trim() || run.how}`);
  return run.stdout.toString('utf8').trim();
}

/** Size of a device or of a file that stands for one, bytes. */
export async function sizeOf(file: FileHandle, path: string): Promise<number> {
  const what = await file.stat();
  if (!what.isBlockDevice()) return what.size;
  const sectors = readInteger(join('/sys/class/block', basename(await realpath(path)), 'size'));
  if (sectors === undefined) throw new InputError(`${path}: the kernel does not tell how large it is`);
  return sectors * sectorBytes;
}

/** Brings all onto the medium; what is read next comes from there, and not from memory. */
export async function settleDevice(file: FileHandle, path: string): Promise<void> {
  await file.sync();
  if ((await file.stat()).isBlockDevice()) await command('blockdev', '--flushbufs', path);
}
