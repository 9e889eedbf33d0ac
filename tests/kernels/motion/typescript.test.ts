import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cellSize,
  type MotionRule,
  motionState,
  noiseScale,
  scale,
  whole,
} from '../../../sdk/kernels/motion/motion.ts';
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
  const rule: MotionRule = {
    floor: 8 * scale,
    // The newest frame alone.
    smooth: whole,
    follow: Math.floor(whole / 64),
    learn: Math.floor(whole / 16),
    learnChanged: Math.floor(whole / 256),
    passed: 100,
    settle: 1500,
  };

  function sceneOf(value: number) {
    const state = motionState(32, 32);
    for (const memory of [state.current, state.level, state.background, state.anchor]) memory.fill(value * scale);
    return state;
  }

  it('sees nothing in a still scene', () => {
    const state = sceneOf(100);
    expect(compareAndLearn(state, rule)).toBe(0);
    expect(new Set(state.changed)).toEqual(new Set([0]));
    expect(new Set(state.background)).toEqual(new Set([100 * scale]));
  });

  it('counts the cells that differ by more than the floor', () => {
    const state = sceneOf(100);
    state.current[5] = 150 * scale;
    state.current[9] = 90 * scale;
    state.current[10] = 108 * scale;
    expect(compareAndLearn(state, rule)).toBe(2);
    expect([...state.changed.keys()].filter((i) => state.changed[i] === 1)).toEqual([5, 9]);
  });

  it('neither looks nor learns where the mask is 0', () => {
    const state = sceneOf(100);
    state.current.fill(200 * scale);
    state.changed.fill(1);
    state.mask.fill(0);
    expect(compareAndLearn(state, rule)).toBe(0);
    expect(new Set(state.changed)).toEqual(new Set([0]));
    for (const memory of [state.level, state.background, state.anchor]) {
      expect(new Set(memory)).toEqual(new Set([100 * scale]));
    }
  });

  it('sees one drop in no frame but its own, however large the mean of the last moments still is', () => {
    const state = sceneOf(100);
    const smoothed = { ...rule, smooth: Math.floor(whole / 4) };
    state.current[5] = 200 * scale;
    expect(compareAndLearn(state, smoothed)).toBe(1);
    state.current[5] = 100 * scale;
    expect(compareAndLearn(state, smoothed)).toBe(0);
    expect(state.level[5]).toBeGreaterThan(115 * scale);
  });

  it('lets what rests become background at once, when it rested for long enough', () => {
    for (const value of [140, 60]) {
      const state = sceneOf(100);
      state.current[5] = value * scale;
      const seen: number[] = [];
      const backgrounds: number[] = [];
      for (let i = 0; i < 20; i++) {
        seen.push(compareAndLearn(state, rule));
        backgrounds.push(state.background[5]!);
      }
      // The first frame begins the rest, seven more of 100 ms are within half of 1500 ms; after fifteen it is background.
      expect(seen.indexOf(0)).toBe(8);
      expect(backgrounds.findIndex((level) => level !== 100 * scale)).toBe(15);
      expect(Math.abs(backgrounds[15]! - value * scale)).toBeLessThanOrEqual(1);
    }
  });

  it('lets what creeps stand out as long as it creeps', () => {
    const state = sceneOf(100);
    let changed = 0;
    // A grey level a frame: 10 levels a second.
    for (let i = 1; i <= 60; i++) {
      state.current[5] = (100 + i) * scale;
      changed += compareAndLearn(state, { ...rule, follow: Math.floor(whole / 50), learn: Math.floor(whole / 100) });
    }
    expect(changed).toBeGreaterThan(45);
  });

  it('reaches the background in the end, however small the difference and however slowly it follows', () => {
    const state = sceneOf(100);
    state.current.fill(100 * scale + 5);
    state.current[3] = 100 * scale - 5;
    for (let i = 0; i < 10; i++) compareAndLearn(state, { ...rule, smooth: 1, follow: 1 });
    expect(state.background).toEqual(state.current);
  });

  it('learns the noise of a cell, and no longer takes it for motion', () => {
    const state = sceneOf(100);
    const next = randomNumbers(3);
    const noisy = () => {
      state.current[5] = (94 + (next() % 13)) * scale;
      state.current[6] = (94 + (next() % 13)) * scale;
      return compareAndLearn(state, { ...rule, floor: 2 * scale });
    };
    for (let i = 0; i < 400; i++) noisy();
    let moved = 0;
    for (let i = 0; i < 400; i++) moved += noisy();
    expect(moved).toBe(0);
    expect(state.noise[0]).toBe(0);
    expect(state.noise[5]).toBeGreaterThan(noiseScale);
  });

  it('does not take one object for noise', () => {
    const state = sceneOf(100);
    for (let i = 0; i < 10; i++) {
      state.current[5] = (i % 2 === 0 ? 200 : 20) * scale;
      compareAndLearn(state, rule);
    }
    expect(state.noise[5]! / noiseScale).toBeLessThan(0.5);
  });
});

describe('motion', () => {
  it('takes the means and compares them, in one call', () => {
    const state = motionState(16, 8);
    const data = new Uint8Array(128).fill(100);
    const luma = { data, width: 16, height: 8, stride: 16, step: 1 };
    const rule = { floor: 8 * scale, smooth: whole, follow: 0, learn: 0, learnChanged: 0, passed: 0, settle: 0 };
    expect(motion(luma, state, rule)).toBe(2);
    expect(motion(luma, state, rule)).toBe(0);
    expect([...state.current]).toEqual([100 * scale, 100 * scale]);
  });
});
