import { remove } from './dot-set.ts';
import type { LedgerMemory } from './ledger-memory.ts';
import type { Part } from './part.ts';

/**
 * A stand-in for a lost example is no longer needed when the original is back.
 *
 * @param node The owner of the parts.
 * @param arrived Examples that may have come back.
 * @returns The parts that have such stand-ins, without them.
 */
export function withoutStandIns(memory: LedgerMemory, node: string, arrived: ReadonlySet<string>): Part[] {
  const { isHidden } = memory.hidden();
  return [...memory.shelves]
    .filter((shelf) => shelf.node === node)
    .flatMap((shelf): Part[] => {
      const ids = [...shelf.rows.items.values()].flatMap((row) => {
        const [origin, old] = (row.from !== undefined && arrived.has(row.from) && memory.locate(row.from)) || [];
        if (!origin || !old || origin.head !== shelf.head || origin.composed !== shelf.composed) return [];
        const isSame = old.negative === row.negative && !isHidden(origin, old) && memory.areAlike(old, row);
        return isSame ? [row.id] : [];
      });
      if (ids.length === 0) return [];
      const part = memory.partOf(shelf);
      return [{ ...part, ...remove(part, ids) }];
    });
}
