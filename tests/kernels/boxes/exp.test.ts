import { describe, expect, it } from 'vitest';
import { expOf } from '../../../sdk/kernels/boxes/exp.ts';

describe('expOf', () => {
  it('is off by at most 1.2e-7 of the value', () => {
    let worst = 0;
    for (let i = 0; i < 300_000; i++) {
      const x = Math.fround(-86 * (i / 300_000) ** 2);
      worst = Math.max(worst, Math.abs(expOf(x) - Math.exp(x)) / Math.exp(x));
    }
    expect(worst).toBeLessThan(1.2e-7);
  });

  it('is 1 at 0, stays above 0, and gives no number for none', () => {
    expect(expOf(0)).toBe(1);
    expect(expOf(-1e30)).toBe(expOf(-86));
    expect(expOf(-Infinity)).toBeGreaterThan(0);
    expect(expOf(Number.NaN)).toBeNaN();
  });
});
