/** Brands of the pictures that a phone takes, in a file of the kind that videos are in. */
const brands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];

/** Words for a person who has one. */
export const heicAdvice =
  'it is a HEIC picture, which cannot be read; make a JPEG of it: sudo apt install libheif-examples, then heif-convert photo.heic photo.jpg';

/** Is it a picture in HEIC? AVIF is in such a file too. @param head Its first 64 bytes, or fewer. */
export function isHeic(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text.slice(4, 8) !== 'ftyp') return false;
  const own = [text.slice(8, 12), ...(text.slice(16, 64).match(/.{4}/gs) ?? [])];
  return !own.includes('avif') && !own.includes('avis') && brands.some((brand) => own.includes(brand));
}
