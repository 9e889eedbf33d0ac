import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Luma, mostLevel, motionState } from '../../../sdk/kernels/motion/motion.ts';
import { nativeMotion } from '../../../sdk/kernels/motion/native.ts';
import { motion as twin } from '../../../sdk/kernels/motion/typescript.ts';
import { needsAddon, variants } from '../variants.ts';

function plain(width: number, height: number, level: number): Luma {
  return { data: new Uint8Array(width * height).fill(level), width, height, stride: width, step: 1 };
}

/** A run of frames of one size, with what surrounds their pixels. */
const runs = fc
  .record({
    width: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 120, max: 530 })),
    height: fc.integer({ min: 1, max: 40 }),
    padding: fc.nat(9),
    step: fc.constantFrom(1, 3),
    offset: fc.nat(5),
    floor: fc.oneof(fc.nat(600), fc.nat(mostLevel)),
    follow: fc.nat(256),
    seeds: fc.array(fc.integer(), { minLength: 1, maxLength: 4 }),
    noisy: fc.boolean(),
  })
  .map(({ seeds, width, height, padding, step, offset, noisy, ...rest }) => {
    const stride = width * step + padding;
    const luma = seeds.map((seed): Luma => {
      const data = new Uint8Array(offset + (height - 1) * stride + (width - 1) * step + 1);
      let state = seed | 1;
      for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        const random = state >>> 24;
        data[i] = noisy ? random : random > 250 ? 255 : 100 + (random & 3);
      }
      return { data: data.subarray(offset), width, height, stride, step };
    });
    return { luma, width, height, seed: seeds[0]!, ...rest };
  });

describe.skipIf(variants.length === 0)(`motion: native${needsAddon}`, () => {
  it.each(variants)('$name gives the values of the twin, frame after frame', ({ functions }) => {
    const native = nativeMotion(functions);
    fc.assert(
      fc.property(runs, ({ luma, width, height, floor, follow, seed }) => {
        const [expected, got] = [motionState(width, height), motionState(width, height)];
        for (let i = 0; i < got.mask.length; i++) expected.mask[i] = got.mask[i] = (seed >> (i % 31)) & 3;
        for (const picture of luma) {
          expect(native(picture, got, floor, follow)).toBe(twin(picture, expected, floor, follow));
          expect(got).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    { name: 'twin', motion: twin },
    ...variants.map(({ name, functions }) => ({ name, motion: nativeMotion(functions) })),
  ])('$name refuses a picture that is too small and a state of another size', ({ motion }) => {
    const luma = { ...plain(16, 16, 0), data: new Uint8Array(255) };
    expect(() => motion(luma, motionState(16, 16), 0, 0)).toThrow(RangeError);
    expect(() => motion(luma, motionState(16, 16), 0, 0)).toThrow(
      'expected at least 256 bytes for 16 x 16 pixels, got 255',
    );
    expect(() => motion(plain(16, 16, 0), motionState(16, 8), 0, 0)).toThrow(
      'state: expected 4 cells for 16 x 16 pixels, got 2',
    );
  });
});
