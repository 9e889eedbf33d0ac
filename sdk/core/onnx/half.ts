/** IEEE 754 half precision, which JavaScript of Node 20 has no array for: its bits as 16-bit whole numbers. */

/** What each of the 65,536 bit patterns means; made when the first is asked for. */
let meanings: Float32Array | undefined;

/** @param from Bits of half floats. @param to As many numbers. */
export function fromHalf(from: Uint16Array, to: Float32Array): void {
  meanings ??= Float32Array.from({ length: 0x10000 }, (_, bits) => meaningOf(bits));
  for (let i = 0; i < from.length; i++) to[i] = meanings[from[i]!]!;
}

function meaningOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Rounds to the nearest half float, of two that are as near to the even one. @param to Gets the bits. */
export function toHalf(from: Float32Array, to: Uint16Array): void {
  for (let i = 0; i < from.length; i++) to[i] = halfOf(from[i]!);
}

function halfOf(value: number): number {
  single[0] = value;
  const bits = singleBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00; // NaN
  if (size >= 0x477ff000) return sign | 0x7c00; // from 65520 on it rounds to infinity
  // Below 2^-14 halves are whole multiples of 2^-24, which Math.round to even is asked for by adding 2^-1 of a float.
  if (size < 0x38800000) {
    single[0] = Math.abs(value) + 0.5;
    return sign | (singleBits[0]! - 0x3f000000);
  }
  return sign | ((size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13);
}
