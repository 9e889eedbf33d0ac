import { describe, expect, it } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import { type Moments, MomentsSum } from '../../../sdk/core/compiler/moments.ts';
import type { ConvLayer, Measured } from '../../../sdk/core/compiler/network/network.ts';

const side = 8;
const pixels = side * side;

/** Of a 1x1 convolution. @param numberOf Of a channel at a pixel, given a random one. */
function momentsOf(channels: number, pictures: number, numberOf: (channel: number, random: number) => number): Moments {
  const axis = (size: number) => ({ from: 0, size, step: 1 });
  const layer = {
    ...{ kernel: [1, 1], stride: [1, 1], pad: [0, 0], dilation: [1, 1], isDepthwise: false, h: side, w: side },
    input: { h: axis(side), w: axis(side), c: axis(channels) },
  } as unknown as ConvLayer;
  const dims = (['c', 'h', 'w'] as const).map((axis) => [{ axis, size: axis === 'c' ? channels : side, step: 1 }]);
  const sum = new MomentsSum(layer, { tensor: 'x', from: 0, dims } as unknown as Measured);
  const next = random(3);
  for (let picture = 0; picture < pictures; picture++) {
    const shared = Float64Array.from({ length: pixels }, next);
    const numbers = Float64Array.from({ length: channels * pixels }, (_, i) =>
      numberOf(Math.floor(i / pixels), shared[i % pixels]!),
    );
    sum.add(numbers, next);
  }
  return sum.finish();
}

describe('moments of a convolution’s inputs', () => {
  it('are what varies together, where enough was seen', () => {
    const { size, mean, covariance } = momentsOf(2, 20, (channel, value) => (channel + 1) * value);
    expect(size).toBe(2);
    expect(mean[1]).toBeCloseTo(2 * mean[0]!, 6);
    // Of uniform numbers from 0 to 1: 1/12.
    expect(covariance[0]).toBeCloseTo(1 / 12, 2);
    expect(covariance[1]).toBeCloseTo(2 * covariance[0]!, 6);
    expect(covariance[2]).toBe(covariance[1]);
    expect(covariance[3]).toBeCloseTo(4 * covariance[0]!, 6);
  });

  it('count covariances in proportion where less was seen, and variances whole', () => {
    // 64 pixels, where 16 inputs want 128.
    const { size, covariance } = momentsOf(16, 1, (_, value) => value);
    expect(covariance[1]! / covariance[0]!).toBeCloseTo(0.5, 6);
    expect(covariance[size + 1]! / covariance[0]!).toBeCloseTo(1, 6);
  });
});
