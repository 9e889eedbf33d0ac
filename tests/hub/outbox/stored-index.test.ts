import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Stored, StoredIndex } from '../../../sdk/hub/outbox/stored-index.ts';

const stored = (sequence: number, bytes = 100): Stored => ({ sequence, bytes, seconds: sequence, retain: false });

describe('StoredIndex', () => {
  it('knows what is there, in order', () => {
    const index = new StoredIndex();
    for (const sequence of [3, 4, 7]) index.set(stored(sequence));
    index.set({ ...stored(4, 50), retain: true });
    expect(index.at(0)).toEqual(stored(3));
    expect(index.at(4)).toEqual({ ...stored(4, 50), retain: true });
    expect(index.at(5)).toEqual(stored(7));
    expect(index.at(8)).toBeUndefined();
    expect([index.has(4), index.has(5), index.count, index.bytes, index.end]).toEqual([true, false, 3, 250, 8]);
    expect(() => index.set(stored(5))).toThrow('expected a sequence from 8, got 5');
  });

  it('is what a sorted map would be, however much comes and goes', () => {
    const action = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 3 }), bytes: fc.integer({ min: 1, max: 1000 }) }),
      fc.record({ remove: fc.integer({ min: 0, max: 20 }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const index = new StoredIndex();
        const twin = new Map<number, Stored>();
        let end = 0;
        for (const one of actions) {
          if ('add' in one) {
            const value = stored(end + one.add - 1, one.bytes);
            end = value.sequence + 1;
            index.set(value);
            twin.set(value.sequence, value);
          } else {
            const sequence = [...twin.keys()][one.remove] ?? 1000;
            index.remove(sequence);
            twin.delete(sequence);
          }
          expect([index.count, index.end]).toEqual([twin.size, end]);
          expect(index.bytes).toBe([...twin.values()].reduce((sum, { bytes }) => sum + bytes, 0));
          expect(index.at(0)).toEqual(twin.values().next().value);
        }
      }),
    );
  });

  it('gives back the room of what is gone', () => {
    const index = new StoredIndex();
    for (let sequence = 0; sequence < 20_000; sequence++) {
      index.set(stored(sequence));
      if (sequence >= 10) index.remove(sequence - 10);
    }
    expect([index.count, index.bytes, index.at(0)?.sequence]).toEqual([10, 1000, 19_990]);
  });
});
