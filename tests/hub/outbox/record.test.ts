import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode, keyOf, rangeOf, storedOf } from '../../../sdk/hub/outbox/record.ts';

const stored = fc.record({
  sequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  bytes: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  retain: fc.boolean(),
});
const message = fc.record({
  topic: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }),
  payload: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
});

describe('a record', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(stored, message, (where, { topic, payload }) => {
        const key = keyOf('e', where);
        expect(storedOf(key)).toEqual(where);
        const whole = { topic, payload, retain: where.retain, kind: 'event' } as const;
        expect(decode(key, encode(key, whole), 'event')).toEqual(whole);
      }),
    );
  });

  it('is in the order of its sequence, and in its lane', () => {
    fc.assert(
      fc.property(stored, stored, (a, b) => {
        if (a.sequence === b.sequence) return;
        expect(Math.sign(Buffer.compare(keyOf('e', a), keyOf('e', b)))).toBe(Math.sign(a.sequence - b.sequence));
        const { gte, lt } = rangeOf('e', a.sequence);
        const isIn = (key: Buffer) => Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0;
        expect([isIn(keyOf('e', a)), isIn(keyOf('e', b)), isIn(keyOf('l', a))]).toEqual([
          true,
          b.sequence > a.sequence,
          false,
        ]);
      }),
    );
  });

  it('is refused when any byte of it is another one', () => {
    fc.assert(
      fc.property(
        stored,
        message,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (where, { topic, payload }, at, change) => {
          const key = keyOf('e', where);
          const value = encode(key, { topic, payload, retain: where.retain, kind: 'event' });
          const whole = Buffer.concat([key, value]);
          // The lane's letter is what was asked for.
          whole[1 + (at % (whole.length - 1))]! ^= change;
          expect(decode(whole.subarray(0, 16), whole.subarray(16), 'event')).toBeUndefined();
          for (let n = 0; n < value.length; n++) expect(decode(key, value.subarray(0, n), 'event')).toBeUndefined();
        },
      ),
    );
  });

  it.each(['', 'e', 'x'.repeat(15), 'x'.repeat(17), '\0'.repeat(16)])('has no key like %j', (text) => {
    expect(storedOf(Buffer.from(text, 'latin1'))).toBeUndefined();
  });
});
