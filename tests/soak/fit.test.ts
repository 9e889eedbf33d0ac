import { describe, expect, it } from 'vitest';
import { fitLine } from '../../tools/soak/fit.ts';

/** Repeatable noise, from -1 to 1. */
function noise(): () => number {
  let state = 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  };
}

describe('fitLine', () => {
  it('finds an exact line without error', () => {
    const { slope, error } = fitLine([0, 1, 2, 5].map((x) => [x, 3 * x + 1]));
    expect(slope).toBeCloseTo(3, 12);
    expect(error).toBeCloseTo(0, 6);
  });

  it('gives the textbook error of noise that is independent', () => {
    // Slope 0.6, residuals 0.4, -0.2, -0.8, 0.6 with a negative correlation, which does not count.
    const { slope, error } = fitLine([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 3],
    ]);
    expect(slope).toBeCloseTo(0.6, 12);
    expect(error).toBeCloseTo(Math.sqrt(1.2 / 2 / 5), 12);
  });

  it('holds the true slope within three errors, of independent noise and of steps', () => {
    const random = noise();
    for (const stay of [0, 0.9]) {
      let level = 0;
      const points = Array.from({ length: 400 }, (_, x): [number, number] => {
        level = stay * level + random();
        return [x, 0.05 * x + level];
      });
      const { slope, error } = fitLine(points);
      expect(Math.abs(slope - 0.05)).toBeLessThan(3 * error);
      expect(error).toBeLessThan(0.05);
    }
  });

  it('is less sure of steps than of noise of the same size', () => {
    const random = noise();
    const quiet = Array.from({ length: 200 }, (_, x): [number, number] => [x, random()]);
    const steps = Array.from({ length: 200 }, (_, x): [number, number] => [x, Math.sin(x / 20)]);
    expect(fitLine(steps).error).toBeGreaterThan(3 * fitLine(quiet).error);
  });

  it('wants at least three points at different x', () => {
    expect(() =>
      fitLine([
        [0, 0],
        [1, 1],
      ]),
    ).toThrow('expected at least 3 points, got 2');
    expect(() =>
      fitLine([
        [1, 0],
        [1, 1],
        [1, 2],
      ]),
    ).toThrow('expected points at different x');
  });
});
