import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Entry, Message } from '../../../sdk/hub/outbox/message.ts';
import { Outbox, type OutboxOptions } from '../../../sdk/hub/outbox/outbox.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';

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
const learning = (text: string, topic = 'learn'): Message => ({ ...state(topic, text), kind: 'learning' });
const snapshot = (text: string): Message => ({ ...event(text, 'snapshot'), retain: true });
const text = (entry: Entry | undefined) => entry?.payload.toString();

const folders: string[] = [];
const outboxes: Outbox[] = [];

const makeFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-outbox-'));
  folders.push(folder);
  return join(folder, 'outbox');
};

afterEach(async () => {
  for (const outbox of outboxes.splice(0)) await outbox.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An outbox that has found what is on disk. */
async function opened(options: OutboxOptions): Promise<Outbox> {
  const outbox = new Outbox(options);
  outboxes.push(outbox);
  outbox.open(() => {});
  if (options.folder) await until(() => outbox.stats.storage === 'disk');
  return outbox;
}

const onDisk = async (outbox: Outbox) => {
  await until(() => outbox.stats.unwritten === 0);
};

/** All that comes until it is empty. */
async function drain(outbox: Outbox): Promise<(string | undefined)[]> {
  const all: (string | undefined)[] = [];
  while (outbox.stats.depth > 0) {
    const entry = outbox.next();
    if (!entry) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    all.push(text(entry));
    outbox.settle(entry);
  }
  return all;
}

describe.each([
  ['in memory', () => ({})],
  ['on disk', () => ({ folder: makeFolder() })],
] as [string, () => OutboxOptions][])('Outbox %s', (_, options) => {
  it('gives states first, events in order, learning last', async () => {
    const outbox = await opened(options());
    const messages = [event('1'), learning('a'), event('2'), state('a', 'on'), event('3')];
    for (const message of messages) outbox.put(message);
    await onDisk(outbox);
    expect(await drain(outbox)).toEqual(['on', '1', '2', '3', 'a']);
    expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0, evicted: { state: 0, event: 0, learning: 0 } });
  });

  it.each([false, true])(
    'keeps the newest value of a retained topic, in the older one’s place (written: %s)',
    async (written) => {
      const outbox = await opened(options());
      for (const message of [snapshot('old'), event('1')]) outbox.put(message);
      if (written) await onDisk(outbox);
      for (const message of [snapshot('new'), event('2'), learning('a'), learning('b')]) outbox.put(message);
      await onDisk(outbox);
      expect(await drain(outbox)).toEqual(['new', '1', '2', 'b']);
      expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0 });
    },
  );

  it('does not touch what is on its way', async () => {
    const outbox = await opened(options());
    outbox.put(state('a', '1'));
    const first = outbox.next()!;
    outbox.put(state('a', '2'));
    expect(text(first)).toBe('1');
    outbox.settle(first);
    expect(await drain(outbox)).toEqual(['2']);
  });

  it('gives what was on its way again, in the old order, but a state only as it is now', async () => {
    const outbox = await opened(options());
    for (const message of [state('a', '1'), snapshot('p'), event('1'), event('2')]) outbox.put(message);
    await onDisk(outbox);
    for (let i = 0; i < 3; i++) outbox.next();
    outbox.put(state('a', '2'));
    outbox.put(snapshot('q'));
    outbox.rewind();
    await onDisk(outbox);
    expect(await drain(outbox)).toEqual(['2', 'p', '1', '2', 'q']);
    expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0 });
  });

  it('puts one back in its place', async () => {
    const outbox = await opened(options());
    for (const n of ['1', '2', '3']) outbox.put(event(n));
    await onDisk(outbox);
    const [first, second] = [outbox.next()!, outbox.next()!];
    outbox.putBack(first);
    expect(text(outbox.next())).toBe('1');
    outbox.putBack(second);
    expect([text(outbox.next()), text(outbox.next())]).toEqual(['2', '3']);
    expect(outbox.stats.depth).toBe(3);
  });

  it('drops the oldest when it is full, counts by kind, and says so once', async () => {
    const logger = recorder();
    const bounds = { events: { megabytes: 1, hours: 1 }, learning: { megabytes: 1, hours: 1 } };
    const outbox = await opened({ ...options(), bounds, logger });
    const size = 200_000;
    const count = 100;
    outbox.put(state('a', 'on'));
    outbox.put(learning('l'));
    for (let i = 0; i < count; i++) outbox.put(event(String(i).padEnd(size)));
    await onDisk(outbox);
    const { evicted, depth, bytes } = outbox.stats;
    expect(evicted).toMatchObject({ state: 0, learning: 0 });
    expect(evicted.event).toBeGreaterThan(10);
    expect(evicted.event + depth).toBe(count + 2);
    const all = await drain(outbox);
    expect(all.slice(1, -1).map(Number)).toEqual(
      Array.from({ length: count - evicted.event }, (_, i) => i + evicted.event),
    );
    expect(bytes).toBeLessThanOrEqual(16e6 + 1000);
    expect(logger.lines.filter((line) => line.includes('the outbox is full'))).toHaveLength(1);
  });

  it('does not let one that never fits push the others out', async () => {
    const outbox = await opened(options());
    outbox.put(event('1'));
    outbox.put(event('x'.repeat(20e6)));
    await onDisk(outbox);
    expect(outbox.stats).toMatchObject({ depth: 1, evicted: { event: 1 } });
  });

  it('drops what is too old, whichever clock the wall shows', async () => {
    let now = 1e12;
    const bounds = { events: { megabytes: 1, hours: 1 }, learning: { megabytes: 1, hours: 48 } };
    const outbox = await opened({ ...options(), bounds, now: () => now });
    for (const message of [event('1'), learning('l'), event('2')]) outbox.put(message);
    await onDisk(outbox);
    now += 1_800_000;
    outbox.put(event('3'));
    await onDisk(outbox);
    expect(outbox.stats.oldestAgeSeconds).toBe(1800);
    now += 2_000_000;
    expect(await drain(outbox)).toEqual(['3', 'l']);
    expect(outbox.stats.evicted).toEqual({ state: 0, event: 2, learning: 0 });
  });

  it('says when there is something, until it is closed', async () => {
    const outbox = new Outbox(options());
    outboxes.push(outbox);
    const ready = vi.fn();
    outbox.open(ready);
    outbox.put(event('1'));
    await onDisk(outbox);
    expect(ready).toHaveBeenCalled();
    await outbox.close();
    ready.mockClear();
    outbox.put(event('2'));
    expect(ready).not.toHaveBeenCalled();
  });

  it('loses and doubles nothing, never goes back in a topic, and counts right, whatever happens in whatever order', async () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('state a', 'state b', 'learning', 'snapshot', 'event', 'event') },
      { weight: 4, arbitrary: fc.constantFrom('next', 'settle', 'put back') },
      { weight: 1, arbitrary: fc.constantFrom('rewind', 'written', 'turn', 'reopen') },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const where = options();
        let outbox = await opened(where);
        const put = new Map<string, number>();
        const events: number[] = [];
        const acknowledged = new Map<string, number>();
        const settledEvents: number[] = [];
        let underWay: Entry[] = [];
        let number = 0;
        const settle = (entry: Entry) => {
          const value = Number(text(entry));
          acknowledged.set(entry.topic, value);
          if (entry.topic === 'events') settledEvents.push(value);
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
          } else if (what === 'put back') {
            const entry = underWay.pop();
            if (entry) outbox.putBack(entry);
          } else if (what === 'written') await onDisk(outbox);
          else if (what === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else if (what === 'reopen') {
            await outbox.close();
            if ('folder' in where) {
              // States are told anew by who tells them.
              for (const topic of put.keys()) if (topic.startsWith('state')) put.delete(topic);
              outbox = await opened(where);
              underWay = [];
            } else outbox.open(() => {});
          } else {
            const value = String(number++);
            const makers: Record<string, (text: string) => Message> = { event, snapshot, learning };
            const message = makers[what]?.(value) ?? state(what, value);
            if (what === 'event') events.push(Number(value));
            put.set(message.topic, Number(value));
            outbox.put(message);
          }
        }
        outbox.rewind();
        while (outbox.stats.depth > 0) {
          const entry = outbox.next();
          if (entry) settle(entry);
          else await new Promise((resolve) => setImmediate(resolve));
        }
        expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0, damaged: 0 });
        expect(settledEvents.toSorted((a, b) => a - b)).toEqual(events);
        for (const [topic, value] of put) expect(acknowledged.get(topic), topic).toBe(value);
        await outbox.close();
      }),
      { numRuns: 'folder' in options() ? 60 : 500 },
    );
  });
});
