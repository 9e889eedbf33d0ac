import { describe, expect, it } from 'vitest';
import { type Link, RefusedError } from '../../../sdk/hub/connection/link.ts';
import { NodeTopics } from '../../../sdk/hub/contract/topics.ts';
import { RetainedScan } from '../../../sdk/hub/retained/retained-scan.ts';

const topics = new NodeTopics('ocellus', 'porch');

/** A link that notes what is asked of it. */
function fakeLink(subscribe: () => Promise<void> = async () => {}) {
  const asked: string[] = [];
  const link = {
    subscribe: (filters: string[]) => {
      asked.push(`subscribe ${filters.length}`);
      return subscribe();
    },
    unsubscribe: (filters: string[]) => {
      asked.push(`unsubscribe ${filters.length}`);
      return Promise.reject(new Error('gone'));
    },
  };
  return { link: link as unknown as Link, asked };
}

const message = (topic: string, text = '1', retained = true) => ({ topic, payload: Buffer.from(text), retained });

describe('RetainedScan', () => {
  it('collects what was retained, and nothing else, until it is quiet', async () => {
    const scan = new RetainedScan(topics.retained);
    const { link, asked } = fakeLink();
    expect(scan.take(message('ocellus/porch/door/person/count')), 'before it runs').toBe(false);
    const run = scan.run(link);
    expect(scan.take(message('ocellus/porch/door/person/count'))).toBe(true);
    expect(scan.take(message('ocellus/porch/door/person/count', '1', false)), 'not retained').toBe(false);
    expect(scan.take(message('ocellus/porch/door/detect/set')), 'a command').toBe(false);
    expect(scan.take(message('ocellus/porch/door/motion', '')), 'empty').toBe(true);
    // Something comes all the time: it goes on.
    const ticks = setInterval(() => scan.take(message('ocellus/porch/door/late/count')), 50);
    const early = await Promise.race([run, new Promise((resolve) => setTimeout(() => resolve('runs'), 1300))]);
    expect(early).toBe('runs');
    clearInterval(ticks);
    expect([...(await run).keys()]).toEqual(['ocellus/porch/door/person/count', 'ocellus/porch/door/late/count']);
    expect(asked).toEqual([`subscribe ${topics.retained.length}`, `unsubscribe ${topics.retained.length}`]);
    expect(scan.take(message('ocellus/porch/door/person/count')), 'after it ran').toBe(false);
    expect(scan.isComplete).toBe(true);
  });

  it('keeps no more than has room, topics too', async () => {
    const scan = new RetainedScan(topics.retained);
    const run = scan.run(fakeLink().link);
    const long = 'x'.repeat(60_000);
    for (let i = 0; i < 1000; i++) scan.take(message(`ocellus/porch/door/${long}${i}/count`));
    scan.stop();
    const found = await run;
    expect(found.size).toBeGreaterThan(100);
    expect(2 * 60_000 * found.size).toBeLessThan(17 << 20);
    expect(scan.isComplete).toBe(false);
  });

  it('ends when it is stopped, and when the broker refuses', async () => {
    const scan = new RetainedScan(topics.retained);
    const { link, asked } = fakeLink();
    const run = scan.run(link);
    scan.take(message('ocellus/porch/door/motion'));
    scan.stop();
    expect([...(await run).keys()]).toEqual(['ocellus/porch/door/motion']);
    expect(scan.isComplete).toBe(false);
    const refused = fakeLink(() => Promise.reject(new Error('no')));
    expect((await new RetainedScan(topics.retained).run(refused.link)).size).toBe(0);
    // Those filters that were not refused are given back.
    expect(refused.asked).toHaveLength(2);
    expect(asked).toHaveLength(2);
  });

  it('looks at the others where the broker refuses one', async () => {
    const scan = new RetainedScan(topics.retained);
    const run = scan.run(fakeLink(() => Promise.reject(new RefusedError('not authorized'))).link);
    await new Promise(setImmediate);
    expect(scan.take(message('ocellus/porch/door/motion'))).toBe(true);
    expect([...(await run).keys()]).toEqual(['ocellus/porch/door/motion']);
    expect(scan.isComplete).toBe(false);
  });
});
