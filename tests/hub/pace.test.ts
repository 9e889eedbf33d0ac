import { afterEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../../sdk/hub/pace.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('Pace', () => {
  it('lets a burst through, then so many a second', () => {
    vi.useFakeTimers();
    const pace = new Pace(100, 10);
    let gone = 0;
    const go = () => {
      for (; pace.waitMs === 0; gone++) pace.take();
    };
    go();
    expect(gone).toBe(10);
    expect(pace.waitMs).toBe(10);
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
});
