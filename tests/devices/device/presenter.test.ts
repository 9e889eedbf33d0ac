import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrameOutlet } from '../../../devices/device/outlet.ts';
import { type FrameTimes, Presenter } from '../../../devices/device/presenter.ts';
import { FramePool } from '../../../sdk/frame/pool.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'hrtime'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function show(speed: 'realtime' | 'max', periodMs: number, count: number) {
  const outlet = new FrameOutlet();
  const presenter = new Presenter(outlet, speed);
  const pool = new FramePool({ format: 'GRAY8', width: 2, height: 2 });
  const shown: (FrameTimes & { at: number })[] = [];
  const done = (async () => {
    for (let index = 0; index < count; index++) {
      const open = await presenter.present(index * periodMs * 1e6, (times) => {
        shown.push({ ...times, at: Date.now() });
        return pool.frame(pool.take()!, { sequence: index, ...times });
      });
      if (!open) return false;
    }
    return true;
  })();
  return { outlet, presenter, pool, shown, done };
}

describe('Presenter', () => {
  it('shows nothing before somebody reads, then each frame when it is due', async () => {
    const { presenter, shown, done, outlet, pool } = show('realtime', 100, 3);
    await vi.advanceTimersByTimeAsync(5000);
    expect(shown).toEqual([]);
    presenter.begin();
    await vi.advanceTimersByTimeAsync(150);
    expect(shown).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(150);
    expect(await done).toBe(true);
    expect(shown.map(({ at }) => at)).toEqual([1_005_000, 1_005_100, 1_005_200]);
    expect(shown.map(({ wallTimeMs }) => wallTimeMs)).toEqual([1_005_000, 1_005_100, 1_005_200]);
    expect(shown[2]!.captureTimeNs - shown[0]!.captureTimeNs).toBe(200e6);
    expect(outlet.dropped).toBe(2);
    outlet.close();
    expect(pool.inUse).toBe(0);
  });

  it('gives no frame a time before it was shown, however long a reading of the clocks takes', async () => {
    const { presenter, shown, done } = show('realtime', 100, 1);
    // Each reading of either clock takes 2 ms, as where another process has the processor.
    let ms = 5000;
    const mono = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => BigInt((ms += 2)) * 1_000_000n);
    const wall = vi.spyOn(Date, 'now').mockImplementation(() => 1_000_000 + (ms += 2));
    const before = Date.now();
    presenter.begin();
    await vi.advanceTimersByTimeAsync(10);
    expect(await done).toBe(true);
    mono.mockRestore();
    wall.mockRestore();
    expect(shown[0]!.wallTimeMs).toBeGreaterThanOrEqual(before);
  });

  it('puts off what is due when the process slept, rather than showing it all at once', async () => {
    const { presenter, shown } = show('realtime', 100, 100);
    presenter.begin();
    await vi.advanceTimersByTimeAsync(150);
    const now = process.hrtime.bigint;
    const sleeping = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => now() + 600_000_000_000n);
    const before = shown.length;
    await vi.advanceTimersByTimeAsync(1000);
    sleeping.mockRestore();
    expect(shown.length - before).toBeGreaterThan(8);
    expect(shown.length - before).toBeLessThan(13);
    expect(shown.at(-1)!.captureTimeNs - shown[0]!.captureTimeNs).toBeGreaterThan(600e9);
    presenter.close();
  });

  it.each([-5, 5])('tells the time that the clock shows when it is set (by %i hours)', async (hours) => {
    const { presenter, shown } = show('realtime', 100, 100);
    presenter.begin();
    await vi.advanceTimersByTimeAsync(950);
    vi.setSystemTime(Date.now() + hours * 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    const times = shown.map(({ wallTimeMs }) => wallTimeMs);
    expect(times.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => 1_000_000 + i * 100));
    expect(times.slice(10)).toEqual(Array.from({ length: 10 }, (_, i) => 1_001_000 + i * 100 + hours * 3_600_000));
    expect(shown.at(-1)!.captureTimeNs - shown[0]!.captureTimeNs).toBe(1900e6);
    presenter.close();
  });

  it('gives media times at speed max, as fast as they are taken', async () => {
    const { presenter, shown, outlet, done } = show('max', 40, 3);
    presenter.begin();
    const frames = outlet.frames();
    for (let index = 0; index < 3; index++) (await frames.next()).value.release();
    expect(await done).toBe(true);
    expect(shown.map(({ wallTimeMs, captureTimeNs }) => [wallTimeMs, captureTimeNs])).toEqual([
      [0, 0],
      [40, 40e6],
      [80, 80e6],
    ]);
  });

  it.each(['realtime', 'max'] as const)('stops waiting when it is closed (%s)', async (speed) => {
    const waiting = show(speed, 100, 3);
    waiting.presenter.close();
    expect(await waiting.done).toBe(false);

    const running = show(speed, 100, 3);
    running.presenter.begin();
    await vi.advanceTimersByTimeAsync(10);
    running.presenter.close();
    running.outlet.close();
    expect(await running.done).toBe(false);
    expect(running.pool.inUse).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
