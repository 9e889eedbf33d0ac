import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LastHour } from '../../devices/last-hour.ts';

const minuteMs = 60_000;

it('counts what came in the last sixty minutes, however it is spread and whenever it is asked', () => {
  const step = fc.record({ waitMs: fc.integer({ min: 0, max: 90 * minuteMs }), asks: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.array(step, { maxLength: 60 }), (begin, steps) => {
      let now = begin;
      const lastHour = new LastHour(() => now);
      const times: number[] = [];
      for (const { waitMs, asks } of steps) {
        now += waitMs;
        lastHour.add();
        times.push(now);
        if (!asks) continue;
        const minute = (time: number) => Math.floor(time / minuteMs);
        expect(lastHour.count).toBe(times.filter((time) => minute(time) > minute(now) - 60).length);
      }
    }),
  );
});

it('is empty again an hour later', () => {
  let now = 0;
  const lastHour = new LastHour(() => now);
  lastHour.add();
  lastHour.add();
  now = 59 * minuteMs;
  expect(lastHour.count).toBe(2);
  now = 60 * minuteMs;
  expect(lastHour.count).toBe(0);
});
