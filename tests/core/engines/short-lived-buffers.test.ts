import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { ShortLivedBuffers } from '../../../sdk/core/engines/short-lived-buffers.ts';

/** How often the young generation was collected meanwhile. */
async function collections(work: () => void): Promise<number> {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { detail: { kind: number } })[]) {
      if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) count++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  work();
  // Entries are handed over a turn later, by another turn's callback.
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  observer.disconnect();
  return count;
}

it('ShortLivedBuffers collects once for each 4 MB, and not before', async () => {
  const buffers = new ShortLivedBuffers();
  const half = 2 * 2 ** 20;
  // Other work of this process may cause one more.
  expect(await collections(() => buffers.add(half))).toBeLessThanOrEqual(1);
  const many = await collections(() => {
    for (let i = 0; i < 40; i++) buffers.add(half);
  });
  expect(many).toBeGreaterThanOrEqual(20);
  expect(many).toBeLessThanOrEqual(22);
});
