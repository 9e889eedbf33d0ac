import { expect, it } from 'vitest';
import { WrittenBytes } from '../sdk/written.ts';

const hourMs = 3_600_000;

it('counts bytes by who wrote them, in all and of the last day', () => {
  let now = 5 * hourMs;
  const written = new WrittenBytes(() => now);
  written.add('outbox', 1000);
  now += 20 * hourMs;
  written.add('outbox', 6e9);
  written.add('settings', 7);
  const none = { bytes: 0, lastDay: 0 };
  const settings = { bytes: 7, lastDay: 7 };
  expect(written.stats).toEqual({
    outbox: { bytes: 6e9 + 1000, lastDay: 6e9 + 1000 },
    learning: none,
    settings,
    recordings: none,
  });
  now += 5 * hourMs;
  expect(written.stats.outbox).toEqual({ bytes: 6e9 + 1000, lastDay: 6e9 });
  now += 365 * 24 * hourMs;
  expect(written.stats).toMatchObject({
    outbox: { bytes: 6e9 + 1000, lastDay: 0 },
    settings: { bytes: 7, lastDay: 0 },
  });
});
