import { describe, expect, it } from 'vitest';
import { random } from '../../../../sdk/base/random.ts';
import { helpDelayMs } from '../../../../sdk/hub/extensions/fleet/help-delay.ts';

const leastMs = 5000;
/** Until the others have heard, and merged it. */
const latencyMs = 350;

describe('helpDelayMs', () => {
  it('is between the least and twice that', () => {
    expect(helpDelayMs(leastMs, () => 0)).toBe(leastMs);
    expect(helpDelayMs(leastMs, () => 1)).toBeCloseTo(2 * leastMs);
  });

  it.each([1, 10, 100, 1000, 10_000])('of %i nodes lets few go before they have heard of the first', (nodes) => {
    const next = random(nodes);
    const rounds = 20;
    let went = 0;
    for (let round = 0; round < rounds; round++) {
      const delays = Array.from({ length: nodes }, () => helpDelayMs(leastMs, next));
      const first = Math.min(...delays);
      went += delays.filter((delay) => delay < first + latencyMs).length;
    }
    expect(went / rounds).toBeLessThan(5);
  });
});
