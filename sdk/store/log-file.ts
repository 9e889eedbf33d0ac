// The format of LevelDB's logs and manifests, https://github.com/google/leveldb/blob/main/doc/log_format.md: blocks of
// 32 KiB; a record is a CRC-32C (4 bytes), a length (2), a type (1) and its data, and goes on in the next block if need be.
const blockBytes = 32_768;
const headerBytes = 7;
/** Types: a whole record, the first and the last piece of one; 3 is one in between. */
const [full, first, last] = [1, 2, 4] as const;

/**
 * How a log is: `cut` when its end is missing, as where the power failed in the middle of a write, and `damaged` when
 * something in it is not what was written. LevelDB leaves both out and says nothing.
 */
export type LogState = 'whole' | 'cut' | 'damaged';

export function stateOfLog(bytes: Buffer): LogState {
  let isInside = false;
  for (let at = 0; at < bytes.length; ) {
    const left = blockBytes - (at % blockBytes);
    if (left < headerBytes) {
      at += left;
      continue;
    }
    // Room that was taken and not written to yet.
    if (bytes.subarray(at).every((byte) => byte === 0)) return isInside ? 'cut' : 'whole';
    if (bytes.length - at < headerBytes) return 'cut';
    const length = bytes.readUInt16LE(at + 4);
    const type = bytes[at + 6]!;
    if (headerBytes + length > left || type < full || type > last) return 'damaged';
    const end = at + headerBytes + length;
    if (end > bytes.length) return 'cut';
    if (unmasked(bytes.readUInt32LE(at)) !== crc32c(bytes.subarray(at + 6, end))) return 'damaged';
    const isBeginning = type === full || type === first;
    if (isBeginning === isInside) return 'damaged';
    isInside = type !== full && type !== last;
    at = end;
  }
  return isInside ? 'cut' : 'whole';
}

/** As it is stored: checksums of what contains checksums would be weak. */
function unmasked(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** CRC-32C (Castagnoli); that of `node:zlib` has another polynomial. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  // An index: four megabytes are some 20 ms so, and five times as many with an iterator.
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
