import { describe, expect, it } from 'vitest';
import { type Cause, given } from '../../../sdk/hub/connection/causes.ts';
import { goodConnectionMs, Retries } from '../../../sdk/hub/connection/retries.ts';

const gone: Cause = { kind: 'other', text: 'nothing listens there' };

/** How long it waits after each of these connections. @param livedMs Undefined: there was none. */
function waits(cause: Cause, livedMs: number | undefined, count = 8): number[] {
  const retries = new Retries();
  return Array.from({ length: count }, () => {
    retries.ended(cause, { livedMs, wasUsed: livedMs !== undefined, hasLearned: false });
    return retries.waitMs(cause);
  });
}

describe('Retries', () => {
  it('waits longer and longer while there is no connection, up to half a minute', () => {
    const times = waits(gone, undefined);
    for (const [i, time] of times.entries()) {
      const ceiling = Math.min(500 * 2 ** i, 30_000);
      expect(time).toBeGreaterThanOrEqual(ceiling / 2);
      expect(time).toBeLessThanOrEqual(ceiling);
    }
  });

  it('begins anew after a connection that was good', () => {
    for (const time of waits(gone, goodConnectionMs + 1)) expect(time).toBeLessThanOrEqual(500);
  });

  it('does not take a connection for good that it gave up, however long it waited for an answer', () => {
    const late = waits(given('it did not answer in time'), goodConnectionMs + 1).at(-1)!;
    expect(late).toBeGreaterThanOrEqual(15_000);
  });

  it('spreads those who lose one broker at one moment', () => {
    const firsts = Array.from({ length: 1000 }, () => waits(gone, goodConnectionMs + 1, 1)[0]!);
    const most = Math.max(...firsts.map((time) => firsts.filter((one) => one >= time && one < time + 50).length));
    // Of 250 ms; all alike would be 200.
    expect(most).toBeLessThan(300);
  });
});
