import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStore } from '../../tools/console/server/event-store.ts';
import { eventMessage } from './fakes.ts';

const ids = (store: EventStore, query = {}) => store.list({ limit: 100, ...query }).events.map(({ id }) => id);

describe('EventStore', () => {
  it('lists the newest first, as each stands now', () => {
    const store = new EventStore();
    store.add(eventMessage('a'));
    store.add(eventMessage('b'));
    store.add(eventMessage('a', { end_time: 110 }));
    expect(ids(store)).toEqual(['b', 'a']);
    expect(store.list({ limit: 9 }).events[1]!.end_time).toBe(110);
  });

  it('gives pages that follow each other without gap or repetition', () => {
    const store = new EventStore();
    for (let i = 0; i < 10; i++) store.add(eventMessage(`e${i}`, { label: i % 2 ? 'cat' : 'person' }));
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = store.list({ limit: 2, before, label: 'cat' });
      seen.push(...page.events.map(({ id }) => id));
      before = page.next ?? undefined;
    } while (before !== undefined);
    expect(seen).toEqual(['e9', 'e7', 'e5', 'e3', 'e1']);
  });

  it.each([
    ['on', 2e9],
    ['back', 1000],
  ])('lists by what began last, and says how long ago, when the clock is set %s', (_, start_time) => {
    let now = 50_000;
    const store = new EventStore({ now: () => now });
    store.add(eventMessage('a', { start_time: 1e9, frame_time: 1e9 + 3 }));
    now += 10_000;
    store.add(eventMessage('b', { start_time, frame_time: start_time }));
    now += 5000;
    store.add(eventMessage('a', { start_time: 1e9, frame_time: 1e9 + 16, end_time: 1e9 + 16 }));
    store.addPicture('b', Buffer.from('jpeg'));
    const { events, next } = store.list({ limit: 1 });
    expect([...events, ...store.list({ limit: 9, before: next! }).events]).toMatchObject([
      { id: 'b', place: 2, age: 5 },
      { id: 'a', place: 1, age: 18 },
    ]);
  });

  it('filters by camera and label', () => {
    const store = new EventStore();
    store.add(eventMessage('a', { camera: 'door', label: 'cat' }));
    store.add(eventMessage('b', { camera: 'hall', label: 'cat' }));
    store.add(eventMessage('c', { camera: 'door', label: 'dog' }));
    expect(ids(store, { camera: 'door' })).toEqual(['c', 'a']);
    expect(ids(store, { camera: 'door', label: 'cat' })).toEqual(['a']);
  });

  it('knows nothing older than an event it has forgotten', () => {
    const store = new EventStore({ maxEvents: 2 });
    for (const id of ['a', 'b', 'c']) store.add(eventMessage(id));
    expect(store.list({ limit: 5, before: 'a' })).toEqual({ events: [], next: null });
  });

  it('holds a picture that comes before its event, and gives a newer one another number', () => {
    const store = new EventStore();
    store.addPicture('a', Buffer.from('first'));
    const first = store.add(eventMessage('a'));
    store.addPicture('a', Buffer.from('second'));
    const second = store.add(eventMessage('a'));
    expect(first.picture).toBeGreaterThan(0);
    expect(second.picture).not.toBe(first.picture);
    expect(store.picture('a')!.toString()).toBe('second');
  });

  it('says that an event has no picture once it was dropped', () => {
    const store = new EventStore({ maxBytes: 100 });
    for (const id of ['a', 'b', 'c']) {
      store.addPicture(id, Buffer.alloc(40));
      store.add(eventMessage(id));
    }
    expect(store.picture('a')).toBeUndefined();
    expect(
      store.list({ limit: 9 }).events.map(({ id, has_snapshot, picture }) => [id, has_snapshot, picture > 0]),
    ).toEqual([
      ['c', true, true],
      ['b', true, true],
      ['a', false, false],
    ]);
  });

  it('does not take a picture larger than all it may hold, nor lose the others for it', () => {
    const store = new EventStore({ maxBytes: 100 });
    store.addPicture('a', Buffer.alloc(90));
    store.addPicture('b', Buffer.alloc(101));
    expect(store.picture('a')).toHaveLength(90);
    expect(store.picture('b')).toBeUndefined();
  });

  it('stays within its bounds, and counts its bytes right, whatever comes', () => {
    const action = fc.record({
      id: fc.integer({ min: 0, max: 20 }).map(String),
      bytes: fc.option(fc.integer({ min: 0, max: 60 })),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const store = new EventStore({ maxEvents: 5, maxBytes: 100 });
        for (const { id, bytes } of actions) {
          if (bytes === null) store.add(eventMessage(id));
          else store.addPicture(id, Buffer.alloc(bytes));
          expect(store.size.events).toBeLessThanOrEqual(5);
          expect(store.size.bytes).toBeLessThanOrEqual(100);
        }
        const held = Array.from({ length: 21 }, (_, id) => store.picture(String(id))?.length ?? 0);
        expect(store.size.bytes).toBe(held.reduce((sum, length) => sum + length, 0));
        for (const event of store.list({ limit: 100 }).events) {
          expect(event.has_snapshot).toBe(event.picture > 0);
          if (event.picture > 0) expect(store.picture(event.id)).toBeDefined();
        }
      }),
    );
  });
});
