import { describe, expect, it } from 'vitest';
import { type NormalisedBox, regionOf, ViewStates } from '../../../sdk/learn/camera/view-states.ts';
import { greyFrame } from '../../vision/fakes.ts';
import { FakeOracle } from '../oracle.ts';

const all = new Map<string, NormalisedBox | undefined>([['cupboard', undefined]]);

async function look(
  states: ViewStates,
  seconds: number,
  grey: number,
  { moving = false, heads = all }: { moving?: boolean; heads?: ReadonlyMap<string, NormalisedBox | undefined> } = {},
): Promise<readonly string[]> {
  const frame = greyFrame(seconds, { grey, noise: 0 });
  const changed = await states.look(frame, heads, { moving, intervalMs: 2000 });
  frame.release();
  return changed;
}

function taught(options: { each?: number; words?: (string | undefined)[] } = {}) {
  const oracle = new FakeOracle();
  oracle.teach(options.words ?? ['untidy', 'tidy'], { head: 'cupboard', ...options });
  return { oracle, states: new ViewStates(oracle) };
}

describe('ViewStates', () => {
  it('is unsure first, then what it sees for a while; a moment changes nothing', async () => {
    const { states } = taught();
    expect(await look(states, 0, 120)).toEqual(['cupboard']);
    expect(states.states).toMatchObject([{ head: 'cupboard', state: 'unsure', last: { label: 'tidy' } }]);
    const changes: string[] = [];
    for (let seconds = 1; seconds <= 60; seconds++) {
      // Somebody stands before it for three seconds; later it is made untidy.
      const grey = (seconds > 20 && seconds < 24) || seconds > 40 ? 20 : 120;
      for (const _ of await look(states, seconds, grey, { moving: true })) {
        changes.push(`${seconds} ${states.states[0]!.state}`);
      }
    }
    expect(changes.map((change) => change.split(' ')[1])).toEqual(['tidy', 'untidy']);
    expect(Number(changes[1]!.split(' ')[0])).toBeGreaterThan(44);
  });

  it.each(['hours', 'years'])(
    'takes as long and looks as often while the clock is set to and fro by %s',
    async (by) => {
      const stepMs = by === 'hours' ? 5 * 3_600_000 : 3 * 365 * 86_400_000;
      const { oracle, states } = taught();
      const changes: number[] = [];
      for (let seconds = 0; seconds < 60; seconds++) {
        // It is set at each frame, which is more often than any clock is.
        const wallTimeMs = 1.7e12 + seconds * 1000 + (seconds % 2) * stepMs;
        const frame = greyFrame(seconds, { grey: 120, noise: 0, wallTimeMs });
        const changed = await states.look(frame, all, { moving: true, intervalMs: 2000 });
        frame.release();
        if (changed.length > 0) changes.push(seconds);
      }
      expect(states.states[0]!.state).toBe('tidy');
      // Each two seconds, and a state needs three looks over five seconds.
      expect(changes).toEqual([0, 6]);
      expect(oracle.asked).toHaveLength(30);
    },
  );

  it('looks seldom while it is clear and nothing moves', async () => {
    const { oracle, states } = taught();
    for (let seconds = 0; seconds < 300; seconds++) await look(states, seconds, 120);
    // Four looks until it is clear, then one in thirty seconds.
    expect(oracle.asked.length).toBeGreaterThan(10);
    expect(oracle.asked.length).toBeLessThan(18);
    const before = oracle.asked.length;
    for (let seconds = 300; seconds < 320; seconds++) await look(states, seconds, 120, { moving: seconds === 300 });
    expect(oracle.asked.length - before).toBeGreaterThanOrEqual(5);
  });

  it('counts what is nearest while too little was taught for scores', async () => {
    const { states } = taught({ each: 1 });
    for (const seconds of [0, 2, 4, 6, 8]) await look(states, seconds, 20);
    expect(states.states).toMatchObject([{ state: 'untidy', last: { label: 'untidy' } }]);
  });

  it('looks at a part of the view, for several heads in one call', async () => {
    const { oracle, states } = taught();
    oracle.teach(['shut', undefined, 'open'], { head: 'gate' });
    const heads = new Map<string, NormalisedBox | undefined>([
      ['cupboard', undefined],
      ['gate', [0.5, 0.5, 1, 1]],
      ['unknown', undefined],
    ]);
    for (const seconds of [0, 2, 4, 6, 8]) {
      const frame = greyFrame(seconds, {
        grey: 120,
        noise: 0,
        draw: (canvas) => canvas.rectangle([161, 91, 320, 180], 240),
      });
      // The middle of the whole belongs to neither half.
      await states.look(frame, heads, { moving: false, intervalMs: 2000 });
      frame.release();
    }
    expect(oracle.asked).toEqual([2, 2, 2, 2]);
    expect(states.states.map(({ head, state }) => [head, state])).toEqual([
      ['cupboard', 'tidy'],
      ['gate', 'open'],
    ]);
  });

  it('forgets heads that are not wanted any more, and looks at once when heads are others', async () => {
    const { oracle, states } = taught();
    await look(states, 0, 120);
    await look(states, 1, 120);
    expect(oracle.asked.length).toBe(1);
    states.renew();
    await look(states, 1.5, 120);
    expect(oracle.asked.length).toBe(2);
    await look(states, 2, 120, { heads: new Map() });
    expect(states.states).toEqual([]);
  });

  it('goes on when the clock is set back', async () => {
    const { oracle, states } = taught();
    await look(states, 1000, 120);
    await look(states, 5, 120);
    expect(oracle.asked.length).toBe(2);
  });
});

it('a region has a pixel at least, and lies in the frame', () => {
  const frame = greyFrame(0);
  expect(regionOf(frame, undefined)).toEqual({ x: 0, y: 0, width: 320, height: 180 });
  expect(regionOf(frame, [0.25, 0.5, 0.75, 1])).toEqual({ x: 80, y: 90, width: 160, height: 90 });
  expect(regionOf(frame, [1, 1, 0, 0])).toEqual({ x: 319, y: 179, width: 1, height: 1 });
});
