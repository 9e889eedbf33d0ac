import { expect, it } from 'vitest';
import { Pace } from '../../sdk/base/pace.ts';

/** How many of these capture times, in ms, pass at 10 a second. */
const passed = (timesMs: readonly number[]) => {
  const pace = new Pace(10);
  return timesMs.filter((ms) => pace.takes(ms * 1e6));
};
const every = (stepMs: number, count: number) => Array.from({ length: count }, (_, i) => i * stepMs);

it.each([
  ['30 a second', 1000 / 30, 300, 100],
  ['12 a second', 1000 / 12, 120, 100],
  ['25 a second', 40, 250, 100],
  ['its own rate', 100, 100, 100],
  ['a slow camera', 200, 50, 50],
])('of %s ten pass', (_, stepMs, count, expected) => {
  const count_ = passed(every(stepMs, count)).length;
  expect(count_).toBeGreaterThanOrEqual(expected - 1);
  expect(count_).toBeLessThanOrEqual(expected + 1);
});

it('a camera that is not quite regular loses nothing', () => {
  const times = every(100, 100).map((ms, i) => ms + (i % 2 === 0 ? 8 : -8));
  expect(passed(times)).toHaveLength(100);
});

it('a burst after a pause is not taken to make up for it', () => {
  expect(passed([0, 100, 5000, 5010, 5020, 5030, 5100])).toEqual([0, 100, 5000, 5100]);
});

it('a clock that jumps back begins anew', () => {
  expect(passed([100_000, 100_100, 0, 10, 100])).toEqual([100_000, 100_100, 0, 100]);
});
