import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecentSum } from '../../sdk/base/recent-sum.ts';

const stepMs = 60_000;
const steps = 60;

it('adds up what came in the last steps, however it is spread and whenever it is asked', () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 90 * stepMs }),
    amount: fc.integer({ min: 0, max: 2 ** 40 }),
    asks: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.array(step, { maxLength: 60 }), (begin, all) => {
      let now = begin;
      const recent = new RecentSum({ steps, stepMs, now: () => now });
      const added: { time: number; amount: number }[] = [];
      for (const { waitMs, amount, asks } of all) {
        now += waitMs;
        recent.add(amount);
        added.push({ time: now, amount });
        if (!asks) continue;
        const stepOf = (time: number) => Math.floor(time / stepMs);
        const young = added.filter(({ time }) => stepOf(time) > stepOf(now) - steps);
        expect(recent.sum).toBe(young.reduce((sum, one) => sum + one.amount, 0));
      }
    }),
  );
});

it('is empty again when all its steps are over', () => {
  let now = 0;
  const recent = new RecentSum({ steps, stepMs, now: () => now });
  recent.add();
  recent.add();
  now = 59 * stepMs;
  expect(recent.sum).toBe(2);
  now = 60 * stepMs;
  expect(recent.sum).toBe(0);
});
