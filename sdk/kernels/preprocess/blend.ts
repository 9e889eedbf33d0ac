import type { Axis } from './axis.ts';
import type { YuvCoefficients } from './colour.ts';
import type { RowReference } from './rows.ts';

/**
 * One output row of each family of formats. Each loop is written out, with everything it touches in local variables
 * and in 32-bit integers: this is where the time goes. Weights have 11 bits, so a blended value has 8 + 22 bits.
 */

/** Where the row's red, green and blue go: `data[red + i * step]`. Values are clamped by the array's type. */
export interface RgbTarget {
  data: Uint8ClampedArray;
  red: number;
  green: number;
  blue: number;
  step: number;
}

export function blendYuv(
  luma: Axis,
  chroma: Axis,
  y0: RowReference,
  y1: RowReference,
  yWeight: number,
  u0: RowReference,
  u1: RowReference,
  v0: RowReference,
  v1: RowReference,
  cWeight: number,
  coefficients: YuvCoefficients,
  target: RgbTarget,
): void {
  const { first: yFirst, second: ySecond, weight: yWeights } = luma;
  const { first: cFirst, second: cSecond, weight: cWeights } = chroma;
  const ya = y0.data;
  const yb = y1.data;
  const yaAt = y0.offset;
  const ybAt = y1.offset;
  const ua = u0.data;
  const ub = u1.data;
  const uaAt = u0.offset;
  const ubAt = u1.offset;
  const va = v0.data;
  const vb = v1.data;
  const vaAt = v0.offset;
  const vbAt = v1.offset;
  const { black, luma: cy, rv, gu, gv, bu } = coefficients;
  const { data, step } = target;
  let { red, green, blue } = target;
  // 6 fractional bits are kept until the conversion, which adds 14.
  const offset = (1 << 19) - Math.imul(black << 6, cy);
  const n = yFirst.length;
  for (let i = 0; i < n; i++) {
    const l = yFirst[i]!;
    const r = ySecond[i]!;
    const w = yWeights[i]!;
    const p0 = ya[yaAt + l]!;
    const p1 = yb[ybAt + l]!;
    const yTop = (p0 << 11) + (ya[yaAt + r]! - p0) * w;
    const yBottom = (p1 << 11) + (yb[ybAt + r]! - p1) * w;
    const y = Math.imul(((yTop << 11) + Math.imul(yBottom - yTop, yWeight)) >> 16, cy) + offset;

    const cl = cFirst[i]!;
    const cr = cSecond[i]!;
    const cw = cWeights[i]!;
    const q0 = ua[uaAt + cl]!;
    const q1 = ub[ubAt + cl]!;
    const uTop = (q0 << 11) + (ua[uaAt + cr]! - q0) * cw;
    const uBottom = (q1 << 11) + (ub[ubAt + cr]! - q1) * cw;
    const u = (((uTop << 11) + Math.imul(uBottom - uTop, cWeight)) >> 16) - 8192;
    const s0 = va[vaAt + cl]!;
    const s1 = vb[vbAt + cl]!;
    const vTop = (s0 << 11) + (va[vaAt + cr]! - s0) * cw;
    const vBottom = (s1 << 11) + (vb[vbAt + cr]! - s1) * cw;
    const v = (((vTop << 11) + Math.imul(vBottom - vTop, cWeight)) >> 16) - 8192;

    data[red] = (y + Math.imul(v, rv)) >> 20;
    data[green] = (y + Math.imul(u, gu) + Math.imul(v, gv)) >> 20;
    data[blue] = (y + Math.imul(u, bu)) >> 20;
    red += step;
    green += step;
    blue += step;
  }
}

/** `blendYuv` where each output pixel is one element of luma: chroma is then the nearest. */
export function directYuv(
  luma: Axis,
  chroma: Axis,
  y0: RowReference,
  u0: RowReference,
  v0: RowReference,
  coefficients: YuvCoefficients,
  target: RgbTarget,
): void {
  const yFirst = luma.first;
  const { first: cFirst, second: cSecond, weight: cWeights } = chroma;
  const ya = y0.data;
  const yaAt = y0.offset;
  const ua = u0.data;
  const uaAt = u0.offset;
  const va = v0.data;
  const vaAt = v0.offset;
  const { black, luma: cy, rv, gu, gv, bu } = coefficients;
  const { data, step } = target;
  let { red, green, blue } = target;
  const offset = (1 << 13) - Math.imul(black, cy);
  const n = yFirst.length;
  for (let i = 0; i < n; i++) {
    const y = Math.imul(ya[yaAt + yFirst[i]!]!, cy) + offset;
    const c = cWeights[i]! < 1024 ? cFirst[i]! : cSecond[i]!;
    const u = ua[uaAt + c]! - 128;
    const v = va[vaAt + c]! - 128;
    data[red] = (y + Math.imul(v, rv)) >> 14;
    data[green] = (y + Math.imul(u, gu) + Math.imul(v, gv)) >> 14;
    data[blue] = (y + Math.imul(u, bu)) >> 14;
    red += step;
    green += step;
    blue += step;
  }
}

/** @param swap The source is BGR. */
export function blendRgb(
  x: Axis,
  row0: RowReference,
  row1: RowReference,
  rowWeight: number,
  swap: boolean,
  target: RgbTarget,
): void {
  const { first, second, weight } = x;
  const a = row0.data;
  const b = row1.data;
  const aAt = row0.offset;
  const bAt = row1.offset;
  const { data, step } = target;
  let red = swap ? target.blue : target.red;
  let green = target.green;
  let blue = swap ? target.red : target.blue;
  const n = first.length;
  for (let i = 0; i < n; i++) {
    const w = weight[i]!;
    const al = aAt + first[i]!;
    const ar = aAt + second[i]!;
    const bl = bAt + first[i]!;
    const br = bAt + second[i]!;
    let p = a[al]!;
    let q = b[bl]!;
    let top = (p << 11) + (a[ar]! - p) * w;
    let bottom = (q << 11) + (b[br]! - q) * w;
    data[red] = ((top << 11) + Math.imul(bottom - top, rowWeight) + half) >> 22;
    p = a[al + 1]!;
    q = b[bl + 1]!;
    top = (p << 11) + (a[ar + 1]! - p) * w;
    bottom = (q << 11) + (b[br + 1]! - q) * w;
    data[green] = ((top << 11) + Math.imul(bottom - top, rowWeight) + half) >> 22;
    p = a[al + 2]!;
    q = b[bl + 2]!;
    top = (p << 11) + (a[ar + 2]! - p) * w;
    bottom = (q << 11) + (b[br + 2]! - q) * w;
    data[blue] = ((top << 11) + Math.imul(bottom - top, rowWeight) + half) >> 22;
    red += step;
    green += step;
    blue += step;
  }
}

export function directRgb(x: Axis, row: RowReference, swap: boolean, target: RgbTarget): void {
  const { first } = x;
  const a = row.data;
  const at = row.offset;
  const { data, step } = target;
  let red = swap ? target.blue : target.red;
  let green = target.green;
  let blue = swap ? target.red : target.blue;
  const n = first.length;
  for (let i = 0; i < n; i++) {
    const from = at + first[i]!;
    data[red] = a[from]!;
    data[green] = a[from + 1]!;
    data[blue] = a[from + 2]!;
    red += step;
    green += step;
    blue += step;
  }
}

export function blendGray(x: Axis, row0: RowReference, row1: RowReference, rowWeight: number, target: RgbTarget): void {
  const { first, second, weight } = x;
  const a = row0.data;
  const b = row1.data;
  const aAt = row0.offset;
  const bAt = row1.offset;
  const { data, step } = target;
  let { red, green, blue } = target;
  const n = first.length;
  for (let i = 0; i < n; i++) {
    const l = first[i]!;
    const r = second[i]!;
    const w = weight[i]!;
    const p = a[aAt + l]!;
    const q = b[bAt + l]!;
    const top = (p << 11) + (a[aAt + r]! - p) * w;
    const bottom = (q << 11) + (b[bAt + r]! - q) * w;
    const value = ((top << 11) + Math.imul(bottom - top, rowWeight) + half) >> 22;
    data[red] = value;
    data[green] = value;
    data[blue] = value;
    red += step;
    green += step;
    blue += step;
  }
}

const half = 1 << 21;
