import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { quantiseEmbedding } from '../../sdk/core/embedding.ts';

describe('quantiseEmbedding', () => {
  it('makes the largest magnitude 127, and keeps zero', () => {
    const { values, scale } = quantiseEmbedding(Float32Array.of(0, 1, -2.54, 0.5));
    expect([...values]).toEqual([0, 50, -127, 25]);
    expect(scale).toBeCloseTo(0.02, 6);
  });

  it('is off by half a step at most, whatever the numbers', () => {
    const numbers = fc.float32Array({ minLength: 1, maxLength: 50, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(numbers, (float) => {
        const { values, scale } = quantiseEmbedding(float);
        expect(scale).toBeGreaterThan(0);
        expect(Number.isFinite(scale)).toBe(true);
        for (const [i, value] of float.entries()) {
          expect(Math.abs(values[i]! * scale - value)).toBeLessThanOrEqual(scale * 0.5000001);
        }
      }),
    );
  });

  it('gives zeros for zeros', () => {
    expect(quantiseEmbedding(new Float32Array(3))).toEqual({ values: new Int8Array(3), scale: 1 });
  });

  it.each([Number.NaN, Infinity, -Infinity])('refuses %s', (value) => {
    expect(() => quantiseEmbedding(Float32Array.of(1, value))).toThrow(InputError);
    expect(() => quantiseEmbedding(Float32Array.of(1, value))).toThrow(`expected finite numbers, got ${value}`);
  });
});
