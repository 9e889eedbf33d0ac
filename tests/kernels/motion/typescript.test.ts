import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellMeans, cellSize, compareAndLearn, motionState, scale } from '../../../sdk/kernels/motion/typescript.ts';
import { randomNumbers } from '../sources.ts';

const measure = () => ({ changed: 0, shift: 0, watched: 0 });

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

  function sceneOf(value: number) {
    const state = motionState(32, 32);
    state.background.fill(value * scale);
    state.current.fill(value * scale);
    return { state, mask: new Uint8Array(state.current.length).fill(1) };
  }

  it('sees nothing in a still scene', () => {
    const { state, mask } = sceneOf(100);
    const seen = measure();
    compareAndLearn(state, floor, mask, seen);
    expect(seen).toEqual({ changed: 0, shift: 0, watched: 16 });
    expect(new Set(state.changed)).toEqual(new Set([0]));
  });

  it('counts cells that changed beside another, not one alone', () => {
    const { state, mask } = sceneOf(100);
    state.current[5] = 150 * scale;
    const seen = measure();
    compareAndLearn(state, floor, mask, seen);
    expect([seen.changed, state.changed[5]]).toEqual([0, 1]);
    for (const neighbour of [6, 9]) {
      const both = sceneOf(100);
      both.state.current[5] = both.state.current[neighbour] = 50 * scale;
      compareAndLearn(both.state, floor, both.mask, seen);
      expect(seen.changed).toBe(1);
    }
  });

  it('does not take the last cell of a row for a neighbour of the first of the next', () => {
    const { state, mask } = sceneOf(100);
    state.current[3] = state.current[4] = 150 * scale;
    const seen = measure();
    compareAndLearn(state, floor, mask, seen);
    expect(seen.changed).toBe(0);
  });

  it('does not look where the mask is 0', () => {
    const { state, mask } = sceneOf(100);
    state.current.fill(200 * scale);
    mask.fill(0);
    const seen = measure();
    compareAndLearn(state, floor, mask, seen);
    expect(seen).toEqual({ changed: 0, shift: 0, watched: 0 });
  });

  it('tells light that goes on or off by the mean shift, with its sign', () => {
    for (const light of [120, 80]) {
      const { state, mask } = sceneOf(100);
      state.current.fill(light * scale);
      const seen = measure();
      compareAndLearn(state, floor, mask, seen);
      expect(seen.shift).toBe((light - 100) * scale);
    }
  });

  it('lets what stays become background, from above and from below', () => {
    for (const value of [120, 80]) {
      const { state, mask } = sceneOf(100);
      state.current[5] = state.current[6] = value * scale;
      const seen = measure();
      let frames = 0;
      do compareAndLearn(state, floor, mask, seen);
      while (seen.changed > 0 && ++frames < 2000);
      // Not at once, or somebody who stands still is gone; and not never.
      expect(frames).toBeGreaterThan(30);
      expect(frames).toBeLessThan(300);
    }
  });

  it('learns the noise of a cell, and no longer takes it for motion', () => {
    const { state, mask } = sceneOf(100);
    const next = randomNumbers(3);
    const seen = measure();
    const noisy = () => {
      state.current[5] = (94 + (next() % 13)) * scale;
      state.current[6] = (94 + (next() % 13)) * scale;
      compareAndLearn(state, 2 * scale, mask, seen);
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
