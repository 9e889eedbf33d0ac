import { expOf } from '../../kernels/boxes/exp.ts';

const { fround } = Math;

/** To a whole number, the nearest one, ties to the even one. */
export function nearest(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const saturate16 = (value: number): number => Math.min(32767, Math.max(-32768, value));
export const saturate8 = (value: number): number => Math.min(255, Math.max(0, value));

/** The product of two fractions of 16 bits, rounded. */
export const mulhrs = (a: number, b: number): number => (a * b + 16384) >> 15;

/** 1 / (1 + e^-x) in 32-bit floats. */
export function sigmoidOf(x: number): number {
  const negative = Math.min(86, Math.max(-86, -x));
  return fround(1 / fround(1 + expOf(negative)));
}

/** The polynomial of SiLU, in Q15 of t = 1 - |x| / 8. */
const series = [17474, 5967, -9275, 3224] as const;

/** SiLU of 16 bits in units of 2^-e: max(x, 0) - |x| sigmoid(-|x|), the latter by a polynomial that is 0 from 8 on. */
export function siluOf(x: number, e: number): number {
  const size = Math.min(Math.abs(x), 2 ** (e + 3) - 1);
  const s = size << (12 - e);
  const t = 32767 - s;
  let p: number = series[0];
  for (let i = 1; i < series.length; i++) p = mulhrs(p, t) + series[i]!;
  p = mulhrs(mulhrs(p, mulhrs(t, t)), s);
  return Math.max(x, 0) - mulhrs(p, 1 << (e + 3));
}
