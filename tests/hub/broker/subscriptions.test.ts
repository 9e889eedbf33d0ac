import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Subscription, Subscriptions } from '../../../sdk/hub/broker/subscriptions.ts';
import { isTopicFilter, isTopicName, matches } from '../../../sdk/hub/broker/topic-filter.ts';

const to = (filter: string): Subscription => ({ filter, qos: 1, noLocal: false, retainAsPublished: false });

describe('matches', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/', true],
    ['+', '/a', false],
    ['+/+', '/a', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['#', 'a/b', true],
    ['+/b/#', 'a/b', true],
  ])('%s and %s: %s', (filter, topic, expected) => {
    expect(matches(filter, topic)).toBe(expected);
  });
});

describe('what may be a filter or a topic', () => {
  it.each(['a', '/', '#', '+', 'a/#', '+/a/+', 'a//b', 'ä/ö', `${'a/'.repeat(99)}b`])('%s is a filter', (filter) => {
    expect(isTopicFilter(filter)).toBe(true);
  });

  it.each(['', 'a#', 'a/#/b', '##', '+a', 'a/b+', 'a\0', `${'a/'.repeat(100)}b`])('%j is none', (filter) => {
    expect(isTopicFilter(filter)).toBe(false);
  });

  it.each([
    ['a', true],
    ['/', true],
    ['', false],
    ['a/+', false],
    ['#', false],
    ['a\0b', false],
  ])('%j as a topic: %s', (topic, expected) => {
    expect(isTopicName(topic)).toBe(expected);
  });
});

describe('Subscriptions', () => {
  const level = fc.constantFrom('a', 'b', '', '+');
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'))
    .filter((text) => text !== '');
  const topic = fc.array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 5 }).map((it) => it.join('/'));
  const step = fc.record({ client: fc.constantFrom('x', 'y'), filter, add: fc.boolean() });

  it('finds what a look at each filter finds, however they came and went', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(topic, { minLength: 1, maxLength: 5 }),
        (steps, topics) => {
          const tree = new Subscriptions<string>();
          const all = new Map<string, [string, Subscription]>();
          for (const { client, filter, add } of steps) {
            const subscription = to(filter);
            if (add) {
              tree.add(client, subscription);
              all.set(`${client} ${filter}`, [client, subscription]);
            } else {
              tree.remove(client, filter);
              all.delete(`${client} ${filter}`);
            }
          }
          const keyOf = ([client, { filter }]: [string, Subscription]) => `${client} ${filter}`;
          for (const one of topics) {
            const expected = [...all.values()].filter(([, { filter }]) => matches(filter, one));
            expect(tree.of(one).map(keyOf).sort()).toEqual(expected.map(keyOf).sort());
          }
        },
      ),
    );
  });

  it('keeps nothing of what is gone', () => {
    const tree = new Subscriptions<string>();
    for (let i = 0; i < 1000; i++) tree.add('x', to(`a/${i}/b`));
    for (let i = 0; i < 1000; i++) tree.remove('x', `a/${i}/b`);
    expect(JSON.stringify(tree)).toBe(JSON.stringify(new Subscriptions<string>()));
    expect(tree.of('a/1/b')).toEqual([]);
  });
});
