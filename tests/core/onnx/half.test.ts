import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../sdk/core/onnx/half.ts';

function halves(...numbers: number[]): number[] {
  const bits = new Uint16Array(numbers.length);
  toHalf(Float32Array.from(numbers), bits);
  return [...bits];
}

function floats(...bits: number[]): number[] {
  const numbers = new Float32Array(bits.length);
  fromHalf(Uint16Array.from(bits), numbers);
  return [...numbers];
}

describe('half floats', () => {
  it.each([
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x03ff, (1023 / 1024) * 2 ** -14],
    [0x0001, 2 ** -24],
    [0x8000, -0],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('%i are %d', (bits, number) => {
    expect(floats(bits)).toEqual([number]);
    expect(halves(number)).toEqual([bits]);
  });

  it('come back as they were, all of them', () => {
    const all = Array.from({ length: 0x10000 }, (_, bits) => bits);
    const numbers = floats(...all);
    const changed = halves(...numbers).filter((bits, i) => bits !== i && !Number.isNaN(numbers[i]!));
    expect(changed).toEqual([]);
  });

  it('are the nearest, and of two as near the even one', () => {
    expect(halves(1 + 1 / 2048, 1 + 3 / 2048, 1 + 1.01 / 2048)).toEqual([0x3c00, 0x3c02, 0x3c01]);
    expect(halves(2 ** -25, 1.5 * 2 ** -24, 2 ** -26, 65519.9, 65520)).toEqual([0, 2, 0, 0x7bff, 0x7c00]);
  });
});
