import { InputError } from '../../base/errors.ts';
import { remove } from './dot-set.ts';
import type { LedgerMemory } from './ledger-memory.ts';
import { type ExamplePart, isExamplePart, mostReplicas, type Part } from './part.ts';
import { leastMissed } from './thinning.ts';

/** How much a ledger keeps. Of more, the oldest go. */
export interface LedgerLimits {
  /** Examples that a node keeps of one label, and as many negatives. */
  readonly perLabel: number;
  /** Examples of all labels and nodes; and as many cuts that other nodes made. */
  readonly total: number;
  /** Labels of all nodes, including forgotten ones; and as many nodes that make cuts. */
  readonly parts: number;
  /** Cuts that a node keeps. */
  readonly cuts: number;
}

export const defaultLimits: LedgerLimits = { perLabel: 200, total: 10_000, parts: 1000, cuts: 1000 };

/** Checks one part before anything else. @throws InputError when it is larger than any valid one. */
export function assertSize(part: Part, limits: LedgerLimits): void {
  if (part.seen.size > mostReplicas) throw full('replicas of a part', mostReplicas);
  // Twice as many examples and negatives as a node keeps, until it has seen what it lost.
  const isOfExamples = isExamplePart(part);
  const most = isOfExamples ? 4 * limits.perLabel : limits.cuts;
  if (part.items.size > most) throw full(isOfExamples ? 'examples of a label of a node' : 'cuts of a node', most);
}

/** @param shelves And `examples`: how many are added. @throws InputError when there is no room. */
export function assertRoom(
  { parts, total }: LedgerLimits,
  memory: LedgerMemory,
  shelves: number,
  examples: number,
): void {
  if (shelves > 0 && memory.shelfCount + shelves > parts) throw full('labels of all nodes', parts);
  if (examples > 0 && memory.size + examples > total) throw full('examples', total);
}

/**
 * A node's own cuts have their own limit, so that others cannot keep it from cutting them out.
 *
 * @param after Cuts by node after the change.
 * @throws InputError when there is no room.
 */
function assertRoomForCuts(
  { parts, total }: LedgerLimits,
  memory: LedgerMemory,
  own: string,
  after: ReadonlyMap<string, number>,
): void {
  const others = [...after].filter(([node]) => node !== own);
  const known = [...memory.cutsByNode].filter(([node]) => node !== own);
  const before = known.reduce((sum, [, { items }]) => sum + items.size, 0);
  const cuts = others.reduce((sum, [, count]) => sum + count, 0);
  if (others.length > known.length && others.length > parts) throw full('nodes that cut', parts);
  if (cuts > before && cuts > total) throw full('cuts of other nodes', total);
}

/**
 * Checks merged parts before they replace the present ones.
 *
 * @param merged By `partKey()`.
 * @param own The node whose ledger it is.
 * @throws InputError when there is no room for them.
 */
export function assertRoomForMerged(
  merged: ReadonlyMap<string, Part>,
  limits: LedgerLimits,
  memory: LedgerMemory,
  own: string,
): void {
  let shelves = 0;
  let examples = 0;
  const cutsOf = new Map([...memory.cutsByNode].map(([node, { items }]) => [node, items.size]));
  for (const [key, part] of merged) {
    if (!isExamplePart(part)) {
      cutsOf.set(part.node, part.items.size);
      continue;
    }
    if (!memory.has(key)) shelves++;
    examples += part.items.size - memory.countOf(key);
  }
  assertRoom(limits, memory, shelves, examples);
  assertRoomForCuts(limits, memory, own, cutsOf);
}

/** No more of a kind than a node keeps. */
export function trimmed(part: ExamplePart, { perLabel }: LedgerLimits): ExamplePart {
  const gone = [false, true].flatMap((negative) => {
    const alike = [...part.items.values()].filter((one) => one.negative === negative);
    return leastMissed(alike, perLabel);
  });
  return gone.length === 0 ? part : { ...part, ...remove(part, gone) };
}

/** The message when there is no room. */
export function full(what: string, most: number): InputError {
  return new InputError(`expected at most ${most} ${what}: forget some of them, or cut out a node`);
}
