import { type FileHandle, open, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runProgram } from '../../devices/programs/ask-program.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { readInteger, readText } from '../../sdk/base/system-files.ts';
import { autobootLimit } from '../../sdk/update/autoboot.ts';
import type { Card } from '../../sdk/update/card.ts';
import type { Part, Slot } from '../../sdk/update/slots.ts';
import type { System } from './system.ts';

const sectorBytes = 512;
const programLimits = { timeoutMs: 60_000, bytes: 65536 };

/** Runs a program of the system. @throws InputError with what it said. */
export async function command(program: string, ...args: string[]): Promise<string> {
  const run = await runProgram({ program, args, install: '' }, programLimits);
  if (!run.ok) throw new InputError(`${program} ${args.join(' ')}: ${run.stderr.trim() || run.how}`);
  return run.stdout.toString('utf8').trim();
}

/** Size of a device or of a file that stands for one, bytes. */
export async function sizeOf(file: FileHandle, path: string): Promise<number> {
  const what = await file.stat();
  if (!what.isBlockDevice()) return what.size;
  const name = basename(await realpath(path));
  const sectors = readInteger(join('/sys/class/block', name, 'size'));
  if (sectors === undefined) throw new InputError(`${path}: the kernel does not tell how large it is`);
  return sectors * sectorBytes;
}

/** Brings all onto the medium; what is read next comes from there, and not from memory. */
export async function settleDevice(file: FileHandle, path: string): Promise<void> {
  await file.sync();
  if ((await file.stat()).isBlockDevice()) await command('blockdev', '--flushbufs', path);
}

/** The partitions of a running system, as device files. */
export class DeviceCard implements Card {
  readonly #system: Pick<System, 'device' | 'firmware'>;
  readonly #open = new Map<string, Promise<FileHandle>>();

  constructor(system: Pick<System, 'device' | 'firmware'>) {
    this.#system = system;
  }

  async size(slot: Slot, part: Part): Promise<number> {
    return sizeOf(await this.#file(slot, part, 'r'), this.#system.device(slot, part));
  }

  async read(slot: Slot, part: Part, at: number, length: number): Promise<Buffer> {
    const file = await this.#file(slot, part, 'r');
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(bytes, done, length - done, at + done);
      if (bytesRead === 0) throw new InputError(`${this.#system.device(slot, part)} ends at ${at + done} bytes`);
      done += bytesRead;
    }
    return bytes;
  }

  async write(slot: Slot, part: Part, at: number, bytes: Uint8Array): Promise<void> {
    const file = await this.#file(slot, part, 'r+');
    for (let done = 0; done < bytes.length; )
      done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }

  async sync(slot: Slot, part: Part): Promise<void> {
    await settleDevice(await this.#file(slot, part, 'r+'), this.#system.device(slot, part));
  }

  readChoice(): Promise<Buffer> {
    return readFile(this.#autoboot);
  }

  async writeChoice(bytes: Uint8Array): Promise<void> {
    const there = await this.readChoice();
    if (bytes.length !== there.length || bytes.length > autobootLimit)
      throw new InputError(`autoboot.txt has ${there.length} bytes: expected to overwrite it with as many`);
    if (there.equals(bytes)) return;
    const wasReadOnly = await this.#isReadOnly();
    if (wasReadOnly) await command('mount', '-o', 'remount,rw', this.#system.firmware);
    try {
      const file = await open(this.#autoboot, 'r+');
      try {
        await file.write(bytes, 0, bytes.length, 0);
        await file.sync();
      } finally {
        await file.close();
      }
    } finally {
      // Not worth losing the update for.
      if (wasReadOnly) await command('mount', '-o', 'remount,ro', this.#system.firmware).catch(() => {});
    }
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) await (await file).close();
    this.#open.clear();
  }

  get #autoboot(): string {
    return join(this.#system.firmware, 'autoboot.txt');
  }

  async #isReadOnly(): Promise<boolean> {
    const point = await realpath(this.#system.firmware);
    const line = (readText('/proc/self/mounts') ?? '').split('\n').findLast((one) => one.split(' ')[1] === point);
    return line?.split(' ')[3]?.split(',').includes('ro') ?? false;
  }

  #file(slot: Slot, part: Part, mode: 'r' | 'r+'): Promise<FileHandle> {
    const key = `${slot} ${part} ${mode}`;
    let file = this.#open.get(key);
    if (!file) {
      file = open(this.#system.device(slot, part), mode).catch((error: Error) => {
        throw new InputError(`${this.#system.device(slot, part)} cannot be opened: ${error.message}; run it as root`);
      });
      // Who asked for it gets the error.
      file.catch(() => this.#open.delete(key));
      this.#open.set(key, file);
    }
    return file;
  }
}
