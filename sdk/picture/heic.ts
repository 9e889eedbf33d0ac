/** Brands of phone pictures in an ISO base media file, the container of videos. */
const brands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];

/** Advice for a user who has one. */
export const heicAdvice =
  'it is a HEIC picture, which cannot be read; make a JPEG of it: sudo apt install libheif-examples, then heif-convert photo.heic photo.jpg';

/** Whether it is a HEIC picture. AVIF has the same container. @param head Its first 64 bytes, or fewer. */
export function isHeic(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text.slice(4, 8) !== 'ftyp') return false;
  const own = [text.slice(8, 12), ...(text.slice(16, 64).match(/.{4}/gs) ?? [])];
  return !own.includes('avif') && !own.includes('avis') && brands.some((brand) => own.includes(brand));
}
