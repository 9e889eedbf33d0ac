import { afterEach, describe, expect, it, vi } from 'vitest';
import { TokenBucket } from '../../sdk/base/token-bucket.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('TokenBucket', () => {
  it('lets a burst through, then so many a second', () => {
    vi.useFakeTimers();
    const bucket = new TokenBucket({ burst: 10, eachMs: 10 });
    let gone = 0;
    const go = () => {
      for (; bucket.waitMs === 0; gone++) expect(bucket.take()).toBe(true);
    };
    go();
    expect(gone).toBe(10);
    expect(bucket.waitMs).toBe(10);
    expect(bucket.take()).toBe(false);
    for (let second = 1; second <= 3; second++) {
      for (let i = 0; i < 100; i++) {
        vi.advanceTimersByTime(10);
        go();
      }
      expect(gone).toBe(10 + second * 100);
    }
    // Quiet saves up for a burst, not for more.
    vi.advanceTimersByTime(60_000);
    go();
    expect(gone).toBe(320);
  });

  it('does not count what was given back, and holds no more than a burst', () => {
    let ms = 0;
    const bucket = new TokenBucket({ burst: 2, eachMs: 1000, now: () => ms });
    for (let i = 0; i < 10; i++) {
      expect(bucket.take()).toBe(true);
      bucket.giveBack();
    }
    bucket.giveBack();
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
    ms = 400;
    expect(bucket.waitMs).toBeCloseTo(600);
  });

  it.each([1, Number.POSITIVE_INFINITY])('has no bound where none is asked for, with a burst of %d', (burst) => {
    const bucket = new TokenBucket({ burst, eachMs: 0, now: () => 5 });
    for (let i = 0; i < 1000; i++) expect([bucket.waitMs, bucket.take()]).toEqual([0, true]);
  });
});
