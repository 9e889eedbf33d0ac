import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetainedBudget } from '../../../sdk/hub/broker/retained-budget.ts';

describe('RetainedBudget', () => {
  it('takes no more topics than that, but new values of known ones', () => {
    const budget = new RetainedBudget({ maxTopics: 2 });
    expect([budget.allow('a', 1), budget.allow('b', 1), budget.allow('c', 1)]).toEqual([true, true, false]);
    expect(budget.allow('a', 5)).toBe(true);
    expect(budget.allow('b', 0)).toBe(true);
    expect(budget.allow('c', 1)).toBe(true);
  });

  it('takes no more bytes than that, the topics counted in', () => {
    const budget = new RetainedBudget({ maxBytes: 20 });
    expect(budget.allow('abcde', 10)).toBe(true);
    expect(budget.allow('fghij', 1)).toBe(false);
    expect(budget.allow('abcde', 16)).toBe(false);
    expect(budget.allow('abcde', 15)).toBe(true);
  });

  it('is never over its bounds and refuses only what would be', () => {
    const operation = fc.tuple(fc.constantFrom('a', 'bb', 'ccc', 'dddd', 'eeeee'), fc.nat(12));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const budget = new RetainedBudget({ maxTopics: 3, maxBytes: 25 });
        const model = new Map<string, number>();
        const total = (map: Map<string, number>) =>
          [...map].reduce((sum, [topic, size]) => sum + topic.length + size, 0);
        for (const [topic, size] of operations) {
          const after = new Map(model);
          if (size === 0) after.delete(topic);
          else after.set(topic, size);
          const fits = size === 0 || (after.size <= 3 && total(after) <= 25);
          expect(budget.allow(topic, size)).toBe(fits);
          if (fits) {
            model.clear();
            for (const [key, value] of after) model.set(key, value);
          }
        }
      }),
    );
  });
});
