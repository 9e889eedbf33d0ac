import { type FileHandle, open, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../sdk/base/errors.ts';
import { readText } from '../../sdk/base/system-files.ts';
import { autobootLimit } from '../../sdk/update/autoboot.ts';
import type { Card } from '../../sdk/update/card.ts';
import type { Part, Slot } from '../../sdk/update/slots.ts';
import { command, settleDevice, sizeOf } from '../shared/block-device.ts';
import type { System } from './system.ts';

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
