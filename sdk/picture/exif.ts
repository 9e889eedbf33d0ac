const orientationTag = 0x0112;

/**
 * How a picture is to be turned.
 *
 * @param exif A TIFF header and what follows.
 * @returns 1 to 8, as EXIF counts them; 1 is upright, and what is not told. Undefined where it cannot be read.
 */
export function orientationOf(exif: Buffer): number | undefined {
  const order = exif.toString('latin1', 0, 4);
  if (exif.length < 14 || (order !== 'II*\0' && order !== 'MM\0*')) return undefined;
  const isLittle = order === 'II*\0';
  const u16 = (at: number) => (isLittle ? exif.readUInt16LE(at) : exif.readUInt16BE(at));
  const directory = isLittle ? exif.readUInt32LE(4) : exif.readUInt32BE(4);
  if (directory < 8 || directory + 2 > exif.length) return undefined;
  const entries = u16(directory);
  if (directory + 2 + 12 * entries > exif.length) return undefined;
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (u16(at) !== orientationTag) continue;
    // Its type is SHORT.
    const value = u16(at + 2) === 3 ? u16(at + 8) : 0;
    if (value !== 1) return value >= 2 && value <= 8 ? value : undefined;
  }
  return 1;
}
