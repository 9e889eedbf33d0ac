import { describe, expect, it } from 'vitest';
import type { EventMessage } from '../../sdk/vision/event.ts';
import { eventDifferences } from '../../tools/cli/event-differences.ts';

function message(id: string, sequence: number, change: Record<string, unknown> = {}): EventMessage {
  const start_time = Number.parseInt(id, 10);
  const after = { id, label: 'cat', start_time, score: 0.7, current_zones: [], ...change };
  const type = sequence === 1 ? 'new' : 'update';
  return { type, sequence, before: after, after } as unknown as EventMessage;
}

describe('eventDifferences', () => {
  it('finds none between runs that are the same', () => {
    const run = () => [message('1-a', 1), message('1-a', 2)];
    expect(eventDifferences(run(), run())).toEqual([]);
    expect(eventDifferences([], [])).toEqual([]);
  });

  it('tells what is missing, what is new, and what is another', () => {
    const expected = [message('1-a', 1), message('1-a', 2), message('2-b', 1)];
    const got = [message('1-a', 1), message('1-a', 2, { score: 0.72, current_zones: ['door'] }), message('3-c', 1)];
    expect(eventDifferences(expected, got)).toEqual([
      '~ update cat 70 % 1-a (message 2): after.score 0.7 -> 0.72, after.current_zones [] -> ["door"]',
      '- new cat 70 % 2-b (message 1)',
      '+ new cat 70 % 3-c (message 1)',
    ]);
  });

  it('knows an object again whose letters are others', () => {
    expect(eventDifferences([message('1-a', 1), message('1-b', 1)], [message('1-c', 1), message('1-b', 1)])).toEqual([
      '~ new cat 70 % 1-a (message 1): after.id "1-a" -> "1-c"',
    ]);
  });

  it('sees another order', () => {
    const [a, b] = [message('1-a', 1), message('2-b', 1)];
    expect(eventDifferences([a, b], [b, a])).toEqual(['the same messages, in another order']);
  });

  it('tells twenty and how many there are', () => {
    const expected = Array.from({ length: 30 }, (_, i) => message(`${i}`, 1));
    const lines = eventDifferences(expected, []);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('… 10 more');
  });
});
