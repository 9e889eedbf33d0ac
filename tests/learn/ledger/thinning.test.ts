import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asTaught, type Example } from '../../../sdk/learn/ledger/example.ts';
import { leastMissed } from '../../../sdk/learn/ledger/thinning.ts';
import { example } from '../examples.ts';

/** As it is said: the two that are most alike are looked for anew each time. */
function oneByOne(examples: readonly Example[], most: number): string[] {
  const left = asTaught(examples);
  const gone: string[] = [];
  const dot = (a: Int8Array, b: Int8Array) => a.reduce((sum, value, d) => sum + value * b[d]!, 0);
  while (left.length > most) {
    let [best, oldest] = [Number.NEGATIVE_INFINITY, 0];
    for (let i = 0; i < left.length; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [left[i]!.embedding.values, left[j]!.embedding.values];
        const cosine = dot(a, b) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)));
        if (cosine > best) [best, oldest] = [cosine, j];
      }
    }
    gone.push(...left.splice(oldest, 1).map(({ id }) => id));
  }
  return gone;
}

it('lets go of the one of the two most alike that was taught first, again and again', () => {
  // Few different values, so that many are alike.
  const embedding = fc
    .int8Array({ minLength: 3, maxLength: 3, min: -2, max: 2 })
    .filter((values) => values.some(Boolean));
  fc.assert(
    fc.property(fc.array(embedding, { minLength: 1, maxLength: 24 }), fc.nat(20), (all, most) => {
      const examples = all.map((values, i) => example('cat', { values, scale: 1 }, { timeMs: i % 5 }));
      expect(leastMissed(examples, most)).toEqual(oneByOne(examples, most));
    }),
  );
});

it('has nothing to let go of where there is room', () => {
  expect(leastMissed([], 0)).toEqual([]);
});
