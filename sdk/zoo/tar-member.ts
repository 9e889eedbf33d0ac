import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError, messageOf } from '../base/errors.ts';

const block = 512;
/** Of a long name in a header of its own. */
const longestName = 64 * 1024;

/**
 * Reads one file of a gzipped tar archive, found by its exact name; nothing is written to where a name says. Forms: ustar, pax and GNU's long
 * names.
 *
 * @param most At most so many bytes are given.
 * @throws InputError when there is no regular file of the name, or the archive is broken.
 */
export async function* tarMember(path: string, name: string, most: number): AsyncGenerator<Uint8Array> {
  const broken = (why: string) => new InputError(`${path} is no tar archive that can be read: ${why}`);
  const bytes = new Bytes(pipeline(createReadStream(path), createGunzip(), () => {}) as AsyncIterable<Buffer>, broken);
  try {
    let longName: string | undefined;
    for (;;) {
      const header = await bytes.take(block);
      if (header.every((byte) => byte === 0)) throw new InputError(`${path} has no file ${name}`);
      if (!isSumRight(header)) throw broken('the sum of a header is wrong');
      const size = sizeOf(header);
      if (size === undefined) throw broken('a size is no number');
      const kind = String.fromCharCode(header[156]!);
      const padded = Math.ceil(size / block) * block;
      if (kind === 'x' || kind === 'L') {
        if (size > longestName) throw broken(`a name of ${size} bytes`);
        const text = (await bytes.take(padded)).subarray(0, size);
        longName = kind === 'L' ? textOf(text) : (pathOf(text) ?? longName);
        continue;
      }
      const own = longName ?? nameOf(header);
      longName = undefined;
      if (own !== name || (kind !== '0' && kind !== '\0')) {
        await bytes.skip(padded);
        continue;
      }
      if (size > most) throw new InputError(`${name}: expected at most ${most} bytes, the archive says ${size}`);
      yield* bytes.pieces(size);
      return;
    }
  } finally {
    await bytes.end();
  }
}

/** A stream's bytes in the amounts that somebody asks for. */
class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  readonly #broken: (why: string) => InputError;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>, broken: (why: string) => InputError) {
    this.#source = source[Symbol.asyncIterator]();
    this.#broken = broken;
  }

  async *pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.pieces(length));
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }

  async #next(): Promise<Buffer> {
    let result: IteratorResult<Buffer>;
    try {
      result = await this.#source.next();
    } catch (error) {
      throw this.#broken(messageOf(error));
    }
    if (result.done) throw this.#broken('it is cut off');
    return result.value;
  }
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function nameOf(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textOf(header.subarray(345, 500)) : '';
  const own = textOf(header.subarray(0, 100));
  return prefix === '' ? own : `${prefix}/${own}`;
}

/** Octal digits; anything else, as base 256 for files beyond 8 GiB, is undefined. */
function sizeOf(header: Buffer): number | undefined {
  const text = textOf(header.subarray(124, 136)).trim();
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function isSumRight(header: Buffer): boolean {
  const told = Number.parseInt(textOf(header.subarray(148, 156)).trim(), 8);
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  return told === sum;
}

/** The record `path` of a pax header: `LENGTH path=NAME\n`, its length counted with all of it. */
function pathOf(records: Buffer): string | undefined {
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(32, at);
    const length = Number(records.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length < 1) return undefined;
    const record = records.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) return record.slice('path='.length);
    at += length;
  }
  return undefined;
}
