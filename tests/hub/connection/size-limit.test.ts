import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SizeLimit } from '../../../sdk/hub/connection/size-limit.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('SizeLimit', () => {
  it('knows what it was given, and nothing else at first', () => {
    expect(new SizeLimit().bytes).toBe(Number.POSITIVE_INFINITY);
    const limit = new SizeLimit(4096);
    expect([limit.bytes, limit.refused]).toEqual([4096, 4097]);
    limit.accept(1000);
    expect(limit.bytes).toBe(4096);
  });

  it('comes near any limit within a few refusals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2000, max: 64 << 20 }), (most) => {
        const limit = new SizeLimit();
        limit.accept(1000);
        let refusals = 0;
        for (let i = 0; i < 100; i++) {
          const bytes = Math.min(128 << 20, limit.bytes);
          if (bytes <= most) limit.accept(bytes);
          else {
            limit.refuse(bytes);
            refusals++;
          }
        }
        expect(refusals).toBeLessThanOrEqual(7);
        expect(limit.bytes).toBeLessThanOrEqual(most);
        expect(limit.bytes).toBeGreaterThan(most / 1.5);
        expect(limit.refused).toBeGreaterThan(most);
      }),
    );
  });

  it('follows a broker that was given another limit', () => {
    const limit = new SizeLimit();
    limit.accept(100_000);
    limit.refuse(50_000);
    expect(limit.bytes).toBeLessThan(50_000);
    limit.accept(60_000);
    expect(limit.bytes).toBe(Number.POSITIVE_INFINITY);
  });

  it('forgets after a day', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const limit = new SizeLimit();
    limit.refuse(50_000);
    vi.advanceTimersByTime(23 * 3_600_000);
    expect(limit.bytes).toBeLessThan(50_000);
    vi.advanceTimersByTime(2 * 3_600_000);
    expect([limit.bytes, limit.refused]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('does not guess where the broker did not say that it was the size', () => {
    const limit = new SizeLimit();
    expect(limit.suspect(4096)).toBe(false);
    limit.accept(200_000);
    expect(limit.suspect(150_000)).toBe(false);
    expect(limit.suspect(280_000)).toBe(true);
    expect(limit.bytes).toBe(200_000);
    limit.doubt();
    expect(limit.bytes).toBe(Number.POSITIVE_INFINITY);
    limit.refuse(300_000);
    limit.doubt();
    expect(limit.refused).toBe(300_000);
  });
});
