import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../tools/console/server/event-log.ts';
import { objectState } from './fake-node.ts';

const message = (id: string, change = {}) => {
  const state = objectState(id, change);
  return { type: 'new' as const, before: state, after: state };
};
const ids = (log: EventLog, options = {}) => log.list({ limit: 100, ...options }).map((event) => event.state.id);

describe('the log of events', () => {
  it('lists the newest first, by camera and label, and page by page', () => {
    const log = new EventLog();
    log.add(message('a'));
    log.add(message('b', { camera: 'yard' }));
    log.add(message('c', { label: 'cat' }));
    expect(ids(log)).toEqual(['c', 'b', 'a']);
    expect(ids(log, { camera: 'yard' })).toEqual(['b']);
    expect(ids(log, { label: 'person' })).toEqual(['b', 'a']);
    expect(ids(log, { limit: 1 })).toEqual(['c']);
    expect(ids(log, { before: 'c' })).toEqual(['b', 'a']);
    expect(ids(log, { before: 'gone' })).toEqual([]);
  });

  it('keeps the last message of an event and says when there is a picture', () => {
    const log = new EventLog();
    log.addSnapshot('a', Buffer.from('one'));
    expect(ids(log)).toEqual([]);
    expect(log.add(message('a')).snapshot).toBe(true);
    log.add({ ...message('a', { end_time: 1005 }), type: 'end' });
    expect(log.list({ limit: 9 })).toMatchObject([{ type: 'end', snapshot: true, state: { end_time: 1005 } }]);
    log.addSnapshot('a', Buffer.from('longer'));
    expect(log.snapshot('a')?.toString()).toBe('longer');
    expect(log.bytes).toBe(6);
  });

  it('forgets the oldest pictures and the oldest events first', () => {
    const log = new EventLog({ events: 3, bytes: 10 });
    for (const id of ['a', 'b', 'c', 'd']) {
      log.addSnapshot(id, Buffer.alloc(4));
      log.add(message(id));
    }
    expect(ids(log)).toEqual(['d', 'c', 'b']);
    expect(log.snapshot('a')).toBeUndefined();
    expect(log.snapshot('b')).toBeUndefined();
    expect(log.list({ limit: 9 }).map((event) => event.snapshot)).toEqual([true, true, false]);
    expect(log.bytes).toBe(8);
  });

  it('stays within its bounds, whatever comes', () => {
    const step = fc.record({ id: fc.nat(30), bytes: fc.nat(60), picture: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const log = new EventLog({ events: 10, bytes: 100 });
        for (const { id, bytes, picture } of steps) {
          if (picture) log.addSnapshot(String(id), Buffer.alloc(bytes));
          else log.add(message(String(id)));
        }
        const kept = Array.from({ length: 31 }, (_, id) => log.snapshot(String(id))?.length ?? 0);
        expect(kept.reduce((sum, bytes) => sum + bytes, 0)).toBe(log.bytes);
        expect(log.bytes).toBeLessThanOrEqual(100);
        expect(log.list({ limit: 100 }).length).toBeLessThanOrEqual(10);
      }),
    );
  });
});
