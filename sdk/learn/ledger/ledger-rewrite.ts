import { type Database, encodings, type Operation } from '../../store/level.ts';
import type { Ledger } from './ledger.ts';
import {
  encodeItem,
  itemKey,
  json,
  letters,
  type Meta,
  metaOperations,
  partOperation,
  put,
  type Total,
  thumbnailKey,
} from './ledger-records.ts';
import { partKey } from './part.ts';

/** Examples and cuts. */
export const countOf = (ledger: Ledger) => ledger.size + ledger.cuts().length;

/**
 * The operations that replace all of a store's ledger, including that of earlier versions. Heads stay, and so do the
 * pictures of examples that are present.
 *
 * @param also Is written as well.
 */
export async function rewritten(db: Database, ledger: Ledger, meta: Meta, also: readonly Operation[]) {
  // By key, so that what is rewritten is not deleted.
  const operations = new Map<string, Operation>();
  const set = (operation: Operation) => operations.set(operation.key.toString('latin1'), operation);
  for (const letter of [letters.item, letters.part]) {
    for await (const key of keysOf(db, letter)) set({ type: 'del', key });
  }
  for await (const key of keysOf(db, letters.thumbnail)) {
    if (!ledger.example(key.toString().slice(thumbnailKey('').length))) set({ type: 'del', key });
  }
  const parts = ledger.parts();
  const numbers = new Map(parts.map((part, i) => [partKey(part), i + 1]));
  for (const part of parts) {
    const name = partKey(part);
    set(partOperation(part, numbers.get(name)!));
    for (const item of part.items.values()) set(put(itemKey(item.id, name), encodeItem(item)));
  }
  const sum = (parts.length * (parts.length + 1)) / 2;
  const total: Total = { changes: parts.length, sum, items: countOf(ledger) };
  for (const one of [...metaOperations(meta), put(letters.total, json(total)), ...also]) set(one);
  return { operations: [...operations.values()], total, numbers };
}

async function* keysOf(db: Database, letter: string): AsyncGenerator<Buffer> {
  for (const first of [letter, letter.toLowerCase()]) {
    yield* db.keys({ gte: Buffer.from(first), lt: Buffer.from([first.charCodeAt(0) + 1]), ...encodings });
  }
}
