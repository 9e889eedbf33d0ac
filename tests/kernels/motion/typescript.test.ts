import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellMeans, cellSize, compareAndLearn, motionState, scale } from '../../../sdk/kernels/motion/typescript.ts';
import { randomNumbers } from '../sources.ts';

const measure = () => ({ changed: 0, watched: 0 });

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
          cellMeans(luma, width, height, stride, step, state);
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
    cellMeans(new Uint8Array(width * height).fill(50), width, height, width, 1, state);
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
    return { state, mask: new Uint8Array(state.current.length).fill(1) };
  }

  it('sees nothing in a still scene', () => {
    const { state, mask } = sceneOf(100);
    const seen = measure();
    compareAndLearn(state, floor, follow, mask, seen);
    expect(seen).toEqual({ changed: 0, watched: 16 });
    expect(new Set(state.changed)).toEqual(new Set([0]));
    expect(new Set(state.background)).toEqual(new Set([100 * scale]));
  });

  it('counts cells that changed beside another, not one alone', () => {
    const { state, mask } = sceneOf(100);
    state.current[5] = 150 * scale;
    const seen = measure();
    compareAndLearn(state, floor, follow, mask, seen);
    expect([seen.changed, state.changed[5]]).toEqual([0, 1]);
    for (const neighbour of [6, 9]) {
      const both = sceneOf(100);
      both.state.current[5] = both.state.current[neighbour] = 50 * scale;
      compareAndLearn(both.state, floor, follow, both.mask, seen);
      expect(seen.changed).toBe(1);
    }
  });

  it('does not take the last cell of a row for a neighbour of the first of the next', () => {
    const { state, mask } = sceneOf(100);
    state.current[3] = state.current[4] = 150 * scale;
    const seen = measure();
    compareAndLearn(state, floor, follow, mask, seen);
    expect(seen.changed).toBe(0);
  });

  it('neither looks nor learns where the mask is 0', () => {
    const { state, mask } = sceneOf(100);
    state.current.fill(200 * scale);
    state.changed.fill(1);
    mask.fill(0);
    const seen = measure();
    compareAndLearn(state, floor, follow, mask, seen);
    expect(seen).toEqual({ changed: 0, watched: 0 });
    expect(new Set(state.changed)).toEqual(new Set([0]));
    expect(new Set(state.background)).toEqual(new Set([100 * scale]));
  });

  it('lets what stays become background, from above and from below, the sooner the more it follows', () => {
    const framesUntilStill = (value: number, quickly: number) => {
      const { state, mask } = sceneOf(100);
      state.current[5] = state.current[6] = value * scale;
      const seen = measure();
      let frames = 0;
      do compareAndLearn(state, floor, quickly, mask, seen);
      while (seen.changed > 0 && ++frames < 2000);
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
    const { state, mask } = sceneOf(100);
    state.current.fill(100 * scale + 5);
    state.current[3] = 100 * scale - 5;
    for (let i = 0; i < 5; i++) compareAndLearn(state, floor, 1, mask, measure());
    expect(state.background).toEqual(state.current);
  });

  it('learns the noise of a cell, and no longer takes it for motion', () => {
    const { state, mask } = sceneOf(100);
    const next = randomNumbers(3);
    const seen = measure();
    const noisy = () => {
      state.current[5] = (94 + (next() % 13)) * scale;
      state.current[6] = (94 + (next() % 13)) * scale;
      compareAndLearn(state, 2 * scale, 32, mask, seen);
      return seen.changed;
    };
    for (let i = 0; i < 400; i++) noisy();
    let moved = 0;
    for (let i = 0; i < 400; i++) moved += noisy();
    expect(moved).toBe(0);
    expect(state.noise[0]).toBe(0);
    expect(state.noise[5]).toBeGreaterThan(scale);
  });
});
