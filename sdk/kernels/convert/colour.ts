import type { ColourSpace } from '../../frame/frame.ts';

/** RGB to YUV: weights of red, green and blue with 15 fractional bits, and black, 0..255. */
export interface RgbWeights {
  readonly y: readonly [number, number, number];
  readonly u: readonly [number, number, number];
  readonly v: readonly [number, number, number];
  readonly black: number;
}

/** From the matrices' own definition, as preprocess/colour.ts. The native kernels have the same (yuv.cpp). */
export function rgbWeights({ matrix, range }: ColourSpace): RgbWeights {
  const [kr, kb] = matrix === 'bt709' ? [0.2126, 0.0722] : [0.299, 0.114];
  const kg = 1 - kr - kb;
  const limited = range === 'limited';
  const luma = limited ? 219 / 255 : 1;
  const chroma = limited ? 224 / 255 : 1;
  const fixed = (value: number) => Math.floor(value * 32768 + 0.5);
  const u = chroma / (2 * (1 - kb));
  const v = chroma / (2 * (1 - kr));
  return {
    y: [fixed(kr * luma), fixed(kg * luma), fixed(kb * luma)],
    u: [fixed(-kr * u), fixed(-kg * u), fixed((1 - kb) * u)],
    v: [fixed((1 - kr) * v), fixed(-kg * v), fixed(-kb * v)],
    black: limited ? 16 : 0,
  };
}
