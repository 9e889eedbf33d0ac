import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Nap } from '../../sdk/base/nap.ts';
import { after, longestTimerMs } from '../../sdk/base/timers.ts';
import { within } from '../../sdk/base/within.ts';

const day = 24 * 60 * 60 * 1000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

it.each([0, 1, 1000, longestTimerMs, longestTimerMs + 1, 60 * day, 400 * day])('waits %i ms, and no less', (ms) => {
  const work = vi.fn();
  after(ms, work);
  if (ms > 0) {
    vi.advanceTimersByTime(ms - 1);
    expect(work).not.toHaveBeenCalled();
  }
  vi.advanceTimersByTime(1);
  expect(work).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

it('gives Node no wait that it does not know, not even one that is infinite', () => {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  after(60 * day, () => {});
  after(Number.POSITIVE_INFINITY, () => {});
  vi.advanceTimersByTime(30 * day);
  expect(Math.max(...spy.mock.calls.map(([, ms]) => ms!))).toBe(longestTimerMs);
  spy.mockRestore();
});

it('can be called off in its second part', () => {
  const work = vi.fn();
  const callOff = after(60 * day, work);
  vi.advanceTimersByTime(30 * day);
  callOff();
  vi.advanceTimersByTime(60 * day);
  expect(work).not.toHaveBeenCalled();
});

it('lets a nap of 60 days last 60 days, unless it is woken', async () => {
  const nap = new Nap();
  const woke = vi.fn();
  void nap.sleep(60 * day).then(woke);
  await vi.advanceTimersByTimeAsync(59 * day);
  expect(woke).not.toHaveBeenCalled();
  nap.wake();
  await vi.advanceTimersByTimeAsync(0);
  expect(woke).toHaveBeenCalledOnce();
});

it('waits for a promise as long as it is told', async () => {
  const answer = within(60 * day, new Promise<string>((resolve) => setTimeout(resolve, longestTimerMs, 'it')), 'late');
  await vi.advanceTimersByTimeAsync(longestTimerMs);
  expect(await answer).toBe('it');
});
