import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backoff } from '../../sdk/base/backoff.ts';

it('doubles from half a second to half a minute', () => {
  const backoff = new Backoff(() => 1);
  expect(Array.from({ length: 9 }, () => backoff.next())).toEqual([
    500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000,
  ]);
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

it('waits between half the time and all of it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), (chance, failures) => {
      const backoff = new Backoff(() => chance);
      const longest = new Backoff(() => 1);
      for (let count = 0; count < failures; count++) {
        const wait = backoff.next();
        const most = longest.next();
        expect(wait).toBeGreaterThanOrEqual(most / 2);
        expect(wait).toBeLessThanOrEqual(most);
      }
    }),
  );
});
