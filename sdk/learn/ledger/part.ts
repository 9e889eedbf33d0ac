import { assertShape } from '../../base/arguments.ts';
import { InputError } from '../../base/errors.ts';
import type { DotSet } from './dot-set.ts';
import { covers, join, replicaPattern } from './dot-set.ts';
import { type Cut, checkCut, checkExample, checkLabel, checkName, type Example, shown } from './example.ts';

/**
 * The unit of exchange between nodes, written by one node only: its examples of one label of one head, or
 * its cuts. It is a complete state, not a difference: a lost or repeated one does no harm.
 */
export type Part = ExamplePart | CutPart;

/** The examples that one node was taught of one label of one head. */
export interface ExamplePart extends DotSet<Example> {
  readonly node: string;
  readonly head: string;
  readonly label: string;
}

/** The cuts that one node made: each leaves out something that another node taught. */
export interface CutPart extends DotSet<Cut> {
  readonly node: string;
}

/** What identifies a part. */
export type PartName =
  | { readonly node: string; readonly head: string; readonly label: string }
  | { readonly node: string };

/** Whether a part of a ledger has examples; otherwise it has cuts. */
export function isExamplePart(part: Part): part is ExamplePart {
  assertShape('isExamplePart', part, {}, 'a part of a ledger');
  return 'label' in part;
}

/** @throws InputError unless it has what a part is made of; what is in it, `checkPart` looks at. */
export function assertPart(what: string, part: unknown): void {
  assertShape(what, part, { node: 'text', seen: 'object', items: 'object' }, 'a part of a ledger');
}

/** The name of a part as one string. */
export function partKey(part: { node: string; head?: string; label?: string }): string {
  assertShape('partKey', part, {}, 'a part of a ledger');
  return JSON.stringify('label' in part ? [part.node, part.head, part.label] : [part.node]);
}

/** Replicas that may have written one part: reflashing the node's card adds one. */
export const mostReplicas = 256;
/** More than any node keeps in one part. */
export const mostItems = 4096;

/**
 * Checks input from outside.
 *
 * @throws InputError when a field does not match its type, an item is not of this part, or its dot was not seen.
 */
export function checkPart(part: Part, dimension: number): void {
  assertPart('a part', part);
  checkName('node', part.node);
  if (part.seen.size > mostReplicas) {
    throw new InputError(`seen: expected at most ${mostReplicas} replicas, got ${part.seen.size}`);
  }
  for (const entry of part.seen) {
    if (!isSeen(entry)) throw new InputError(`seen: expected replicas and their counters, got ${shown(entry)}`);
  }
  if (part.items.size > mostItems) {
    throw new InputError(`items: expected at most ${mostItems} in a part, got ${part.items.size}`);
  }
  if (isExamplePart(part)) {
    checkName('head', part.head);
    checkLabel(part.label);
    for (const example of part.items.values()) {
      checkExample(example, dimension);
      if (example.head !== part.head || example.label !== part.label) throw foreign(example, part);
    }
  } else for (const cut of part.items.values()) checkCut(cut);
  for (const [id, item] of part.items) {
    if (item.id !== id || item.node !== part.node) throw foreign(item, part);
    if (!covers(part.seen, id)) throw new InputError(`${id}: expected it to be among what its part has seen`);
  }
}

/** A regular expression matches a number by its digits, so the type is checked first. */
function isSeen(entry: readonly unknown[]): entry is [string, number] {
  const [replica, counter] = entry;
  if (typeof replica !== 'string' || !replicaPattern.test(replica)) return false;
  return typeof counter === 'number' && Number.isSafeInteger(counter) && counter >= 1 && counter < 1e15;
}

/** A store's `seen`, without what an earlier version accepted from outside. */
export function storedSeen(entries: readonly (readonly unknown[])[]): Map<string, number> {
  return new Map(entries.filter(isSeen));
}

function foreign({ id }: { id: string }, part: Part): InputError {
  return new InputError(`${id}: expected it to be of the part it came in, ${partKey(part)}`);
}

/** Two copies of one part, merged: the same in any order. */
export function joinParts(a: Part, b: Part): Part {
  if (isExamplePart(a) && isExamplePart(b)) {
    return { ...a, ...join<Example>(a, b, (x, y) => (encodeItem(x).compare(encodeItem(y)) >= 0 ? x : y)) };
  }
  const [x, y] = [a as CutPart, b as CutPart];
  return { ...x, ...join<Cut>(x, y, (one, two) => (JSON.stringify(one) >= JSON.stringify(two) ? one : two)) };
}

/** Whether two copies of a part have the same content. */
export function isSame(a: Part, b: Part): boolean {
  if (a.seen.size !== b.seen.size || a.items.size !== b.items.size) return false;
  for (const [replica, counter] of a.seen) if (b.seen.get(replica) !== counter) return false;
  const others: ReadonlyMap<string, Example | Cut> = b.items;
  for (const [id, item] of a.items) {
    const other = others.get(id);
    if (other === undefined || (other !== item && !encodeItem(other).equals(encodeItem(item)))) return false;
  }
  return true;
}

/** Canonical bytes of one example or cut: JSON without the values, then the values. */
export function encodeItem(item: Example | Cut): Buffer {
  if (!('embedding' in item)) {
    const { id, node, target, reason, timeMs, seen, order } = item;
    const fields = [id, node, Object.entries(target).sort(), reason, timeMs];
    return Buffer.from(JSON.stringify(seen || order ? [...fields, seen ?? null, order ?? 0] : fields));
  }
  const { id, node, head, label, negative, camera, timeMs, kind, from, embedding } = item;
  const { values, scale } = embedding;
  const fields = JSON.stringify([id, node, head, label, negative, camera, timeMs, kind, from ?? null, scale]);
  return Buffer.concat([Buffer.from(`${fields}\n`), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
