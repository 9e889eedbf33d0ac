import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { InputError } from '../base/errors.ts';

const directoryEnd = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;
/** A comment of 64 KiB after the end of the directory. */
const longestTail = 22 + 65535;
const largestDirectory = 64 * 2 ** 20;

/**
 * Reads one file of a zip archive, found by its exact name; nothing is written to where a name says. Stored and deflated ones, without
 * encryption and ZIP64 (APPNOTE 6.3).
 *
 * @param most At most so many bytes are given.
 * @throws InputError when there is none of the name, or the archive is broken.
 */
export async function* zipMember(path: string, name: string, most: number): AsyncGenerator<Uint8Array> {
  const broken = (why: string) => new InputError(`${path} is no zip archive that can be read: ${why}`);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (at: number, length: number): Promise<Buffer> => {
      if (at < 0 || length < 0 || at + length > size) throw broken('it is cut off');
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, at);
      if (bytesRead !== length) throw broken('it is cut off');
      return bytes;
    };
    const tail = await read(Math.max(0, size - longestTail), Math.min(size, longestTail));
    const end = lastSignature(tail);
    if (end < 0) throw broken('it has no directory');
    const [length, at] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
    if (length > largestDirectory) throw broken(`its directory has ${length} bytes`);
    const found = entryOf(await read(at, length), name, broken);
    if (!found) throw new InputError(`${path} has no file ${name}`);
    if (found.isEncrypted) throw broken(`${name} is encrypted`);
    if (found.size > most)
      throw new InputError(`${name}: expected at most ${most} bytes, the archive says ${found.size}`);
    const header = await read(found.at, 30);
    if (header.readUInt32LE(0) !== localHeader) throw broken(`${name} is not where the directory says`);
    const start = found.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    if (start + found.packed > size) throw broken('it is cut off');
    if (found.packed === 0) return;
    const packed = file.createReadStream({ start, end: start + found.packed - 1, autoClose: false });
    if (found.method === 0) {
      yield* packed;
      return;
    }
    if (found.method !== 8) throw broken(`${name} is packed by method ${found.method}: expected 0 or 8`);
    try {
      // Its errors come out of the last one.
      yield* pipeline(packed, createInflateRaw(), () => {}) as AsyncIterable<Uint8Array>;
    } catch {
      throw broken(`${name} cannot be unpacked`);
    }
  } finally {
    await file.close();
  }
}

function lastSignature(tail: Buffer): number {
  for (let at = tail.length - 22; at >= 0; at--) if (tail.readUInt32LE(at) === directoryEnd) return at;
  return -1;
}

interface Entry {
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

function entryOf(directory: Buffer, name: string, broken: (why: string) => InputError): Entry | undefined {
  for (let at = 0; at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== directoryEntry) throw broken('its directory is damaged');
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    if (directory.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const numbers = [20, 24, 42].map((field) => directory.readUInt32LE(at + field)) as [number, number, number];
      const [packed, size, offset] = numbers;
      if (numbers.includes(0xffffffff)) throw broken(`${name} is in the form ZIP64`);
      const isEncrypted = (directory.readUInt16LE(at + 8) & 1) === 1;
      return { method: directory.readUInt16LE(at + 10), isEncrypted, packed, size, at: offset };
    }
    at += 46 + nameLength + extra + comment;
  }
  return undefined;
}
