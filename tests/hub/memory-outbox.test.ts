import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MemoryOutbox } from '../../sdk/hub/memory-outbox.ts';
import type { Entry, Message } from '../../sdk/hub/outbox.ts';

const event = (text: string, topic = 'events'): Message => ({
  topic,
  payload: Buffer.from(text),
  retain: false,
  kind: 'event',
});
const state = (topic: string, text: string): Message => ({
  topic,
  payload: Buffer.from(text),
  retain: true,
  kind: 'state',
});
const snapshot = (text: string): Message => ({ ...event(text, 'snapshot'), retain: true });
const text = (entry: Entry | undefined) => entry?.payload.toString();

function drain(outbox: MemoryOutbox): (string | undefined)[] {
  const all: (string | undefined)[] = [];
  for (let entry = outbox.next(); entry; entry = outbox.next()) {
    all.push(text(entry));
    outbox.settle(entry);
  }
  return all;
}

describe('MemoryOutbox', () => {
  it('gives states first and events in order', () => {
    const outbox = new MemoryOutbox();
    for (const message of [event('1'), event('2'), state('a', 'on'), event('3')]) outbox.put(message);
    expect(drain(outbox)).toEqual(['on', '1', '2', '3']);
    expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0, evicted: 0 });
  });

  it('keeps the newest value of a retained topic, in the older one’s place', () => {
    const outbox = new MemoryOutbox();
    for (const message of [snapshot('old'), event('1'), snapshot('new'), event('2')]) outbox.put(message);
    expect(drain(outbox)).toEqual(['new', '1', '2']);
  });

  it('does not touch what is on its way', () => {
    const outbox = new MemoryOutbox();
    outbox.put(state('a', '1'));
    const first = outbox.next()!;
    outbox.put(state('a', '2'));
    expect(text(first)).toBe('1');
    outbox.settle(first);
    expect(drain(outbox)).toEqual(['2']);
  });

  it('gives what was on its way again, in the old order, but a state only as it is now', () => {
    const outbox = new MemoryOutbox();
    for (const message of [state('a', '1'), snapshot('p'), event('1'), event('2')]) outbox.put(message);
    for (let i = 0; i < 3; i++) outbox.next();
    outbox.put(state('a', '2'));
    outbox.put(snapshot('q'));
    outbox.rewind();
    expect(drain(outbox)).toEqual(['2', 'p', '1', '2', 'q']);
    expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0 });
  });

  it('drops the oldest event when it is full, and counts', () => {
    const outbox = new MemoryOutbox({ maxCount: 3 });
    for (const message of [state('a', 'on'), event('1'), event('2'), event('3'), event('4')]) outbox.put(message);
    expect(outbox.stats).toMatchObject({ depth: 3, evicted: 2 });
    expect(drain(outbox)).toEqual(['on', '3', '4']);
  });

  it('is bounded by bytes', () => {
    const outbox = new MemoryOutbox({ maxBytes: 10_000 });
    for (let i = 0; i < 20; i++) outbox.put(event(String(i).padEnd(1000)));
    expect(outbox.stats.bytes).toBeLessThanOrEqual(10_000);
    expect(outbox.stats.evicted).toBeGreaterThan(10);
    const { depth, evicted } = outbox.stats;
    outbox.put(event('x'.repeat(20_000)));
    expect(outbox.stats, 'one that never fits does not push the others out').toMatchObject({
      depth,
      evicted: evicted + 1,
    });
  });

  it('says when there is something, until it is closed', async () => {
    const outbox = new MemoryOutbox();
    const ready = vi.fn();
    await outbox.open(ready);
    outbox.put(event('1'));
    expect(ready).toHaveBeenCalledTimes(1);
    await outbox.close();
    outbox.put(event('2'));
    expect(ready).toHaveBeenCalledTimes(1);
  });

  it('loses and doubles nothing, whatever happens in whatever order', () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.constant('put' as const) },
      { weight: 3, arbitrary: fc.constant('next' as const) },
      { weight: 2, arbitrary: fc.constant('settle' as const) },
      { weight: 1, arbitrary: fc.constant('rewind' as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const outbox = new MemoryOutbox();
        let put = 0;
        let underWay: Entry[] = [];
        const settled: number[] = [];
        const settle = (entry: Entry) => {
          outbox.settle(entry);
          settled.push(Number(text(entry)));
        };
        for (const what of actions) {
          if (what === 'put') outbox.put(event(String(put++)));
          else if (what === 'rewind') {
            outbox.rewind();
            underWay = [];
          } else if (what === 'next') {
            const entry = outbox.next();
            if (entry) underWay.push(entry);
          } else if (underWay.length > 0) settle(underWay.shift()!);
          expect(outbox.stats.depth).toBe(put - settled.length);
        }
        outbox.rewind();
        for (let entry = outbox.next(); entry; entry = outbox.next()) settle(entry);
        expect(settled).toEqual(Array.from({ length: put }, (_, i) => i));
        expect(outbox.stats.bytes).toBe(0);
      }),
    );
  });

  it('ends with the newest value of each topic, never goes back in one, and keeps to its bounds', () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('state a', 'state b', 'snapshot', 'event') },
      { weight: 4, arbitrary: fc.constantFrom('next', 'settle') },
      { weight: 1, arbitrary: fc.constant('rewind') },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), fc.constantFrom(5, 1000), (actions, maxCount) => {
        const outbox = new MemoryOutbox({ maxCount });
        const put = new Map<string, number>();
        const acknowledged = new Map<string, number>();
        let underWay: Entry[] = [];
        let number = 0;
        const settle = (entry: Entry) => {
          const value = Number(text(entry));
          expect(value).toBeGreaterThan(acknowledged.get(entry.topic) ?? -1);
          acknowledged.set(entry.topic, value);
          outbox.settle(entry);
        };
        for (const what of actions) {
          if (what === 'rewind') {
            outbox.rewind();
            underWay = [];
          } else if (what === 'next') {
            const entry = outbox.next();
            if (entry) underWay.push(entry);
          } else if (what === 'settle') {
            const entry = underWay.shift();
            if (entry) settle(entry);
          } else {
            const value = String(number++);
            const message =
              what === 'event' ? event(value) : what === 'snapshot' ? snapshot(value) : state(what, value);
            put.set(message.topic, Number(value));
            outbox.put(message);
          }
          expect(outbox.stats.depth).toBeLessThanOrEqual(Math.max(maxCount, underWay.length));
        }
        outbox.rewind();
        for (let entry = outbox.next(); entry; entry = outbox.next()) settle(entry);
        expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0 });
        if (outbox.stats.evicted === 0) expect(acknowledged).toEqual(put);
      }),
      { numRuns: 500 },
    );
  });
});
