import { crc32 } from 'node:zlib';
import { orientationOf } from './exif.ts';
import type { ReadAt } from './tiff-header.ts';

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const exifName = 'Exif\0\0';

/** Whether these are the first bytes of a PNG. */
export function isPng(head: Uint8Array): boolean {
  return head.length > signature.length && signature.equals(head.subarray(0, signature.length));
}

/**
 * Moves the EXIF data of a PNG in front of its pixels, where libvips looks for it: the standard lets it stand behind them too.
 * Some writers put a JPEG's prefix before it, which is removed.
 *
 * @returns Undefined where it has none, or it is right already.
 */
export function withExifInFront(bytes: Uint8Array): Buffer | undefined {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let pixels: number | undefined;
  for (let at = signature.length; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at);
    if (end > png.length) return undefined;
    const name = png.toString('latin1', at + 4, at + 8);
    if (name === 'IDAT') pixels ??= at;
    if (name === 'eXIf') {
      const content = png.subarray(at + 8, end - 4);
      const hasPrefix = content.toString('latin1', 0, exifName.length) === exifName;
      if (pixels === undefined && !hasPrefix) return undefined;
      const exif = chunk('eXIf', hasPrefix ? content.subarray(exifName.length) : content);
      const front = pixels ?? at;
      return Buffer.concat([png.subarray(0, front), exif, png.subarray(front, at), png.subarray(end)]);
    }
    at = end;
  }
  return undefined;
}

/** Larger EXIF data is none, and longer rows of chunks are those of no picture. */
const [mostExif, mostChunks] = [1 << 20, 1 << 20];

/**
 * Finds how a PNG is to be turned without reading its pixels: of a file that is too large to be read at once.
 *
 * @returns 1 to 8, as EXIF counts them; undefined where libvips sees that by itself, or nothing is told.
 */
export async function orientationBehind(read: ReadAt): Promise<number | undefined> {
  let isBehind = false;
  for (let at = signature.length, count = 0; count < mostChunks; count++) {
    const bytes = await read(at, 8);
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (head.length < 8) return undefined;
    const length = head.readUInt32BE(0);
    const name = head.toString('latin1', 4);
    isBehind ||= name === 'IDAT';
    if (name === 'eXIf') {
      if (length > mostExif) return undefined;
      const all = await read(at + 8, length);
      const exif = Buffer.from(all.buffer, all.byteOffset, all.length);
      const hasPrefix = exif.toString('latin1', 0, exifName.length) === exifName;
      return isBehind || hasPrefix ? orientationOf(hasPrefix ? exif.subarray(exifName.length) : exif) : undefined;
    }
    at += 12 + length;
  }
  return undefined;
}

function chunk(name: string, content: Buffer): Buffer {
  const whole = Buffer.alloc(12 + content.length);
  whole.writeUInt32BE(content.length, 0);
  whole.write(name, 4, 'latin1');
  content.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + content.length)), 8 + content.length);
  return whole;
}
