import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CpuMeter, EnergyPerInference, MovingMean, RateMeter } from '../../sdk/pipeline/meter.ts';

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
  it('tells the percent of one core that the process had since the last question', () => {
    const clock = { ms: 0, user: 0, system: 0 };
    vi.spyOn(performance, 'now').mockImplementation(() => clock.ms);
    // Microseconds.
    vi.spyOn(process, 'cpuUsage').mockImplementation((before = { user: 0, system: 0 }) => ({
      user: clock.user - before.user,
      system: clock.system - before.system,
    }));
    onTestFinished(() => void vi.restoreAllMocks());
    const meter = new CpuMeter();
    Object.assign(clock, { ms: 200, user: 150_000, system: 50_000 });
    expect(meter.take()).toBe(100);
    Object.assign(clock, { ms: 500, user: 156_000 });
    expect(meter.take()).toBe(2);
    clock.ms = 1500;
    expect(meter.take()).toBe(0);
  });

  it('tells a busy process from one that does nothing', () => {
    const meter = new CpuMeter();
    const before = process.cpuUsage();
    const used = () => Object.values(process.cpuUsage(before)).reduce((sum, value) => sum + value);
    while (used() < 100_000);
    expect(meter.take()).toBeGreaterThan(0);
  });
});

describe('EnergyPerInference', () => {
  it('is the power times the time since the last question, by the frames since then', () => {
    const energy = new EnergyPerInference(100, 5000);
    expect(energy.take(4, 180, 15_000)).toBe(0.5);
    expect(energy.take(4, 181, 16_000)).toBe(4);
  });

  it('is null, not 0 or without end, where no frame was looked at or the power is not known', () => {
    const energy = new EnergyPerInference(0, 0);
    expect(energy.take(4, 0, 10_000)).toBeNull();
    expect(energy.take(undefined, 50, 20_000)).toBeNull();
    // What went by meanwhile is not counted for the next one.
    expect(energy.take(3, 60, 30_000)).toBe(3);
  });

  it('adds up, over all reports, to the energy that was used', () => {
    const reports = fc.array(
      fc.record({ watts: fc.double({ min: 0.1, max: 50, noNaN: true }), frames: fc.integer({ min: 1, max: 300 }) }),
    );
    fc.assert(
      fc.property(reports, (list) => {
        const energy = new EnergyPerInference(0, 0);
        let [inferred, used] = [0, 0];
        list.forEach(({ watts, frames }, i) => {
          inferred += frames;
          used += energy.take(watts, inferred, (i + 1) * 10_000)! * frames;
        });
        const joules = list.reduce((sum, { watts }) => sum + watts * 10, 0);
        expect(Math.abs(used - joules)).toBeLessThan(1e-6 * (1 + joules));
      }),
    );
  });
});
