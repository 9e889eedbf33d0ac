import { describe, expect, it, vi } from 'vitest';
import { type RetainedSource, RetainedTopics } from '../../../sdk/hub/retained/retained-topics.ts';

function make() {
  const values = new Map<string, string | undefined>();
  const found: string[] = [];
  const source: RetainedSource = {
    filters: ['porch/+'],
    wanted: () => values,
    isStale: (topic) => topic.startsWith('porch/'),
    found: (topic, payload) => found.push(`${topic}=${payload}`),
  };
  const told: string[] = [];
  let connected = true;
  const retained = new RetainedTopics({
    sources: [source],
    publish: (topic, value) => told.push(`${topic}=${value}`),
    isConnected: () => connected,
  });
  return { values, found, told, retained, connect: (now: boolean) => (connected = now) };
}

describe('RetainedTopics', () => {
  it('says what differs, once', () => {
    const { values, told, retained } = make();
    values.set('porch/a', '1').set('porch/picture', undefined);
    retained.update();
    retained.update();
    values.set('porch/a', '2');
    retained.update();
    expect(told).toEqual(['porch/a=1', 'porch/a=2']);
  });

  it('says what changes several times in a row once, in a second or when somebody has to know', () => {
    vi.useFakeTimers();
    try {
      const { values, told, retained } = make();
      for (const value of ['1', '2']) {
        values.set('porch/a', value);
        retained.updateSoon();
        vi.advanceTimersByTime(400);
      }
      expect(told).toEqual([]);
      vi.advanceTimersByTime(600);
      expect(told).toEqual(['porch/a=2']);
      values.set('porch/a', '3');
      retained.settle();
      expect(told, 'nobody has said that it changed').toHaveLength(1);
      retained.updateSoon();
      retained.settle();
      expect(told).toEqual(['porch/a=2', 'porch/a=3']);
      values.set('porch/a', '4');
      vi.advanceTimersByTime(5000);
      expect(told, 'it is done').toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says all again when the broker is in doubt', () => {
    const { values, told, retained } = make();
    values.set('porch/a', '1');
    retained.update();
    retained.doubt();
    retained.update();
    expect(told).toEqual(['porch/a=1', 'porch/a=1']);
  });

  it('empties what is gone, its own only', () => {
    const { values, told, found, retained } = make();
    values.set('porch/a', '1').set('porch/picture', undefined);
    retained.update();
    retained.note('porch/picture');
    retained.found(
      new Map([
        ['porch/old', Buffer.from('x')],
        ['shed/b', Buffer.from('y')],
      ]),
    );
    expect(found).toEqual(['porch/old=x', 'shed/b=y']);
    values.delete('porch/a');
    told.length = 0;
    retained.update();
    expect(told).toEqual(['porch/a=', 'porch/old=']);
    values.delete('porch/picture');
    retained.update();
    retained.update();
    expect(told.slice(2)).toEqual(['porch/picture=']);
  });

  it.each(['update', 'leave'] as const)('empties what announces others before these: %s', (verb) => {
    const of = (root: string): RetainedSource => ({
      filters: [`${root}/+`],
      wanted: () => new Map(),
      isStale: (topic) => topic.startsWith(`${root}/`),
    });
    const told: string[] = [];
    const retained = new RetainedTopics({
      sources: [of('announced'), of('states')],
      publish: (topic, value) => told.push(`${topic}=${value}`),
      isConnected: () => true,
    });
    const order = ['states/b', 'announced/shed', 'states/a', 'announced/door'];
    retained.found(new Map(order.map((topic) => [topic, Buffer.from('x')])));
    retained[verb]();
    expect(told).toEqual(['announced/shed=', 'announced/door=', 'states/b=', 'states/a=']);
  });

  it('says nothing without a connection', () => {
    const { values, told, retained, connect } = make();
    values.set('porch/a', '1');
    connect(false);
    retained.update();
    expect(told).toEqual([]);
    connect(true);
    retained.update();
    expect(told).toEqual(['porch/a=1']);
  });
});
