import { describe, expect, it } from 'vitest';
import { CpuMeter, MovingMean, RateMeter } from '../../sdk/pipeline/meter.ts';

describe('MovingMean', () => {
  it('is 0 before the first value, then that value, then follows', () => {
    const mean = new MovingMean();
    expect(mean.value).toBe(0);
    mean.add(10);
    expect(mean.value).toBe(10);
    mean.add(20);
    expect(mean.value).toBe(11);
    expect(mean.total).toBe(30);
    for (let i = 0; i < 100; i++) mean.add(5);
    expect(mean.value).toBeCloseTo(5, 2);
    expect(mean.total).toBe(530);
  });
});

describe('RateMeter', () => {
  it.each([1, 10, 30])('tells %i a second', (fps) => {
    const meter = new RateMeter();
    for (let i = 0; i <= fps * 10; i++) meter.add((i * 1000) / fps);
    expect(meter.rate(10_000)).toBeCloseTo(fps, 0);
  });

  it('is 0 before two, and falls to 0 when nothing comes any more', () => {
    const meter = new RateMeter();
    expect(meter.rate(0)).toBe(0);
    meter.add(0);
    expect(meter.rate(0)).toBe(0);
    for (let ms = 100; ms <= 2000; ms += 100) meter.add(ms);
    expect(meter.rate(2000)).toBe(10);
    expect(meter.rate(4000)).toBe(5);
    expect(meter.rate(8000)).toBe(0);
  });

  it('holds what it can of a rate beyond what it can hold', () => {
    const meter = new RateMeter();
    for (let i = 0; i < 3000; i++) meter.add(i * 2);
    expect(meter.rate(5998)).toBeCloseTo(500, -1);
  });
});

describe('CpuMeter', () => {
  it('tells a busy process from an idle one', async () => {
    const meter = new CpuMeter();
    for (const until = performance.now() + 200; performance.now() < until; );
    const busy = meter.take();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(busy).toBeGreaterThan(meter.take());
  });
});
