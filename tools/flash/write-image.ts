import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { settleDevice, sizeOf } from '../shared/block-device.ts';
import type { Extent } from './bmap.ts';
import type { ImageFile } from './image-file.ts';

/** Written at a time, bytes: what cards erase at once, or a whole part of it. */
const chunkBytes = 4 * 1024 * 1024;
/** Zeros are looked for in pieces of this size. */
const pieceBytes = 64 * 1024;
/** So much is in memory at most before the card has it: else the bar would run ahead and then stand still. */
const syncEveryBytes = 64 * 1024 * 1024;
const zeros = Buffer.alloc(pieceBytes);

export interface Written {
  /** Of the image. */
  readonly size: number;
  /** Bytes that were written, and read back; the others are holes. */
  readonly written: number;
  /** Of those, in their order. */
  readonly sha256: string;
}

/**
 * Writes an image to a device, or to a file that stands for one, and reads back what it wrote. Of an image with a map the
 * mapped parts are written. Without one, zeros are left out of a file, which is made sparse, and written to a device, where
 * something else may lie: an empty file system is zeros that matter.
 *
 * @param path Of the target, for messages.
 * @param report Told what is done, and a number from 0 to 1.
 * @throws InputError when the target is too small, the image is damaged, or what was read back differs.
 */
export async function writeImage(
  image: ImageFile,
  target: FileHandle,
  path: string,
  report: (step: string, part: number) => void,
): Promise<Written> {
  const isFile = (await target.stat()).isFile();
  const room = isFile ? Number.POSITIVE_INFINITY : await sizeOf(target, path);
  const tooSmall = (needs: number) =>
    new InputError(`${path} has ${inGigabytes(room)}: expected ${inGigabytes(needs)} at least, for ${image.path}`);
  if (image.size !== undefined && image.size > room) throw tooSmall(image.size);
  // Nothing of a longer one stays, and what is left out is zeros.
  if (isFile) await target.truncate(0);

  const parts = new Parts(target, path, image.map?.extents);
  let size = 0;
  for await (const chunk of chunksOf(image.read((part) => report('writing', part)))) {
    if (size + chunk.length > room) throw tooSmall(size + chunk.length);
    await parts.take(chunk, size, isFile);
    size += chunk.length;
  }
  if (image.size !== undefined && size !== image.size)
    throw new InputError(`${image.path} is cut off: it has ${size} of ${image.size} bytes; fetch it again`);
  parts.assertComplete(image.path);
  if (isFile) await target.truncate(size);
  await settleDevice(target, path);
  const { written, sha256 } = parts;
  const back = await sumOf(target, path, parts.extents, (part) => report('verifying', part));
  if (back !== sha256)
    throw new InputError(
      `${path} does not give back what was written to it (sha256 ${back}, expected ${sha256}): the card is worn out or not what it says it is. Use another one`,
    );
  return { size, written, sha256 };
}

/** What of an image is written: all, or what a map says. */
class Parts {
  readonly extents: { at: number; bytes: number }[] = [];
  readonly #target: FileHandle;
  readonly #path: string;
  readonly #map: readonly Extent[] | undefined;
  readonly #hash = createHash('sha256');
  #next = 0;
  /** Of the extent of the map that is under way. */
  #own = createHash('sha256');
  #sinceSync = 0;
  #sum: string | undefined;

  constructor(target: FileHandle, path: string, map: readonly Extent[] | undefined) {
    this.#target = target;
    this.#path = path;
    this.#map = map;
  }

  get written(): number {
    return this.extents.reduce((all, { bytes }) => all + bytes, 0);
  }

  get sha256(): string {
    return (this.#sum ??= this.#hash.digest('hex'));
  }

  /** @param at Where the chunk is in the image. */
  async take(chunk: Buffer, at: number, leavesZeros: boolean): Promise<void> {
    if (this.#map) return this.#takeMapped(chunk, at, this.#map);
    if (!leavesZeros) return this.#write(chunk, at);
    for (let from = 0; from < chunk.length; ) {
      let to = from;
      const isZero = isZeros(chunk.subarray(from, from + pieceBytes));
      while (to < chunk.length && isZeros(chunk.subarray(to, to + pieceBytes)) === isZero)
        to = Math.min(chunk.length, to + pieceBytes);
      if (!isZero) await this.#write(chunk.subarray(from, to), at + from);
      from = to;
    }
  }

  /** @throws InputError when the image ended before its map. */
  assertComplete(name: string): void {
    if (this.#map && this.#next < this.#map.length) throw new InputError(`${name} is shorter than its map`);
  }

  async #takeMapped(chunk: Buffer, at: number, map: readonly Extent[]): Promise<void> {
    for (; this.#next < map.length; this.#next++) {
      const extent = map[this.#next]!;
      const [from, to] = [Math.max(extent.at, at), Math.min(extent.at + extent.bytes, at + chunk.length)];
      if (from < to) {
        const piece = chunk.subarray(from - at, to - at);
        this.#own.update(piece);
        await this.#write(piece, from);
      }
      // It goes on in the next chunk, or is there as a whole.
      if (extent.at + extent.bytes > at + chunk.length) return;
      const sum = this.#own.digest('hex');
      this.#own = createHash('sha256');
      if (extent.sha256 !== undefined && sum !== extent.sha256)
        throw new InputError(`the image is damaged: ${extent.bytes} bytes at ${extent.at} are not what its map says`);
    }
  }

  async #write(bytes: Buffer, at: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; )
        done += (await this.#target.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      this.#sinceSync += bytes.length;
      if (this.#sinceSync >= syncEveryBytes) {
        await this.#target.datasync();
        this.#sinceSync = 0;
      }
    } catch (error) {
      throw new InputError(`${this.#path} cannot be written: ${messageOf(error)}`);
    }
    this.#hash.update(bytes);
    const last = this.extents.at(-1);
    if (last && last.at + last.bytes === at) last.bytes += bytes.length;
    else this.extents.push({ at, bytes: bytes.length });
  }
}

const isZeros = (bytes: Buffer) => bytes.equals(zeros.subarray(0, bytes.length));

async function* chunksOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunk = Buffer.allocUnsafe(chunkBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const count = Math.min(piece.length - from, chunkBytes - filled);
      piece.copy(chunk, filled, from, from + count);
      filled += count;
      from += count;
      if (filled < chunkBytes) continue;
      yield chunk;
      chunk = Buffer.allocUnsafe(chunkBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

async function sumOf(
  target: FileHandle,
  path: string,
  extents: readonly { at: number; bytes: number }[],
  report: (part: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  const all = extents.reduce((sum, { bytes }) => sum + bytes, 0);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let done = 0;
  for (const { at, bytes } of extents) {
    for (let from = 0; from < bytes; ) {
      const { bytesRead } = await target.read(buffer, 0, Math.min(chunkBytes, bytes - from), at + from);
      if (bytesRead === 0) throw new InputError(`${path} ends at ${at + from} bytes: it is smaller than it says`);
      hash.update(buffer.subarray(0, bytesRead));
      from += bytesRead;
      done += bytesRead;
      report(done / all);
    }
  }
  return hash.digest('hex');
}

export const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)} GB`;
