import fc from 'fast-check';
import type { ColourSpace } from '../../sdk/frame/frame.ts';
import { type PixelFormat, pixelFormats, planeSizes } from '../../sdk/frame/layout.ts';
import type { PixelSource } from '../../sdk/kernels/preprocess/preprocess.ts';

/** Numbers that look random and are the same in each run: 0..2^32-1 (an LCG's high bits, mixed). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let mixed = state ^ (state >>> 15);
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    return (mixed ^ (mixed >>> 13)) >>> 0;
  };
}

export interface SourceInit {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly seed?: number;
  /** Bytes of garbage after each row, by plane. */
  readonly padding?: readonly number[];
  /** Bytes before a plane in its buffer, so that it is not aligned. */
  readonly shift?: number;
  readonly colour?: ColourSpace;
}

export const limited601: ColourSpace = { matrix: 'bt601', range: 'limited' };

/** A picture of noise. Padding changes where its pixels lie, and not what they are. */
export function noise({ format, width, height, seed = 1, padding = [], shift = 0, colour }: SourceInit): PixelSource {
  const next = randomNumbers(seed);
  const garbage = randomNumbers(seed + 1);
  const planes = planeSizes(format, width, height).map(({ rowBytes, rows }, i) => {
    const stride = rowBytes + (padding[i] ?? 0);
    // The last row's padding is left out: a stream may end there.
    const buffer = new Uint8Array(shift + stride * (rows - 1) + rowBytes).map(() => garbage());
    const data = buffer.subarray(shift);
    for (let y = 0; y < rows; y++) for (let x = 0; x < rowBytes; x++) data[y * stride + x] = next();
    return { data, stride };
  });
  return { format, width, height, planes, colour: colour ?? limited601 };
}

export const anyFormat = fc.constantFrom(...pixelFormats);
export const anyColour: fc.Arbitrary<ColourSpace> = fc.record({
  matrix: fc.constantFrom('bt601', 'bt709'),
  range: fc.constantFrom('limited', 'full'),
});
export const anyPadding = fc.tuple(fc.nat(70), fc.nat(70), fc.nat(70));
