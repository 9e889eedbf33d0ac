import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { heicAdvice } from './heic.ts';

/** File extensions that `readPicture` reads: one list for devices and commands. */
export const pictureEndings: readonly string[] = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff', '.svg'],
];

/** Whether this is the name of a readable still picture. Hidden files (`._cat.jpg` of a Mac) are not. */
export function isPictureName(path: string): boolean {
  return pictureEndings.includes(extname(path).toLowerCase()) && !basename(path).startsWith('.');
}

/** How many first bytes tell what a file is. */
const kindBytes = 64;

/** The first bytes of a file, as many as tell what it is. @throws Error when it cannot be read. */
export async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(kindBytes);
    const { bytesRead } = await file.read(head, 0, kindBytes, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Tells from its first bytes what a file is that cannot be read as a picture; for HEIC see `isHeic`.
 *
 * @param head As `headOf` returns it.
 * @returns Words that follow "it is"; undefined when unknown.
 */
export function kindOfUnreadable(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, kindBytes));
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  if (text(4, 8) === 'ftyp') {
    const isAvif = /avi[fs]/.test(text(8, kindBytes));
    return isAvif ? undefined : 'a video; give it to a source as file:PATH';
  }
  if (text(0, 4) === '\x1a\x45\xdf\xa3') return 'a video; give it to a source as file:PATH';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'AVI ') return 'a video; give it to a source as file:PATH';
  if (text(0, 5) === '%PDF-') return 'a PDF; make a picture of its page first: pdftoppm -jpeg IN.pdf OUT';
  if (text(0, 2) === 'BM') return 'BMP, which is not read here; convert it to PNG';
  if (text(0, 2) === '\xff\x0a' || text(4, 8) === 'JXL ') return 'JPEG XL, which is not read here; convert it to JPEG';
  if (text(4, 8) === 'jP  ') return 'JPEG 2000, which is not read here; convert it to JPEG';
  return undefined;
}

/**
 * Splits the files of a folder into pictures and a message about the others, which are not read; hidden files are left
 * out.
 */
export function pickPictures(names: readonly string[]): { pictures: string[]; skipped?: string } {
  const shown = names.filter((name) => !name.startsWith('.'));
  const pictures = shown.filter(isPictureName);
  const others = shown.filter((name) => !isPictureName(name)).sort();
  if (others.length === 0) return { pictures };
  const few = others.slice(0, mostNamed).join(', ');
  const rest = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : '';
  const heic = others.some((name) => /\.hei[cf]$/i.test(name)) ? ` (a .heic: ${heicAdvice})` : '';
  return { pictures, skipped: `not read, since they are not readable pictures: ${few}${rest}${heic}` };
}

const mostNamed = 3;
