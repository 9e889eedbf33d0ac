import type { Axis } from './axis.ts';
import type { YuvCoefficients } from './colour.ts';
import type { PlaneRows } from './rows.ts';

/**
 * The horizontal half of resizing, with the colour conversion: one output row for each family of formats. Each loop is
 * written out, with all it touches in local variables and 32-bit integers: this is where the time goes.
 */

/** Where a row's red, green and blue go: `data[red + i * step]`. The array's type clamps. */
export interface RgbTarget {
  data: Uint8ClampedArray;
  red: number;
  green: number;
  blue: number;
  step: number;
}

/**
 * @param vOffset From a U byte's index to its V byte's in the row of `v`: 0 for planes, 1 where they are interleaved
 *   and `v` is `u`.
 */
export function resampleYuv(
  xLuma: Axis,
  xChroma: Axis,
  luma: PlaneRows,
  u: PlaneRows,
  v: PlaneRows,
  vOffset: number,
  coefficients: YuvCoefficients,
  target: RgbTarget,
): void {
  const { taps: yTaps, next: yNext } = xLuma;
  const { taps: cTaps, next: cNext } = xChroma;
  const yData = luma.blended;
  const uData = u.blended;
  const vData = v.blended;
  const { black, luma: cy, rv, gu, gv, bu } = coefficients;
  const { data, step } = target;
  let { red, green, blue } = target;
  // Values keep 7 fractional bits; the coefficients have 13.
  const offset = ((1 << 19) - Math.imul(black << 7, cy)) | 0;
  const count = yTaps.length;
  for (let i = 0; i < count; i++) {
    const yTap = yTaps[i]!;
    const yl = yTap >> 12;
    const yFirst = yData[yl]!;
    const yValue = ((yFirst << 11) + Math.imul(yData[yl + yNext]! - yFirst, yTap & 4095)) >> 12;
    const y = (Math.imul(yValue, cy) + offset) | 0;

    const cTap = cTaps[i]!;
    const weight = cTap & 4095;
    const cl = cTap >> 12;
    const uFirst = uData[cl]!;
    const uValue = (((uFirst << 11) + Math.imul(uData[cl + cNext]! - uFirst, weight)) >> 12) - 16384;
    const vl = (cl + vOffset) | 0;
    const vFirst = vData[vl]!;
    const vValue = (((vFirst << 11) + Math.imul(vData[vl + cNext]! - vFirst, weight)) >> 12) - 16384;

    data[red] = (y + Math.imul(vValue, rv)) >> 20;
    data[green] = (y + Math.imul(uValue, gu) + Math.imul(vValue, gv)) >> 20;
    data[blue] = (y + Math.imul(uValue, bu)) >> 20;
    red = (red + step) | 0;
    green = (green + step) | 0;
    blue = (blue + step) | 0;
  }
}

/** `resampleYuv` where each output pixel is one element of each plane: the same result, of picked rows. */
export function copyYuv(
  xLuma: Axis,
  xChroma: Axis,
  luma: PlaneRows,
  u: PlaneRows,
  v: PlaneRows,
  vOffset: number,
  coefficients: YuvCoefficients,
  target: RgbTarget,
): void {
  const { taps: yTaps, next: yNext } = xLuma;
  const { taps: cTaps, next: cNext } = xChroma;
  const yData = luma.data;
  const yAt = luma.offset;
  const uData = u.data;
  const uAt = u.offset;
  const vData = v.data;
  const vAt = v.offset + vOffset;
  const { black, luma: cy, rv, gu, gv, bu } = coefficients;
  const { data, step } = target;
  let { red, green, blue } = target;
  const offset = ((1 << 12) - Math.imul(black, cy)) | 0;
  const count = yTaps.length;
  for (let i = 0; i < count; i++) {
    const yTap = yTaps[i]!;
    const cTap = cTaps[i]!;
    // The second of the two elements where it has all the weight, 2048.
    const yl = ((yTap >> 12) + Math.imul(yNext, (yTap & 4095) >> 11)) | 0;
    const c = ((cTap >> 12) + Math.imul(cNext, (cTap & 4095) >> 11)) | 0;
    const y = (Math.imul(yData[(yAt + yl) | 0]!, cy) + offset) | 0;
    const uValue = uData[(uAt + c) | 0]! - 128;
    const vValue = vData[(vAt + c) | 0]! - 128;
    data[red] = (y + Math.imul(vValue, rv)) >> 13;
    data[green] = (y + Math.imul(uValue, gu) + Math.imul(vValue, gv)) >> 13;
    data[blue] = (y + Math.imul(uValue, bu)) >> 13;
    red = (red + step) | 0;
    green = (green + step) | 0;
    blue = (blue + step) | 0;
  }
}

/** 8 fractional bits of the blended rows and 11 of the weights. */
const half = 1 << 18;

/** @param swap The source is BGR. */
export function resampleRgb(x: Axis, row: PlaneRows, swap: boolean, target: RgbTarget): void {
  const { taps, next } = x;
  const from = row.blended;
  const { data, step } = target;
  let red = swap ? target.blue : target.red;
  let green = target.green;
  let blue = swap ? target.red : target.blue;
  const count = taps.length;
  for (let i = 0; i < count; i++) {
    const tap = taps[i]!;
    const weight = tap & 4095;
    const left = tap >> 12;
    const right = (left + next) | 0;
    const r = from[left]!;
    const g = from[left + 1]!;
    const b = from[left + 2]!;
    data[red] = ((r << 11) + Math.imul(from[right]! - r, weight) + half) >> 19;
    data[green] = ((g << 11) + Math.imul(from[right + 1]! - g, weight) + half) >> 19;
    data[blue] = ((b << 11) + Math.imul(from[right + 2]! - b, weight) + half) >> 19;
    red = (red + step) | 0;
    green = (green + step) | 0;
    blue = (blue + step) | 0;
  }
}

export function resampleGray(x: Axis, row: PlaneRows, target: RgbTarget): void {
  const { taps, next } = x;
  const from = row.blended;
  const { data, step } = target;
  let { red, green, blue } = target;
  const count = taps.length;
  for (let i = 0; i < count; i++) {
    const tap = taps[i]!;
    const left = tap >> 12;
    const first = from[left]!;
    const value = ((first << 11) + Math.imul(from[left + next]! - first, tap & 4095) + half) >> 19;
    data[red] = value;
    data[green] = value;
    data[blue] = value;
    red = (red + step) | 0;
    green = (green + step) | 0;
    blue = (blue + step) | 0;
  }
}
