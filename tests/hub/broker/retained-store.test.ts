import { describe, expect, it } from 'vitest';
import type { Message, MessageProperties } from '../../../sdk/hub/broker/message.ts';
import { RetainedBudget } from '../../../sdk/hub/broker/retained-budget.ts';
import { RetainedStore } from '../../../sdk/hub/broker/retained-store.ts';

function message(topic: string, text = 'x', properties?: MessageProperties): Message {
  return { topic, payload: Buffer.from(text), qos: 1, retain: true, properties };
}

const expiring = (topic: string, messageExpiryInterval: number) => message(topic, 'x', { messageExpiryInterval });

describe('RetainedStore', () => {
  it('keeps the newest of each topic, and nothing where that is empty', () => {
    const store = new RetainedStore();
    for (const one of [message('a/b', '1'), message('a/b', '2'), message('a/c'), message('b'), message('b', '')]) {
      expect(store.set(one)).toBe(true);
    }
    expect(store.topics()).toEqual(['a/b', 'a/c']);
    expect(store.get('a/b')!.payload.toString()).toBe('2');
    expect(store.get('b')).toBeUndefined();
  });

  it('measures what is left by time spent, whatever a clock on the wall says', () => {
    let ms = 5;
    const store = new RetainedStore({ now: () => ms });
    store.set(expiring('a', 10));
    store.set(expiring('b', 0));
    expect(store.get('b')).toBeUndefined();
    ms += 9001;
    expect(store.get('a')!.properties!.messageExpiryInterval).toBe(1);
    ms += 999;
    expect(store.get('a')).toBeUndefined();
    expect(store.topics()).toEqual([]);
  });

  it('makes room by what is over before it refuses', () => {
    let ms = 0;
    const store = new RetainedStore({ now: () => ms, budget: new RetainedBudget({ maxTopics: 3 }) });
    expect([expiring('a', 1), expiring('b', 5), message('c'), message('d')].map((one) => store.set(one))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    ms = 1000;
    expect(store.set(message('d'))).toBe(true);
    expect(store.set(message('e'))).toBe(false);
    ms = 5000;
    expect(store.set(message('e'))).toBe(true);
    expect(store.topics()).toEqual(['c', 'd', 'e']);
  });

  it('has nothing rather than what is out of date where the newer one has no room', () => {
    const store = new RetainedStore({ budget: new RetainedBudget({ maxBytes: 30 }) });
    expect(store.set(message('a', 'small'))).toBe(true);
    expect(store.set(message('a', 'x'.repeat(30)))).toBe(false);
    expect(store.get('a')).toBeUndefined();
    expect(store.set(message('b', 'x'.repeat(29)))).toBe(true);
  });

  it('counts properties in', () => {
    const store = new RetainedStore({ budget: new RetainedBudget({ maxBytes: 1000 }) });
    const many = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}`, '']));
    expect(store.set(message('a', 'x', { userProperties: many }))).toBe(false);
    expect(store.set(message('a', 'x', { contentType: 'x'.repeat(1000) }))).toBe(false);
    expect(store.set(message('a', 'x', { contentType: 'text/plain', correlationData: Buffer.alloc(9) }))).toBe(true);
  });

  it('does not keep a whole read in memory for the few bytes of it that are retained', () => {
    const store = new RetainedStore();
    store.set({ ...message('a'), payload: Buffer.alloc(60_000).subarray(0, 5000) });
    expect(store.get('a')!.payload.buffer.byteLength).toBeLessThan(20_000);
  });
});
