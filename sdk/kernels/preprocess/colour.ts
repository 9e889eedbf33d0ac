import type { ColourSpace } from '../../frame/frame.ts';

/** YUV to RGB in fixed point: coefficients x 2^13, so that each fits in 16 bits. `r = y * luma + (v - 128) * rv`, and so on. */
export interface YuvCoefficients {
  /** Black, 0..255. */
  readonly black: number;
  readonly luma: number;
  readonly rv: number;
  readonly gu: number;
  readonly gv: number;
  readonly bu: number;
}

const coefficientBits = 13;

/** From the matrices' own definition: Kr and Kb of ITU-R BT.601 and BT.709. */
export function yuvCoefficients({ matrix, range }: ColourSpace): YuvCoefficients {
  const [kr, kb] = matrix === 'bt709' ? [0.2126, 0.0722] : [0.299, 0.114];
  const kg = 1 - kr - kb;
  const limited = range === 'limited';
  const luma = limited ? 255 / 219 : 1;
  const chroma = limited ? 255 / 224 : 1;
  const fixed = (value: number) => Math.round(value * 2 ** coefficientBits);
  return {
    black: limited ? 16 : 0,
    luma: fixed(luma),
    rv: fixed(2 * (1 - kr) * chroma),
    gu: fixed((-2 * (1 - kb) * kb * chroma) / kg),
    gv: fixed((-2 * (1 - kr) * kr * chroma) / kg),
    bu: fixed(2 * (1 - kb) * chroma),
  };
}
