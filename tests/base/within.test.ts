import { afterEach, describe, expect, it, vi } from 'vitest';
import { within } from '../../sdk/base/within.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('within', () => {
  it('gives what the promise gives and leaves no timer', async () => {
    vi.useFakeTimers();
    expect(await within(1000, Promise.resolve(1), 2)).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives the fallback when it fails', async () => {
    expect(await within(1000, Promise.reject(new Error('no')), 2)).toBe(2);
  });

  it('gives the fallback when it takes too long, and a later failure harms nobody', async () => {
    vi.useFakeTimers();
    let fail = (_: Error) => {};
    const slow = within(1000, new Promise<number>((_, reject) => (fail = reject)), 2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await slow).toBe(2);
    fail(new Error('late'));
    await vi.advanceTimersByTimeAsync(1);
  });
});
