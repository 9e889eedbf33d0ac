import { open, readFile, stat } from 'node:fs/promises';
import { headOf } from './picture-kinds.ts';
import { isPng, orientationBehind, withExifInFront } from './png-exif.ts';
import { type ReadAt, readTiff } from './tiff-header.ts';

/** What sharp is to be given, so that it reads what a picture is. */
export interface SharpInput {
  /** A path, or bytes. */
  readonly input: string | Uint8Array;
  /** From 0 on. */
  readonly page?: number;
  /** Its fourth channel, or second beside grey, is none of the picture: it says nothing of its opacity. */
  readonly isOpaque?: boolean;
  /** What is black and what is white of its 16 bits, where that is not 0 and 65535. */
  readonly range?: readonly [black: number, white: number];
  /** How it is to be turned, 1 to 8 as EXIF counts, where libvips does not see it. */
  readonly orientation?: number;
}

/** Larger files are read piece by piece, by sharp. */
export const mostBytesAtOnce = 1 << 26;

/**
 * Looks at what libvips would read as something else.
 *
 * @throws InputError when it can only be read wrongly.
 */
export async function prepareForSharp(input: string | Uint8Array): Promise<SharpInput> {
  // What cannot be read, sharp says.
  const head = typeof input === 'string' ? await headOf(input).catch(() => new Uint8Array()) : input.subarray(0, 64);
  const rewrite = isPng(head) ? withExifInFront : isAvifSequence(head) ? asStill : undefined;
  if (rewrite) {
    const all = await allOf(input);
    if (all) return { input: rewrite(all) ?? input };
    const orientation = isPng(head) ? await withReader(input, orientationBehind) : undefined;
    return { input, ...(orientation !== undefined && { orientation }) };
  }
  const tiff = await withReader(input, (read) => readTiff(read));
  if (!tiff) return { input };
  const { page, hasAlpha, range } = tiff;
  return { input, page, isOpaque: !hasAlpha, ...(range && { range }) };
}

/** The bytes of a file; undefined where they are too many. */
async function allOf(input: string | Uint8Array): Promise<Uint8Array | undefined> {
  if (typeof input !== 'string') return input;
  return (await stat(input)).size > mostBytesAtOnce ? undefined : await readFile(input);
}

async function withReader<T>(input: string | Uint8Array, use: (read: ReadAt) => Promise<T>): Promise<T | undefined> {
  const none = new Uint8Array();
  // A damaged file points anywhere, also where no file ends.
  const isPlace = (at: number) => Number.isSafeInteger(at) && at >= 0;
  if (typeof input !== 'string')
    return use(async (at, length) => (isPlace(at) ? input.subarray(at, at + length) : none));
  const file = await open(input).catch(() => undefined);
  if (!file) return undefined;
  try {
    return await use(async (at, length) => {
      if (!isPlace(at)) return none;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await file.close();
  }
}

/** Whether it is a moving AVIF, whose first picture stands there as a still one too. @param head Its first 64 bytes. */
function isAvifSequence(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  return text.slice(4, 12) === 'ftypavis' && /^(?:.{4})*avif/s.test(text.slice(16));
}

/** Under its other name: by the name that is for moving ones, libvips takes it for none of its kinds. */
function asStill(bytes: Uint8Array): Buffer {
  const still = Buffer.from(bytes);
  still.write('avif', 8, 'latin1');
  return still;
}
