import { afterEach, expect, it, vi } from 'vitest';
import { sourceDate } from '../../tools/pack/source-date.ts';

afterEach(() => vi.unstubAllEnvs());

it('the time of what is packed is the one that is asked for', () => {
  vi.stubEnv('SOURCE_DATE_EPOCH', '1700000000');
  expect(sourceDate()).toBe(1_700_000_000);
});

it('or that of the sources, which is the same with each call', () => {
  vi.stubEnv('SOURCE_DATE_EPOCH', '');
  expect(sourceDate()).toBeGreaterThan(1_600_000_000);
  expect(sourceDate()).toBe(sourceDate());
});

it.each(['yesterday', '-1', '1.5', '1e9'])('%s is refused', (text) => {
  vi.stubEnv('SOURCE_DATE_EPOCH', text);
  expect(() => sourceDate()).toThrow('SOURCE_DATE_EPOCH: expected seconds since 1970');
});
