import { describe, expect, it } from 'vitest';
import { nodeStatsToWire } from '../../../sdk/hub/contract/stats.ts';
import type { CameraState, ServerMessage } from '../../../tools/console/protocol.ts';
import { cameraState } from '../../../tools/console/server/state.ts';
import { nowOf, stayOf } from '../../../tools/console/web/src/events/event-words.ts';
import { type HeardEvent, mergeEvent } from '../../../tools/console/web/src/events/merge.ts';
import { emptyState, reduce } from '../../../tools/console/web/src/store.ts';
import { eventMessage, FakeCamera, FakeNode } from '../fakes.ts';

const recent = (id: string, change: Partial<HeardEvent> = {}): HeardEvent => ({
  ...eventMessage(id).after,
  picture: 0,
  clip_at: 0,
  place: 1,
  age: 0,
  heard: 0,
  ...change,
});
const stateAfter = (...messages: ServerMessage[]) =>
  messages.reduce(reduce, {
    ...emptyState,
    cameras: [cameraState(new FakeCamera('door'), []), cameraState(new FakeCamera('hall'), [])],
  });
const door = (state: { cameras: CameraState[] }) => state.cameras[0]!;

const defaults = new FakeCamera().settings;

describe('reduce', () => {
  it('begins with the state', () => {
    const camera = cameraState(new FakeCamera('door'), []);
    const state = reduce(emptyState, {
      type: 'state',
      state: {
        run: 'a',
        node: 'porch',
        version: '1',
        mqtt: null,
        cameras: [camera],
        learning: null,
        setup_errors: [],
        board: null,
        defaults,
      },
    });
    expect(state.console).toEqual({
      run: 'a',
      node: 'porch',
      version: '1',
      mqtt: null,
      learning: null,
      setup_errors: [],
      board: null,
      defaults,
    });
    expect(state.cameras).toEqual([camera]);
  });

  it('forgets the events of a console that was started anew: it counts from one', () => {
    const told = (run: string): ServerMessage => ({
      type: 'state',
      state: {
        run,
        node: 'porch',
        version: '1',
        mqtt: null,
        cameras: [],
        learning: null,
        setup_errors: [],
        board: null,
        defaults,
      },
    });
    const event: ServerMessage = { type: 'event', change: 'new', event: recent('a', { place: 9 }) };
    const state = stateAfter(told('a'), event);
    expect(reduce(state, told('a')).events).toHaveLength(1);
    expect(reduce(state, told('b')).events).toEqual([]);
  });

  it('takes in what was taught, and the states of a view', () => {
    const learning = { thumbnails: false, heads: [], nodes: [], cuts: [], asides: 0 };
    const begun = reduce(emptyState, {
      type: 'state',
      state: {
        run: 'a',
        node: 'porch',
        version: '1',
        mqtt: null,
        cameras: [],
        learning: null,
        setup_errors: [],
        board: null,
        defaults,
      },
    });
    expect(reduce(begun, { type: 'learning', learning }).console?.learning).toEqual(learning);
    // Nothing to add it to before the state came.
    expect(reduce(emptyState, { type: 'learning', learning })).toBe(emptyState);
    const states = [{ head: 'gate', state: 'open' }];
    expect(door(stateAfter({ type: 'states', camera: 'door', states })).states).toEqual(states);
  });

  it('takes in what happens to a camera, and leaves the others as they are', () => {
    const before = stateAfter();
    const state = stateAfter(
      { type: 'motion', camera: 'door', moving: true },
      { type: 'status', camera: 'door', status: 'offline', source: { uri: 'x:', opened: null } },
      { type: 'count', camera: 'door', label: 'person', count: 5 },
      { type: 'count', camera: 'door', label: 'person', zone: 'mat', count: 2 },
    );
    expect(door(state)).toMatchObject({ moving: true, status: 'offline', source: { uri: 'x:' } });
    expect(door(state).counts).toEqual([
      { label: 'person', count: 5 },
      { label: 'person', zone: 'mat', count: 2 },
    ]);
    expect(state.cameras[1]).toEqual(before.cameras[1]);
  });

  it('holds the newest total of each line, label and direction', () => {
    const crossing = { type: 'crossing', camera: 'door', line: 'gate', label: 'cat' } as const;
    const state = stateAfter(
      { ...crossing, direction: 'in', total: 1 },
      { ...crossing, direction: 'out', total: 1 },
      { ...crossing, direction: 'in', total: 2 },
    );
    expect(door(state).crossings.map(({ direction, total }) => [direction, total])).toEqual([
      ['in', 2],
      ['out', 1],
    ]);
  });

  it('forgets numbers older than two minutes', () => {
    const stats = nodeStatsToWire(new FakeNode([]).stats());
    const state = stateAfter(
      ...Array.from({ length: 150 }, (_, time): ServerMessage => ({ type: 'stats', time, stats, mqtt: null })),
    );
    expect(state.history).toHaveLength(120);
    expect(state.history.at(-1)!.time).toBe(149);
  });
});

describe('mergeEvent', () => {
  it.each([
    ['as they began', [1000, 2000, 3000]],
    ['and the clock was set back between them', [2e9, 1000, 2000]],
    ['and it was set on and back', [1000, 2e9, 2000]],
  ])('puts what began last first, in whatever order they come (%s)', (_, starts) => {
    const events = [3, 1, 2].map((place) => recent(`e${place}`, { place, start_time: starts[place - 1]! }));
    const merged = events.reduce(mergeEvent, [] as HeardEvent[]);
    expect(merged.map(({ id }) => id)).toEqual(['e3', 'e2', 'e1']);
  });

  it('keeps the later state of an event: a list that was asked for earlier may come later', () => {
    const ended = recent('a', { end_time: 120, frame_time: 119 });
    expect(mergeEvent([ended], recent('a', { frame_time: 119 }))).toEqual([ended]);
    expect(mergeEvent([recent('a', { frame_time: 119 })], ended)).toEqual([ended]);
    const later = recent('a', { frame_time: 130 });
    expect(mergeEvent([later], recent('a', { frame_time: 120 }))).toEqual([later]);
  });
});

describe('nowOf', () => {
  it('says how long somebody is there by no clock that may be wrong', () => {
    // A board that takes it for 1970.
    const running = recent('a', { start_time: 100, frame_time: 105, age: 65, heard: 7 });
    expect(stayOf(running, nowOf(running, 12))).toBe('1 min 10 s');
    const gone = recent('a', { start_time: 100, end_time: 130, age: 65, heard: 7 });
    expect(stayOf(gone, nowOf(gone, 12))).toBe('30 s');
    expect(nowOf(gone, 12) - gone.end_time!).toBe(40);
  });
});
