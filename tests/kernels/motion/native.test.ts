import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Luma,
  longestRest,
  type MotionRule,
  mostLevel,
  motionState,
  whole,
} from '../../../sdk/kernels/motion/motion.ts';
import { nativeMotion } from '../../../sdk/kernels/motion/native.ts';
import { motion as twin } from '../../../sdk/kernels/motion/typescript.ts';
import { needsAddon, variants } from '../variants.ts';

const rule: MotionRule = {
  ...{ floor: 64, smooth: 8192, follow: 512, learn: 256, learnChanged: 64 },
  ...{ passed: 100, settle: 1500 },
};

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
    rule: fc.record({
      floor: fc.oneof(fc.nat(300), fc.nat(mostLevel)),
      smooth: fc.nat(whole),
      follow: fc.nat(whole),
      learn: fc.nat(whole),
      learnChanged: fc.nat(whole),
      passed: fc.oneof(fc.nat(1000), fc.nat(longestRest)),
      settle: fc.oneof(fc.nat(3000), fc.nat(longestRest)),
    }),
    seeds: fc.array(fc.integer(), { minLength: 1, maxLength: 8 }),
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
      fc.property(runs, ({ luma, width, height, rule: any, seed }) => {
        const [expected, got] = [motionState(width, height), motionState(width, height)];
        for (let i = 0; i < got.mask.length; i++) expected.mask[i] = got.mask[i] = (seed >> (i % 31)) & 3;
        for (const picture of luma) {
          expect(native(picture, got, any)).toBe(twin(picture, expected, any));
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
    expect(() => motion(luma, motionState(16, 16), rule)).toThrow(RangeError);
    expect(() => motion(luma, motionState(16, 16), rule)).toThrow(
      'expected at least 256 bytes for 16 x 16 pixels, got 255',
    );
    expect(() => motion(plain(16, 16, 0), motionState(16, 8), rule)).toThrow(
      'state: expected 4 cells for 16 x 16 pixels, got 2',
    );
    expect(() => motion({ ...plain(16, 16, 0), stride: 15 }, motionState(16, 16), rule)).toThrow(
      'stride: expected at least 16, got 15',
    );
  });

  it.each(variants.map(({ name, functions }) => ({ name, motion: nativeMotion(functions) })))(
    '$name refuses a rule beyond its range',
    ({ motion }) => {
      for (const [field, value, most] of [
        ['floor', 4081, 4080],
        ['smooth', 32768, 32767],
        ['passed', -1, 32767],
      ] as const) {
        expect(() => motion(plain(16, 16, 0), motionState(16, 16), { ...rule, [field]: value })).toThrow(
          `${field}: expected 0..${most}, got ${value}`,
        );
      }
    },
  );
});
