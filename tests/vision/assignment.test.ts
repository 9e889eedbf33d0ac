import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, bestPairs } from '../../sdk/vision/assignment.ts';

describe('assign', () => {
  it('costs as little as the best of all pairings', () => {
    const problem = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        costs: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: rows * columns, maxLength: rows * columns }),
      }),
    );
    fc.assert(
      fc.property(problem, ({ rows, columns, costs }) => {
        const columnOf = assign(Float64Array.from(costs), rows, columns);
        const paired = [...columnOf].filter((column) => column >= 0);
        expect(columnOf.length).toBe(rows);
        expect(paired.length).toBe(Math.min(rows, columns));
        expect(new Set(paired).size).toBe(paired.length);
        const cost = [...columnOf].reduce((sum, c, r) => sum + (c < 0 ? 0 : costs[r * columns + c]!), 0);
        expect(cost).toBe(cheapest(costs, rows, columns));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { rows: 0, columns: 3, expected: [] },
    { rows: 2, columns: 0, expected: [-1, -1] },
    { rows: 1, columns: 1, expected: [0] },
  ])('$rows x $columns', ({ rows, columns, expected }) => {
    expect([...assign(new Float64Array(rows * columns), rows, columns)]).toEqual(expected);
  });

  it('refuses a table of another size', () => {
    expect(() => assign(new Float64Array(5), 2, 3)).toThrow('costs: expected 2 x 3 values, got 5');
  });
});

describe('bestPairs', () => {
  const some = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
    .chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        // Some may be no pair.
        worths: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 })), {
          minLength: rows * columns,
          maxLength: rows * columns,
        }),
      }),
    )
    .map(({ rows, columns, worths }) => ({
      rows,
      columns,
      candidates: worths
        .map((worth, i) => ({ row: Math.floor(i / columns), column: i % columns, worth }))
        .filter(({ worth }) => worth > 0),
    }));

  it('are worth as much together as any can be, each row and column once', () => {
    fc.assert(
      fc.property(some, ({ rows, columns, candidates }) => {
        const pairs = bestPairs(candidates, rows, columns);
        expect(new Set(pairs.map(({ row }) => row)).size).toBe(pairs.length);
        expect(new Set(pairs.map(({ column }) => column)).size).toBe(pairs.length);
        for (const pair of pairs) expect(candidates).toContain(pair);
        expect(pairs.reduce((sum, { worth }) => sum + worth, 0)).toBe(dearest(candidates, rows));
      }),
    );
  });

  it('are not more where fewer are better', () => {
    // The good pair in the middle would have to go for two bad ones.
    const candidates = [
      { row: 0, column: 0, worth: 0.3 },
      { row: 1, column: 0, worth: 1 },
      { row: 1, column: 1, worth: 0.3 },
    ];
    expect(bestPairs(candidates, 2, 2)).toEqual([candidates[1]]);
  });

  it('of nothing are none', () => {
    expect(bestPairs([], 3, 3)).toEqual([]);
  });
});

/** Tries every pairing. */
function dearest(candidates: readonly { row: number; column: number; worth: number }[], rows: number): number {
  const tryRow = (row: number, taken: number): number => {
    if (row === rows) return 0;
    let best = tryRow(row + 1, taken);
    for (const { row: of, column, worth } of candidates) {
      if (of === row && !(taken & (1 << column))) best = Math.max(best, worth + tryRow(row + 1, taken | (1 << column)));
    }
    return best;
  };
  return tryRow(0, 0);
}

/** Tries every pairing that leaves nobody alone who could have a partner. */
function cheapest(costs: number[], rows: number, columns: number): number {
  const tryRow = (row: number, taken: number, left: number): number => {
    if (row === rows) return left === 0 ? 0 : Number.POSITIVE_INFINITY;
    let best = rows - row > left ? tryRow(row + 1, taken, left) : Number.POSITIVE_INFINITY;
    if (left === 0) return best;
    for (let c = 0; c < columns; c++) {
      if (taken & (1 << c)) continue;
      best = Math.min(best, costs[row * columns + c]! + tryRow(row + 1, taken | (1 << c), left - 1));
    }
    return best;
  };
  return tryRow(0, 0, Math.min(rows, columns));
}
