import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Stream, Turns } from '../../sdk/core/turns.ts';

/** So many turns of streams that always want one: who had them. */
function play(streams: readonly Stream[], turns: number): Map<string, number> {
  const queue = new Turns<Stream>();
  const had = new Map(streams.map(({ name }) => [name, 0]));
  for (const stream of streams) queue.add(stream, stream);
  for (let i = 0; i < turns; i++) {
    const next = queue.take()!;
    had.set(next.name, had.get(next.name)! + 1);
    queue.add(next, next);
  }
  return had;
}

describe('Turns', () => {
  it('serves first come, first served within a stream, and all in turns', () => {
    const turns = new Turns<string>();
    for (const job of ['a1', 'a2', 'b1', 'c1', 'b2']) turns.add(job, { name: job[0]! });
    expect(turns.size).toBe(5);
    expect([1, 2, 3, 4, 5].map(() => turns.take())).toEqual(['a1', 'b1', 'c1', 'a2', 'b2']);
    expect(turns.take()).toBeUndefined();
  });

  it('gives each stream its share, however many there are and whatever they weigh', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 8 }), (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const had = play(
          weights.map((weight, i) => ({ name: String(i), weight })),
          50 * sum,
        );
        for (const [i, weight] of weights.entries()) {
          expect(Math.abs(had.get(String(i))! - 50 * weight)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('one that was away has no more than its share when it comes back', () => {
    const turns = new Turns<string>();
    for (let i = 0; i < 50; i++) {
      turns.add('a', { name: 'a' });
      turns.take();
    }
    const order: string[] = [];
    for (let i = 0; i < 4; i++) {
      turns.add('b', { name: 'b' });
      turns.add('a', { name: 'a' });
    }
    for (let i = 0; i < 8; i++) order.push(turns.take()!);
    expect(order.join('')).toBe('babababa');
  });

  it('a stream whose job came too late is the first with its next one', () => {
    const turns = new Turns<string>();
    for (const job of ['a1', 'b1', 'c1']) turns.add(job, { name: job[0]! });
    expect(turns.take()).toBe('a1');
    turns.add('a2', { name: 'a' });
    expect(turns.takeIf((job) => job === 'b1')).toEqual(['b1']);
    expect(turns.size).toBe(2);
    expect(turns.take()).toBe('c1');
    turns.add('c2', { name: 'c' });
    turns.add('b2', { name: 'b' });
    expect([turns.take(), turns.take(), turns.take()]).toEqual(['b2', 'a2', 'c2']);
  });

  it('of those that begin together lets the heaviest begin', () => {
    const turns = new Turns<string>();
    turns.add('light', { name: 'light' });
    turns.add('heavy', { name: 'heavy', weight: 3 });
    expect(turns.take()).toBe('heavy');
  });

  it('a turn that was given back long ago takes no time back: who is new has no more than the others', () => {
    const turns = new Turns<string>();
    turns.add('late', { name: 'late' });
    turns.takeIf(() => true);
    for (let i = 0; i < 5; i++) {
      turns.add('old', { name: 'old' });
      turns.take();
    }
    turns.add('late', { name: 'late' });
    expect(turns.take()).toBe('late');
    for (const name of ['old', 'old', 'new', 'new', 'new']) turns.add(name, { name });
    expect(Array.from({ length: 5 }, () => turns.take())).toEqual(['new', 'old', 'new', 'old', 'new']);
  });

  it('says whose turn it would be if it asked', () => {
    const turns = new Turns<string>();
    turns.add('a', { name: 'a', weight: 3 });
    turns.add('b', { name: 'b' });
    expect(turns.take()).toBe('a');
    expect(turns.isDue({ name: 'b' }), 'it waits itself').toBe(false);
    expect(turns.take()).toBe('b');
    turns.add('b', { name: 'b' });
    expect(turns.isDue({ name: 'a', weight: 3 })).toBe(true);
    expect(turns.isDue({ name: 'c' }), 'no heavier').toBe(false);
    turns.add('a', { name: 'a', weight: 3 });
    expect(turns.isDue({ name: 'a', weight: 3 }), 'it is there').toBe(false);
  });

  it('forgets streams that have asked for nothing while 256 others did', () => {
    const turns = new Turns<string>();
    /** Who is first of the two, where `a` has a turn that was given back? */
    const first = (others: number) => {
      turns.add('a', { name: 'a' });
      turns.takeIf(() => true);
      for (let i = 0; i < others; i++) {
        turns.add('other', { name: `${others}.${i}` });
        expect(turns.take()).toBe('other');
      }
      turns.add('b', { name: 'b' });
      turns.add('a', { name: 'a' });
      const [next] = [turns.take(), turns.take()];
      return next;
    };
    expect([first(200), first(300)]).toEqual(['a', 'b']);
  });

  it('does not forget one that is long known and has asked a moment ago', () => {
    const turns = new Turns<string>();
    const ask = (name: string) => {
      turns.add(name, { name });
      expect(turns.take()).toBe(name);
    };
    ask('a');
    for (let i = 0; i < 200; i++) ask(`early ${i}`);
    ask('a');
    for (let i = 0; i < 100; i++) ask(`late ${i}`);
    for (const name of ['new', 'a', 'newer']) turns.add(name, { name });
    expect([turns.take(), turns.take(), turns.take()]).toEqual(['new', 'newer', 'a']);
  });

  it('gives all that waits', () => {
    const turns = new Turns<number>();
    turns.add(1, { name: 'a' });
    turns.add(2, { name: 'b' });
    expect(turns.takeAll()).toEqual([1, 2]);
    expect(turns.size).toBe(0);
  });
});
