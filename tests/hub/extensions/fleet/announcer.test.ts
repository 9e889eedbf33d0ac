import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silent } from '../../../../sdk/base/log.ts';
import type { Link } from '../../../../sdk/hub/connection/link.ts';
import type { HubContext } from '../../../../sdk/hub/extensions/extension.ts';
import { Announcer } from '../../../../sdk/hub/extensions/fleet/announcer.ts';
import { LearnTopics } from '../../../../sdk/hub/extensions/fleet/learn-topics.ts';
import { Ledger } from '../../../../sdk/learn/ledger/ledger.ts';
import { draft } from '../../../learn/fakes.ts';
import { dimension, sample, space } from './board.ts';

const own = { node: 'porch', head: 'object', label: 'cat' };

const others = ['cat', 'dog', 'parcel'].map((label) => ({ node: 'shed', head: 'object', label }));

/** Before a ledger with one label of its own, and what it tells. */
function announcer() {
  const ledger = new Ledger({ space, dimension, node: 'porch' });
  const topics = new LearnTopics('ocellus', space);
  const link = { maximumPacketSize: Number.POSITIVE_INFINITY } as Link;
  const told: string[] = [];
  const context = {
    ...{ link, logger: silent, waiting: () => 0 },
    put: ({ topic }: { topic: string }) => void told.push(topic),
  } as unknown as HubContext;
  const times = { gatherMs: 250, longestMs: 5000, helpMs: 5000, mendMs: 60_000 };
  const learner = { ledger, read: async <T>(read: (of: Ledger) => T) => read(ledger) };
  const made = new Announcer({ context, topics, learner, identity: undefined, times });
  const teach = () => {
    ledger.teach(draft('cat', sample(0)));
    made.changed(own);
  };
  /** What another node taught, and the broker lost. */
  const merge = () => {
    const shed = new Ledger({ space, dimension, node: 'shed' });
    for (const { label } of others) shed.teach(draft(label, sample(0)));
    ledger.merge(shed.parts());
  };
  return { made, link, told, teach, merge, topics, topic: topics.of(own) };
}

describe('Announcer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells nothing before it was looked at what the broker has, nor after that is forgotten', async () => {
    const { made, link, told, teach, topic } = announcer();
    teach();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
    made.scanned(link);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([topic]);
    made.forget();
    teach();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([topic]);
  });

  it('tells changes that come without a pause after five seconds at the latest', async () => {
    const { made, link, told, teach, topic } = announcer();
    made.scanned(link);
    for (let i = 0; i < 24; i++) {
      teach();
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(told).toEqual([]);
    teach();
    await vi.advanceTimersByTimeAsync(249);
    expect(told).toEqual([topic]);
    made.forget();
  });

  it('tells all that another node does not, each once and none before five seconds, and its own meanwhile', async () => {
    const { made, link, told, teach, merge, topics, topic } = announcer();
    merge();
    made.scanned(link);
    await vi.advanceTimersByTimeAsync(4000);
    expect(told).toEqual([]);
    // An earlier time than those that are waited for.
    teach();
    await vi.advanceTimersByTimeAsync(500);
    expect(told).toEqual([topic]);
    await vi.advanceTimersByTimeAsync(6000);
    expect(told.slice(1).sort()).toEqual(others.map((one) => topics.of(one)).sort());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(4);
  });

  it('does not tell what somebody has told meanwhile, and what waited before a connection after it', async () => {
    const { made, link, told, merge, topics } = announcer();
    merge();
    const [first, ...more] = others;
    made.changed(first!);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told).toEqual([]);
    made.scanned(link);
    for (const one of more) made.emptied(topics.of(one), one);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([topics.of(first!)]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toHaveLength(3);
  });
});
