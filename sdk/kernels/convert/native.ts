import { pixelFormats } from '../../frame/layout.ts';
import type { PixelSource } from '../preprocess/preprocess.ts';
import type { YuvConverter } from './convert.ts';

/** What convert/binding.cpp gives. Checks all it is given. */
export interface ConvertFunctions {
  /**
   * @param picture Format, width, height, strides of three planes; then the same of `out`; then BT.709?, limited range?
   * @param planes Three of the source, three of `out`.
   */
  toYuv(picture: Float64Array, ...planes: (Uint8Array | undefined)[]): void;
}

export function nativeYuvConverter(functions: ConvertFunctions): YuvConverter {
  return (source, out) => {
    const numbers = new Float64Array(14);
    describe(source, numbers, 0);
    describe(out, numbers, 6);
    numbers[12] = out.colour.matrix === 'bt709' ? 1 : 0;
    numbers[13] = out.colour.range === 'limited' ? 1 : 0;
    const [a, b, c] = source.planes;
    const [d, e, f] = out.planes;
    functions.toYuv(numbers, a?.data, b?.data, c?.data, d?.data, e?.data, f?.data);
  };
}

function describe({ format, width, height, planes }: PixelSource, numbers: Float64Array, at: number): void {
  numbers[at] = pixelFormats.indexOf(format);
  numbers[at + 1] = width;
  numbers[at + 2] = height;
  for (let i = 0; i < 3; i++) numbers[at + 3 + i] = planes[i]?.stride ?? 0;
}
