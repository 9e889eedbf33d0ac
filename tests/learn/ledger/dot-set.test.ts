import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, covers, type DotSet, emptyDotSet, join, remove } from '../../../sdk/learn/ledger/dot-set.ts';

const larger = (a: number, b: number) => Math.max(a, b);
const dot = (replica: number, counter: number) => `${String(replica).repeat(16)}-${counter}`;

/** A copy that knows the first dots of each replica, of which some were removed; a faulty node may give other contents. */
const copies: fc.Arbitrary<DotSet<number>> = fc
  .array(fc.array(fc.option(fc.constantFrom(1, 2)), { maxLength: 4 }), { minLength: 3, maxLength: 3 })
  .map((replicas) => {
    let set: DotSet<number> = emptyDotSet;
    for (const [replica, contents] of replicas.entries()) {
      for (const [i, content] of contents.entries()) {
        set = add(set, dot(replica, i + 1), content ?? 0);
        if (content === null) set = remove(set, [dot(replica, i + 1)]);
      }
    }
    return set;
  });
const plain = (set: DotSet<number>) => ({ seen: [...set.seen].sort(), items: [...set.items].sort() });

describe('DotSet', () => {
  it('joins in any order, any number of times', () => {
    fc.assert(
      fc.property(copies, copies, copies, (a, b, c) => {
        const ab = join(a, b, larger);
        expect(plain(ab)).toEqual(plain(join(b, a, larger)));
        expect(plain(join(ab, c, larger))).toEqual(plain(join(a, join(b, c, larger), larger)));
        expect(plain(join(ab, a, larger))).toEqual(plain(ab));
      }),
      { numRuns: 1000 },
    );
  });

  it('takes for each dot the later state: not seen, there, removed', () => {
    fc.assert(
      fc.property(copies, copies, (a, b) => {
        const both = join(a, b, larger);
        for (const replica of [0, 1, 2]) {
          for (let counter = 1; counter <= 4; counter++) {
            const id = dot(replica, counter);
            const removed = [a, b].some((set) => covers(set.seen, id) && !set.items.has(id));
            const there = [a, b].some((set) => set.items.has(id));
            expect(both.items.has(id)).toBe(there && !removed);
            expect(covers(both.seen, id)).toBe(there || removed);
          }
        }
      }),
    );
  });
});
