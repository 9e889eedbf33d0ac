import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellSize, motionState, scale } from '../../../sdk/kernels/motion/motion.ts';
import { cellMeans, compareAndLearn, motion } from '../../../sdk/kernels/motion/typescript.ts';
import { randomNumbers } from '../sources.ts';

describe('cellMeans', () => {
  it('gives the mean of each cell in sixteenths: of every second pixel of every second row', () => {
    const side = fc.integer({ min: 8, max: 50 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.nat(9),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(99),
        (width, height, pad, step, seed) => {
          const next = randomNumbers(seed);
          const stride = width * step + pad;
          const luma = new Uint8Array(stride * height).map(() => next());
          const state = motionState(width, height);
          cellMeans({ data: luma, width, height, stride, step }, state);
          expect([state.columns, state.rows]).toEqual([Math.floor(width / 8), Math.floor(height / 8)]);
          for (let row = 0; row < state.rows; row++) {
            for (let column = 0; column < state.columns; column++) {
              let sum = 0;
              for (let y = 0; y < cellSize; y += 2) {
                for (let x = 0; x < cellSize; x += 2) {
                  sum += luma[(row * cellSize + y) * stride + (column * cellSize + x) * step]!;
                }
              }
              expect(state.current[row * state.columns + column]).toBe((sum * scale) / 16);
            }
          }
        },
      ),
    );
  });

  it.each([
    [1, 1],
    [7, 40],
    [40, 7],
  ])('of a picture of %s x %s, which has no whole cell, reads only inside it', (width, height) => {
    const state = motionState(width, height);
    cellMeans({ data: new Uint8Array(width * height).fill(50), width, height, stride: width, step: 1 }, state);
    expect([...state.current].every((value) => value === 50 * scale)).toBe(true);
  });
});

describe('compareAndLearn', () => {
  const floor = 8 * scale;
  /** Of a difference, the background takes over 4 of 256. */
  const follow = 4;

  function sceneOf(value: number) {
    const state = motionState(32, 32);
    state.background.fill(value * scale);
    state.current.fill(value * scale);
    return state;
  }

  it('sees nothing in a still scene', () => {
    const state = sceneOf(100);
    expect(compareAndLearn(state, floor, follow)).toBe(0);
    expect(new Set(state.changed)).toEqual(new Set([0]));
    expect(new Set(state.background)).toEqual(new Set([100 * scale]));
  });

  it('counts cells that changed beside another, not one alone', () => {
    const state = sceneOf(100);
    state.current[5] = 150 * scale;
    expect(compareAndLearn(state, floor, follow)).toBe(0);
    expect(state.changed[5]).toBe(1);
    for (const neighbour of [6, 9]) {
      const both = sceneOf(100);
      both.current[5] = both.current[neighbour] = 50 * scale;
      expect(compareAndLearn(both, floor, follow)).toBe(1);
    }
  });

  it('does not take the last cell of a row for a neighbour of the first of the next', () => {
    const state = sceneOf(100);
    state.current[3] = state.current[4] = 150 * scale;
    expect(compareAndLearn(state, floor, follow)).toBe(0);
  });

  it('neither looks nor learns where the mask is 0', () => {
    const state = sceneOf(100);
    state.current.fill(200 * scale);
    state.changed.fill(1);
    state.mask.fill(0);
    expect(compareAndLearn(state, floor, follow)).toBe(0);
    expect(new Set(state.changed)).toEqual(new Set([0]));
    expect(new Set(state.background)).toEqual(new Set([100 * scale]));
  });

  it('lets what stays become background, from above and from below, the sooner the more it follows', () => {
    const framesUntilStill = (value: number, quickly: number) => {
      const state = sceneOf(100);
      state.current[5] = state.current[6] = value * scale;
      let frames = 0;
      while (compareAndLearn(state, floor, quickly) > 0 && frames < 2000) frames++;
      return frames;
    };
    for (const value of [140, 60]) {
      const [slow, quick] = [framesUntilStill(value, 4), framesUntilStill(value, 32)];
      // 40 levels shrink to 8 in ln(1/5) / ln(1 - follow / 256) frames: 102 and 12. Steps are rounded down.
      expect(slow).toBeGreaterThanOrEqual(102);
      expect(slow).toBeLessThan(125);
      expect(quick).toBeGreaterThanOrEqual(12);
      expect(quick).toBeLessThan(16);
    }
  });

  it('reaches the background in the end, however small the difference and however slowly it follows', () => {
    const state = sceneOf(100);
    state.current.fill(100 * scale + 5);
    state.current[3] = 100 * scale - 5;
    for (let i = 0; i < 5; i++) compareAndLearn(state, floor, 1);
    expect(state.background).toEqual(state.current);
  });

  it('learns the noise of a cell, and no longer takes it for motion', () => {
    const state = sceneOf(100);
    const next = randomNumbers(3);
    const noisy = () => {
      state.current[5] = (94 + (next() % 13)) * scale;
      state.current[6] = (94 + (next() % 13)) * scale;
      return compareAndLearn(state, 2 * scale, 32);
    };
    for (let i = 0; i < 400; i++) noisy();
    let moved = 0;
    for (let i = 0; i < 400; i++) moved += noisy();
    expect(moved).toBe(0);
    expect(state.noise[0]).toBe(0);
    expect(state.noise[5]).toBeGreaterThan(scale);
  });
});

describe('motion', () => {
  it('takes the means and compares them, in one call', () => {
    const state = motionState(16, 8);
    const data = new Uint8Array(128).fill(100);
    expect(motion({ data, width: 16, height: 8, stride: 16, step: 1 }, state, 8 * scale, 256)).toBe(1);
    expect([...state.background]).toEqual([100 * scale, 100 * scale]);
    expect(motion({ data, width: 16, height: 8, stride: 16, step: 1 }, state, 8 * scale, 256)).toBe(0);
  });
});
