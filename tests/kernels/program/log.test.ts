import { describe, expect, it } from 'vitest';
import { logOf } from '../../../sdk/kernels/program/log.ts';

describe('logOf', () => {
  it('is off by at most 2e-7 of the value, or of 1 where that is less', () => {
    let worst = 0;
    for (let i = 0; i < 300_000; i++) {
      const x = Math.fround(Math.exp(-87 + (175 * i) / 300_000));
      worst = Math.max(worst, Math.abs(logOf(x) - Math.log(x)) / Math.max(1, Math.abs(Math.log(x))));
    }
    // Around 1, where it is 0: of its own value.
    for (let i = 1; i < 100_000; i++) {
      const x = Math.fround(1 + (i - 50_000) / 200_000);
      worst = Math.max(worst, Math.abs(logOf(x) - Math.log(x)) / Math.max(1e-30, Math.abs(Math.log(x))));
    }
    expect(worst).toBeLessThan(2e-7);
  });

  it('is 0 at 1, and a number where there is none', () => {
    expect(logOf(1)).toBe(0);
    expect(logOf(0)).toBeCloseTo(-87.3365, 3);
    expect([-1, -Infinity, Number.NaN, 1e-45].map(logOf)).toEqual(Array(4).fill(logOf(0)));
    expect(logOf(Infinity)).toBeGreaterThan(88);
  });
});
