import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventMessage } from '../../sdk/vision/event.ts';
import { EventCycle } from '../../sdk/vision/event-cycle.ts';
import type { Crossing } from '../../sdk/vision/lines.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { track } from './fakes.ts';

/** Wall time of the start, ms. */
const startMs = 1_700_000_000_000;
const moment = (seconds: number) => ({ captureTimeNs: seconds * 1e9, wallTimeMs: startMs + seconds * 1000 });

/** A cycle that is shown tracks at times in seconds. */
function cycle(camera = 'door') {
  const events = new EventCycle(camera);
  return {
    events,
    at: (seconds: number, tracks: Track[], ended: Track[] = [], crossings: Crossing[] = []): EventMessage[] =>
      events.update(tracks, ended, moment(seconds), crossings),
  };
}

describe('EventCycle', () => {
  it('begins with a confirmed track, at the time it was first seen', () => {
    const { at } = cycle();
    expect(at(1, [track({ confirmed: false })])).toEqual([]);
    const [message] = at(2, [track({ firstSeenNs: 0.5e9, box: [1.04, 2, 31, 42], medianScore: 0.71239 })]);
    expect(message).toEqual({
      type: 'new',
      sequence: 1,
      before: message!.after,
      after: {
        id: expect.stringMatching(/^1700000000\.500000-[a-z]{6}$/),
        camera: 'door',
        track_id: 1,
        label: 'person',
        sub_label: null,
        sub_label_score: null,
        score: 0.7124,
        top_score: 0.7124,
        box: [1, 2, 31, 42],
        area: 1198,
        ratio: 0.75,
        frame_time: 1_700_000_002,
        start_time: 1_700_000_000.5,
        end_time: null,
        current_zones: [],
        entered_zones: [],
        stationary: false,
        active: true,
        motionless_count: 0,
        position_changes: 0,
        has_snapshot: false,
        has_clip: false,
        crossed_lines: {},
      },
    });
  });

  it('says nothing while nothing matters', () => {
    const { at } = cycle();
    at(0, [track()]);
    for (let second = 1; second < 60; second++) expect(at(second, [track()])).toEqual([]);
  });

  it('tells zones and rest at once', () => {
    const { at } = cycle();
    at(0, [track()]);
    const zone = { currentZones: ['porch'], enteredZones: ['porch'] };
    const [entered] = at(0.1, [track(zone)]);
    expect(entered).toMatchObject({
      type: 'update',
      before: { current_zones: [], entered_zones: [] },
      after: { current_zones: ['porch'], entered_zones: ['porch'] },
    });
    expect(at(0.2, [track(zone)])).toEqual([]);
    expect(at(0.3, [track({ ...zone, stationary: true })])).toMatchObject([
      { type: 'update', before: { active: true }, after: { stationary: true, active: false } },
    ]);
    expect(at(0.4, [track({ enteredZones: ['porch'], stationary: true })])).toMatchObject([
      { type: 'update', before: { current_zones: ['porch'] }, after: { current_zones: [] } },
    ]);
  });

  it('tells a better score and a move after five seconds, not before', () => {
    const { at } = cycle();
    at(0, [track()]);
    expect(at(1, [track({ medianScore: 0.9 })])).toEqual([]);
    const [better] = at(5, [track({ medianScore: 0.7 })]);
    expect(better).toMatchObject({ type: 'update', before: { top_score: 0.8 }, after: { score: 0.7, top_score: 0.9 } });
    const far = track({ box: [80, 20, 100, 50] });
    expect(at(9, [far])).toEqual([]);
    expect(at(10, [far])).toMatchObject([{ type: 'update', after: { box: [80, 20, 100, 50] } }]);
    expect(at(20, [far])).toEqual([]);
  });

  it('counts the messages of each event, so that one that comes twice is recognised', () => {
    const { events, at } = cycle();
    const messages = at(0, [track({ id: 1 }), track({ id: 2 })]);
    messages.push(...at(1, [track({ id: 1, stationary: true }), track({ id: 2 })]));
    messages.push(...at(2, [track({ id: 1 }), track({ id: 2 })]));
    messages.push(...at(3, [track({ id: 2 })], [track({ id: 1 })]), ...events.finish());
    const [one, two] = [messages[0]!.after.id, messages[1]!.after.id];
    const of = (id: string) => messages.filter(({ after }) => after.id === id);
    expect(of(one).map(({ type, sequence }) => [type, sequence])).toEqual([
      ['new', 1],
      ['update', 2],
      ['update', 3],
      ['end', 4],
    ]);
    expect(of(two).map(({ type, sequence }) => [type, sequence])).toEqual([
      ['new', 1],
      ['end', 2],
    ]);
  });

  it('does not take the guess of where it might be for news', () => {
    const { at } = cycle();
    at(0, [track()]);
    expect(at(10, [track({ visible: false, box: [900, 20, 920, 50] })])).toEqual([]);
  });

  it('tells a crossed line at once, in the first message or in the last one', () => {
    const { at } = cycle();
    const crossed = (direction: 'in' | 'out', trackId = 1): Crossing => {
      return { line: 'gate', label: 'person', direction, total: 1, trackId, time: 1 };
    };
    expect(at(0, [track()], [], [crossed('out'), crossed('in', 2)])).toMatchObject([
      { type: 'new', after: { crossed_lines: { gate: 'out' } } },
    ]);
    expect(at(0.1, [track()], [], [crossed('in')])).toMatchObject([
      { type: 'update', after: { crossed_lines: { gate: 'in' } } },
    ]);
    expect(at(3, [], [track()], [crossed('out')])).toMatchObject([
      { type: 'end', before: { crossed_lines: { gate: 'in' } }, after: { crossed_lines: { gate: 'out' } } },
    ]);
    expect(at(4, [], [], [crossed('in')])).toEqual([]);
  });

  it('tells of lines that are found to be crossed when all ends', () => {
    const { events, at } = cycle();
    at(0, [track()]);
    const crossing: Crossing = { line: 'gate', label: 'person', direction: 'in', total: 1, trackId: 1, time: 1 };
    expect(events.finish([crossing])).toMatchObject([{ type: 'end', after: { crossed_lines: { gate: 'in' } } }]);
  });

  it('ends when it was last seen, not when it was given up', () => {
    const { at } = cycle();
    at(0, [track({ currentZones: ['porch'], enteredZones: ['porch'] })]);
    at(7, [track({ currentZones: ['porch'], enteredZones: ['porch'] })]);
    at(8, [track({ visible: false, currentZones: ['porch'], enteredZones: ['porch'] })]);
    expect(at(9, [], [track()])).toMatchObject([
      {
        type: 'end',
        before: { end_time: null, active: true },
        after: {
          end_time: 1_700_000_007,
          frame_time: 1_700_000_007,
          current_zones: [],
          entered_zones: ['porch'],
          active: false,
        },
      },
    ]);
    expect(at(10, [], [track()])).toEqual([]);
  });

  it('says nothing of a track that ends before it was confirmed', () => {
    const { at } = cycle();
    at(0, [track({ confirmed: false })]);
    expect(at(1, [], [track({ confirmed: false })])).toEqual([]);
  });

  it('ends all that is running when the source is over, once', () => {
    const { events, at } = cycle();
    at(0, [track(), track({ id: 2, label: 'car' })]);
    expect(events.finish().map(({ type, after }) => [type, after.label])).toEqual([
      ['end', 'person'],
      ['end', 'car'],
    ]);
    expect(events.finish()).toEqual([]);
  });

  it('speaks of a snapshot from the message on that it was taken for', () => {
    const { events, at } = cycle();
    const [first] = at(0, [track(), track({ id: 2 })]);
    const told = events.withSnapshot(first!);
    expect(told).toMatchObject({ type: 'new', before: { has_snapshot: true }, after: { has_snapshot: true } });
    // What was made is not changed any more.
    expect(first).toMatchObject({ before: { has_snapshot: false }, after: { has_snapshot: false } });
    const zones = { currentZones: ['porch'], enteredZones: ['porch'] };
    expect(at(1, [track(zones), track({ id: 2, ...zones })])).toMatchObject([
      { before: { has_snapshot: true }, after: { has_snapshot: true } },
      { before: { has_snapshot: false }, after: { has_snapshot: false } },
    ]);
  });

  it('gives ids that a replay gives again, and no other track or camera has', () => {
    const idOf = (camera: string, id: number) => cycle(camera).at(0, [track({ id })])[0]!.after.id;
    expect(idOf('door', 1)).toBe(idOf('door', 1));
    expect(new Set([idOf('door', 1), idOf('door', 2), idOf('yard', 1)]).size).toBe(3);
  });

  it('gives no id twice where a clock begins at the same time with each start, if it is told to', () => {
    const idOf = (salt: string) => new EventCycle('door', { salt }).update([track()], [], moment(0))[0]!.after.id;
    expect(idOf('a')).not.toBe(idOf('b'));
    expect(idOf('a')).toBe(idOf('a'));
  });

  it.each([
    ['an hour back', -3600],
    ['a day on', 86_400],
    ['two years on', 2 * 365 * 86_400],
    ['to 1970', -startMs / 1000],
  ])('keeps the times of an event together when the clock is set %s', (_, step) => {
    const events = new EventCycle('door');
    const at = (seconds: number, set: number, tracks: Track[], ended: Track[] = []) => {
      const { captureTimeNs, wallTimeMs } = moment(seconds);
      return events.update(tracks, ended, { captureTimeNs, wallTimeMs: wallTimeMs + set * 1000 });
    };
    const [begun] = at(1, 0, [track({ firstSeenNs: 0.5e9 })]);
    const [rests] = at(5, step, [track({ stationary: true })]);
    at(10.5, step, [track({ stationary: true })]);
    const [ended] = at(20, step, [], [track()]);
    const start_time = startMs / 1000 + 0.5;
    expect([begun, rests, ended].map((message) => message!.after)).toMatchObject([
      { start_time, frame_time: startMs / 1000 + 1, end_time: null },
      { start_time, frame_time: startMs / 1000 + 5, end_time: null },
      { start_time, frame_time: startMs / 1000 + 10.5, end_time: startMs / 1000 + 10.5 },
    ]);
    const [next] = at(21, step, [track({ id: 2, firstSeenNs: 20.5e9 })]);
    expect(next!.after.start_time, 'what comes next knows the time').toBe(start_time + 20 + step);
  });

  it('tells durations that are times spent, and no time that goes back, whatever is done to the clock', () => {
    const step = fc.record({
      seconds: fc.double({ min: 0.01, max: 100, noNaN: true }),
      set: fc.constantFrom(0, 0, 0, -5, -3600, 3600, -86_400, 86_400, 730 * 86_400, -730 * 86_400, -startMs / 1000),
      alive: fc.uniqueArray(fc.integer({ min: 1, max: 4 })),
      stationary: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const events = new EventCycle('door');
        const messages: EventMessage[] = [];
        /** Of each place: the track there, and when it was seen first and last. */
        const seen = new Map<number, { id: number; first: number; last: number }>();
        let tracks = 0;
        const stays: number[] = [];
        let ns = 0;
        let clockMs = startMs;
        for (const { seconds, set, alive, stationary } of steps) {
          ns += Math.round(seconds * 1e9);
          clockMs = Math.max(0, clockMs + seconds * 1000 + set * 1000);
          const ended: Track[] = [];
          for (const [place, { id, first, last }] of seen) {
            if (alive.includes(place)) continue;
            ended.push(track({ id }));
            stays.push((last - first) / 1e9);
            seen.delete(place);
          }
          const here = alive.map((place) => {
            const { id, first } = seen.get(place) ?? { id: ++tracks, first: ns };
            seen.set(place, { id, first, last: ns });
            return track({ id, stationary, firstSeenNs: first });
          });
          messages.push(...events.update(here, ended, { captureTimeNs: ns, wallTimeMs: clockMs }));
        }
        const ids = [...new Set(messages.map(({ after }) => after.id))];
        expect(messages.filter(({ type }) => type === 'new')).toHaveLength(ids.length);
        for (const id of ids) {
          const times = messages.filter(({ after }) => after.id === id).flatMap(({ before, after }) => [before, after]);
          expect(new Set(times.map(({ start_time }) => start_time)).size).toBe(1);
          const frames = times.map(({ frame_time }) => frame_time);
          expect(frames).toEqual(frames.toSorted((a, b) => a - b));
          expect(frames[0]).toBeGreaterThanOrEqual(times[0]!.start_time);
        }
        const ends = messages.filter(({ type }) => type === 'end');
        for (const [i, { after }] of ends.entries()) {
          expect(after.end_time! - after.start_time).toBeCloseTo(stays[i]!, 4);
        }
      }),
    );
  });

  it('does not let a message that was sent change later', () => {
    const { at } = cycle();
    const [first] = at(0, [track()]);
    const copy = structuredClone(first);
    at(1, [track({ currentZones: ['porch'], enteredZones: ['porch'] })]);
    at(2, [], [track()]);
    expect(first).toEqual(copy);
  });
});
