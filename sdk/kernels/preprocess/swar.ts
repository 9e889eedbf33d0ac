/**
 * Sums and blends of rows of bytes, four bytes a step in one 32-bit word (SIMD within a register), byte by byte where
 * a row is not aligned. Words are little-endian, as on every machine Node is used on with a camera.
 */

/** Bytes with a view as words, when they are aligned. */
export interface ByteRow {
  data: Uint8Array;
  /** `data` as words from its first byte; undefined when it is not aligned. */
  words: Int32Array | undefined;
}

export function wordsOf(data: Uint8Array): Int32Array | undefined {
  return data.byteOffset % 4 === 0 ? new Int32Array(data.buffer, data.byteOffset, data.length >> 2) : undefined;
}

/**
 * `target[i] = a[aAt + i] * (256 - weight) + b[bAt + i] * weight`: 16 bits, 8 of them fractional.
 *
 * @param weight 0..256.
 */
export function blendRows(
  a: ByteRow,
  aAt: number,
  b: ByteRow,
  bAt: number,
  weight: number,
  bytes: number,
  target: Uint16Array,
  targetWords: Int32Array,
): void {
  let i = 0;
  if (a.words && b.words && ((aAt | bAt) & 3) === 0) {
    const words = bytes >> 2;
    blendWords(a.words, aAt >> 2, b.words, bAt >> 2, weight, words, targetWords);
    i = words << 2;
  }
  blendBytes(a.data, aAt, b.data, bAt, weight, i, bytes, target);
}

function blendWords(
  a: Int32Array,
  aAt: number,
  b: Int32Array,
  bAt: number,
  weight: number,
  count: number,
  target: Int32Array,
): void {
  const rest = 256 - weight;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const p = a[aAt + i]!;
    const q = b[bAt + i]!;
    // 255 x 256 fits in 16 bits: two bytes to a word never touch.
    const even = (Math.imul(p & 0xff00ff, rest) + Math.imul(q & 0xff00ff, weight)) | 0;
    const odd = (Math.imul((p >>> 8) & 0xff00ff, rest) + Math.imul((q >>> 8) & 0xff00ff, weight)) | 0;
    target[to] = (even & 0xffff) | (odd << 16);
    target[to + 1] = (even >>> 16) | (odd & 0xffff0000);
    to += 2;
  }
}

function blendBytes(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  weight: number,
  from: number,
  to: number,
  target: Uint16Array,
): void {
  const rest = 256 - weight;
  for (let i = from; i < to; i++) {
    target[i] = Math.imul(a[aAt + i]!, rest) + Math.imul(b[bAt + i]!, weight);
  }
}

/** `sums[i] (+)= row[at + i]`: sets with `first`, else adds. A sum has 16 bits, two to a word of `sumWords`. */
export function sumRow(
  row: ByteRow,
  at: number,
  bytes: number,
  first: boolean,
  sums: Uint16Array,
  sumWords: Int32Array,
): void {
  let i = 0;
  if (row.words && (at & 3) === 0) {
    const words = bytes >> 2;
    if (first) setWords(row.words, at >> 2, words, sumWords);
    else addWords(row.words, at >> 2, words, sumWords);
    i = words << 2;
  }
  const { data } = row;
  for (; i < bytes; i++) sums[i] = (first ? 0 : sums[i]!) + data[at + i]!;
}

function setWords(row: Int32Array, at: number, count: number, sums: Int32Array): void {
  let to = 0;
  for (let i = 0; i < count; i++) {
    const four = row[at + i]!;
    sums[to] = (four & 0xff) | ((four & 0xff00) << 8);
    sums[to + 1] = ((four >>> 16) & 0xff) | ((four >>> 8) & 0xff0000);
    to += 2;
  }
}

function addWords(row: Int32Array, at: number, count: number, sums: Int32Array): void {
  let to = 0;
  for (let i = 0; i < count; i++) {
    const four = row[at + i]!;
    sums[to] = (sums[to]! + ((four & 0xff) | ((four & 0xff00) << 8))) | 0;
    sums[to + 1] = (sums[to + 1]! + (((four >>> 16) & 0xff) | ((four >>> 8) & 0xff0000))) | 0;
    to += 2;
  }
}

/**
 * What a sum of pixels is multiplied with, for their mean with 23 fractional bits: `(sum * reciprocal + half) >>> 23`. As
 * much precision as a vector of 16 bits has (plan.cpp): `sum << up` uses all of them, and so does the reciprocal, which
 * leaves 7 fractional bits in the upper half of the product.
 *
 * @param pixels 1..256.
 */
function reciprocalOf(pixels: number): number {
  let up = 0;
  while ((255 * pixels) << (up + 1) <= 65535) up++;
  return Math.floor(2 ** 23 / (pixels << up) + 0.5) * 2 ** up;
}

const half = 1 << 22;

/**
 * The rounded means of boxes of column sums: `target[i * channels + channel]` for each channel.
 *
 * @param box Columns of a box.
 * @param pixels Pixels that were summed into a box.
 */
export function meanBoxes(
  sums: Uint16Array,
  firstColumn: number,
  channels: number,
  box: number,
  pixels: number,
  count: number,
  target: Uint8Array,
  firstTarget: number,
): void {
  const reciprocal = reciprocalOf(pixels);
  for (let channel = 0; channel < channels; channel++) {
    const at = firstColumn * channels + channel;
    const to = firstTarget * channels + channel;
    if (box === 2) meanPairs(sums, at, channels, reciprocal, count, target, to);
    else if (box === 3) meanTriples(sums, at, channels, reciprocal, count, target, to);
    else meanOfMany(sums, at, channels, box, reciprocal, count, target, to);
  }
}

function meanPairs(
  sums: Uint16Array,
  at: number,
  step: number,
  reciprocal: number,
  count: number,
  target: Uint8Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) {
    target[to] = (Math.imul(sums[at]! + sums[at + step]!, reciprocal) + half) >>> 23;
    at = (at + step + step) | 0;
    to = (to + step) | 0;
  }
}

function meanTriples(
  sums: Uint16Array,
  at: number,
  step: number,
  reciprocal: number,
  count: number,
  target: Uint8Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) {
    const sum = sums[at]! + sums[at + step]! + sums[at + step + step]!;
    target[to] = (Math.imul(sum, reciprocal) + half) >>> 23;
    at = (at + step + step + step) | 0;
    to = (to + step) | 0;
  }
}

function meanOfMany(
  sums: Uint16Array,
  at: number,
  step: number,
  box: number,
  reciprocal: number,
  count: number,
  target: Uint8Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < box; j++) {
      sum = (sum + sums[at]!) | 0;
      at = (at + step) | 0;
    }
    target[to] = (Math.imul(sum, reciprocal) + half) >>> 23;
    to = (to + step) | 0;
  }
}
