/**
 * Header faults of a JPEG that lose no pixels and that every viewer ignores: phone cameras write them. A picture with
 * damaged or missing pixels has other faults as well, and stays unreadable.
 */

const marker = { soi: 0xd8, eoi: 0xd9, sos: 0xda, sof0: 0xc0, sof1: 0xc1, app0: 0xe0, app14: 0xee };
const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;

/**
 * Returns the JPEG with headers as the standard has them: no bytes between segments, the scan parameters of a
 * sequential picture (0, 63, 0), a known JFIF version and Adobe transform. The bytes of the pixels are unchanged.
 *
 * @returns Undefined when it is not a JPEG or has none of these faults.
 */
export function withoutHeaderFaults(bytes: Uint8Array): Buffer | undefined {
  const jpeg = Buffer.from(bytes);
  if (jpeg.length < 4 || jpeg[0] !== 0xff || jpeg[1] !== marker.soi) return undefined;
  const parts = [jpeg.subarray(0, 2)];
  let isSequential = false;
  let at = 2;
  while (at < jpeg.length) {
    const start = nextMarker(jpeg, at);
    const code = jpeg[start + 1];
    if (code === undefined) break;
    // What follows the end is another picture, or nothing of this one.
    if (code === marker.eoi) {
      parts.push(jpeg.subarray(start));
      break;
    }
    if (start + 4 > jpeg.length) break;
    const end = start + 2 + jpeg.readUInt16BE(start + 2);
    if (end > jpeg.length || end < start + 4) break;
    if (code === marker.sof0 || code === marker.sof1) isSequential = true;
    mendSegment(jpeg.subarray(start, end), code, isSequential);
    const after = code === marker.sos ? endOfScan(jpeg, end) : end;
    parts.push(jpeg.subarray(start, after));
    at = after;
  }
  const mended = Buffer.concat(parts);
  return mended.equals(bytes) ? undefined : mended;
}

/** Position of the next 0xFF that begins a marker. */
function nextMarker(jpeg: Buffer, from: number): number {
  let at = jpeg.indexOf(0xff, from);
  // 0xFF00 is pixel data, and any number of 0xFF may precede a marker.
  while (at >= 0 && (jpeg[at + 1] === 0 || jpeg[at + 1] === 0xff)) at = jpeg.indexOf(0xff, at + 1);
  return at < 0 ? jpeg.length : at;
}

function endOfScan(jpeg: Buffer, from: number): number {
  let at = nextMarker(jpeg, from);
  while (at < jpeg.length && isRestart(jpeg[at + 1] ?? marker.eoi)) at = nextMarker(jpeg, at + 2);
  return at;
}

/** Changes the bytes in place. */
function mendSegment(segment: Buffer, code: number, isSequential: boolean): void {
  if (code === marker.sos && isSequential && segment.length >= 8) {
    segment.set([0, 63, 0], segment.length - 3);
  } else if (code === marker.app0 && segment.length >= 16 && segment.toString('latin1', 4, 9) === 'JFIF\0') {
    if (segment[9] !== 1 && segment[9] !== 2) segment[9] = 1;
  } else if (code === marker.app14 && segment.length >= 16 && segment.toString('latin1', 4, 9) === 'Adobe') {
    // Unknown ones are read as 1 (YCbCr) anyway; 0 is RGB or CMYK, 2 is YCCK.
    if (segment[15]! > 2) segment[15] = 1;
  }
}
