import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Luma, mostLevel, motionState } from '../../sdk/kernels/motion/motion.ts';
import { nativeMotion } from '../../sdk/kernels/motion/native.ts';
import { motion as twin } from '../../sdk/kernels/motion/typescript.ts';
import { needsAddon, variants } from './variants.ts';

function plain(width: number, height: number, level: number): Luma {
  return { data: new Uint8Array(width * height).fill(level), width, height, stride: width, step: 1 };
}

/** Paints cells (column, row) of a picture. */
function paint({ data, stride }: Luma, level: number, ...cells: [number, number][]): void {
  for (const [column, row] of cells) {
    for (let y = row * 8; y < row * 8 + 8; y++) data.fill(level, y * stride + column * 8, y * stride + column * 8 + 8);
  }
}

describe('motion: the TypeScript twin', () => {
  it('takes the mean of a cell in sixteenths', () => {
    const luma = plain(20, 8, 100);
    paint(luma, 255, [1, 0]);
    const state = motionState(20, 8);
    twin(luma, state, 0, 0);
    expect([...state.current]).toEqual([1600, mostLevel]);
  });

  it('reads any pixel of a picture smaller than a cell', () => {
    const state = motionState(7, 30);
    expect([state.columns, state.rows]).toEqual([1, 3]);
    twin(plain(7, 30, 9), state, 0, 0);
    expect([...state.current]).toEqual([144, 144, 144]);
  });

  it('counts changed cells that have a changed one to the left or above, and none that stands alone', () => {
    const luma = plain(40, 24, 0);
    const state = motionState(40, 24);
    // Two side by side, one alone, and one below the pair; the last of a row and the first of the next are no pair.
    paint(luma, 255, [0, 0], [1, 0], [3, 0], [1, 1], [4, 1], [0, 2]);
    expect(twin(luma, state, 100, 0)).toBe(2);
    expect([...state.changed]).toEqual([1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0]);
  });

  it('follows by its share of the difference, at least by one', () => {
    const state = motionState(8, 8);
    twin(plain(8, 8, 100), state, 0, 64);
    expect(state.background[0]).toBe(400);
    state.background[0] = 1599;
    twin(plain(8, 8, 100), state, 4080, 1);
    expect(state.background[0]).toBe(1600);
    twin(plain(8, 8, 100), state, 4080, 256);
    expect(state.background[0]).toBe(1600);
  });

  it('learns the noise where nothing changed, and looks at no cell under a mask', () => {
    const state = motionState(16, 8);
    state.mask[1] = 0;
    twin(plain(16, 8, 10), state, 4080, 0);
    expect([...state.noise]).toEqual([10, 0]);
    expect([...state.background]).toEqual([1, 0]);
    twin(plain(16, 8, 255), state, 0, 256);
    expect([...state.background]).toEqual([4080, 0]);
    expect([...state.changed]).toEqual([1, 0]);
  });
});

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
