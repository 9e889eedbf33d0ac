import { open } from 'node:fs/promises';

/** Brands of the pictures that a phone takes, in a file of the kind that videos are in. */
const brands = /^ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)/;

/** Words for a person who has one. */
export const heicAdvice =
  'it is a HEIC picture, which cannot be read; make a JPEG of it: sudo apt install libheif-examples, then heif-convert photo.heic photo.jpg';

/** Is it a picture in HEIC, by its first bytes? @param input A path, or the file's bytes. */
export async function isHeic(input: string | Uint8Array): Promise<boolean> {
  const head = Buffer.alloc(8);
  if (typeof input === 'string') {
    const file = await open(input).catch(() => undefined);
    await file?.read(head, 0, 8, 4).catch(() => {});
    await file?.close();
  } else {
    head.set(input.subarray(4, 12));
  }
  return brands.test(head.toString('latin1'));
}
