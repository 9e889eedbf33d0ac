import { InputError } from '../../base/errors.ts';
import { type Database, encodings } from '../../store/level.ts';
import { covers, type DotSet, isDot, splitDot } from './dot-set.ts';
import { type Cut, checkCut, checkExample, type Example } from './example.ts';
import {
  contentOf,
  decodeItem,
  ledgerFormat,
  letters,
  type Meta,
  oldMeta,
  type PartRecord,
  parsed,
  type Total,
} from './ledger-records.ts';
import { checkPart, type Part, partKey, storedSeen } from './part.ts';

/** The content of a store, as far as it can be read. */
export interface StoredLedger {
  readonly parts: readonly Part[];
  readonly total: Total;
  /** The number of each part's last change. */
  readonly changes: ReadonlyMap<string, number>;
  /** Readable examples of damaged parts, which are in none of `parts`: their ids no longer mean anything there. */
  readonly survivors: readonly (Example | Cut)[];
  /** Number of examples and cuts known to be lost. */
  readonly lost: number;
  /** Something differs from what was written: more may be lost than is known. */
  readonly isDamaged: boolean;
  /** Whether any of it is of an earlier version. */
  readonly isOld: boolean;
}

/** The content cannot be read. */
export class DamagedError extends Error {}

/**
 * Reads the store's identity.
 *
 * @returns Undefined for a new one.
 * @throws DamagedError when it cannot be read although the store is not empty; InputError when a later version wrote it.
 */
export async function readMeta(db: Database): Promise<Meta | undefined> {
  for (const key of [letters.meta, letters.metaAgain]) {
    const value = await db.get(Buffer.from(key), encodings);
    const meta = value && parsed(contentOf(Buffer.from(key), value));
    if (meta) return ofThisVersion(meta as Meta);
  }
  const old = await db.get(Buffer.from(oldMeta), encodings);
  const meta = old && (parsed(old) as Meta | undefined);
  if (meta) return { ...meta, format: 2 };
  for await (const _ of db.keys({ ...encodings, limit: 1 })) {
    throw new DamagedError('it does not say any more which node and network it is of');
  }
  return undefined;
}

/** What is of a later form is left as it is: read as this one, and written again, it would be lost to that version. */
function ofThisVersion(meta: Meta): Meta {
  if (meta.format <= ledgerFormat) return meta;
  throw new InputError(
    `what was taught here is of a later version of Ocellus (format ${meta.format}, this version reads ${ledgerFormat}): nothing of it is touched, and nothing can be taught; update Ocellus again`,
  );
}

/**
 * Reads all parts, and checks each record.
 *
 * A part lists its items, so that a lost one is not taken for a forgotten one: otherwise all other
 * nodes would be told to forget it, too. If one is lost, `seen` goes back to before it, and the part's later items are
 * survivors.
 */
export async function readLedger(db: Database, dimension: number): Promise<StoredLedger> {
  const records = new Map<string, PartRecord>();
  /** Old-form parts that are also present in the newer form. */
  const older = new Map<string, PartRecord>();
  const items = new Map<string, Map<string, Example | Cut>>();
  const unread = new Map<string, string[]>();
  let [isDamaged, isOld] = [false, false];
  const ranges = [letters.item, letters.part, letters.item.toLowerCase(), letters.part.toLowerCase()];
  for (const letter of ranges) {
    const isOfOld = letter !== letter.toUpperCase();
    const range = { gte: Buffer.from(letter), lt: Buffer.from([letter.charCodeAt(0) + 1]), ...encodings };
    for await (const [key, value] of db.iterator(range)) {
      const content = isOfOld ? value : contentOf(key, value);
      const name = key.toString().slice(1);
      isOld ||= isOfOld;
      if (letter.toUpperCase() === letters.part) {
        const record = content && readPart(content, dimension);
        if (record && partKey(record) === name) {
          // The newer form comes first.
          (records.has(name) ? older : records).set(name, record);
        } else isDamaged = true;
        continue;
      }
      const [id = '', part = ''] = split(name);
      const item = content && readItem(content, dimension);
      if (item?.id === id && partKey(item) === part) {
        const those = items.get(part) ?? new Map();
        items.set(part, those);
        if (!those.has(id)) those.set(id, item);
      } else {
        isDamaged = true;
        if (isDot(id)) unread.set(part, [...(unread.get(part) ?? []), id]);
      }
    }
  }
  const key = Buffer.from(letters.total);
  const value = await db.get(key, encodings);
  const total = value && (parsed(contentOf(key, value)) as Total | undefined);

  const parts: Part[] = [];
  const survivors: (Example | Cut)[] = [];
  const changes = new Map<string, number>();
  let missed = 0;
  for (const [name, record] of records) {
    const there = items.get(name) ?? new Map<string, Example | Cut>();
    items.delete(name);
    const { seen, there: listed, change, ...fields } = record;
    const added = older.get(name);
    const ids = listed
      ? [...idsOf(listed), ...taughtSince(there, new Map(seen), added)]
      : [...there.keys(), ...(unread.get(name) ?? [])];
    const missing = ids.filter((id) => !there.has(id));
    const known = new Map(seen);
    for (const [replica, counter] of added?.seen ?? []) {
      known.set(replica, Math.max(counter, known.get(replica) ?? 0));
    }
    for (const { replica, counter } of missing.map(splitDot)) {
      const before = Math.min(known.get(replica) ?? 0, counter - 1);
      if (before > 0) known.set(replica, before);
      else known.delete(replica);
    }
    const found = ids.flatMap((id) => there.get(id) ?? []);
    const kept = found.filter(({ id }) => covers(known, id));
    survivors.push(...found.filter(({ id }) => !covers(known, id)));
    missed += missing.length;
    changes.set(name, change ?? 0);
    const set: DotSet<Example | Cut> = { seen: known, items: new Map(kept.map((item) => [item.id, item])) };
    parts.push({ ...fields, ...set } as Part);
  }
  // Of parts that are themselves lost.
  for (const those of items.values()) survivors.push(...those.values());
  const found = parts.reduce((sum, part) => sum + part.items.size, survivors.length);
  const sum = [...changes.values()].reduce((all, change) => all + change, 0);
  if (missed > 0 || items.size > 0) isDamaged = true;
  // What an earlier version has since added is not counted.
  const isMissed = (there: Total) => (isOld ? found < there.items : found !== there.items);
  if (total ? total.sum !== sum || isMissed(total) : records.size > 0 && !isOld) isDamaged = true;
  const lost = Math.max(missed, (total?.items ?? 0) - found, 0);
  const now = { changes: Math.max(total?.changes ?? 0, ...changes.values()), sum, items: found };
  return { parts, survivors, total: now, changes, lost, isDamaged, isOld };
}

const idsOf = (there: Readonly<Record<string, readonly number[]>>) =>
  Object.entries(there).flatMap(([replica, counters]) => counters.map((counter) => `${replica}-${counter}`));

/** What an earlier version, which cannot see the newer form, added to a part while it was temporarily installed again. */
function taughtSince(
  there: ReadonlyMap<string, unknown>,
  seen: ReadonlyMap<string, number>,
  older: PartRecord | undefined,
): string[] {
  const since = older && new Map(older.seen);
  return since ? [...there.keys()].filter((id) => !covers(seen, id) && covers(since, id)) : [];
}

function split(name: string): [id?: string, part?: string] {
  const at = name.indexOf(' ');
  return at < 0 ? [] : [name.slice(0, at), name.slice(at + 1)];
}

function readPart(content: Buffer, dimension: number): PartRecord | undefined {
  return checked(() => {
    const record = parsed(content) as PartRecord;
    const { node, head, label } = record;
    const seen = storedSeen(record.seen);
    const name = head === undefined || label === undefined ? { node } : { node, head, label };
    checkPart({ ...name, seen, items: new Map() } as Part, dimension);
    return { ...record, seen: [...seen] };
  });
}

function readItem(content: Buffer, dimension: number): Example | Cut | undefined {
  return checked(() => {
    const item = decodeItem(content);
    if (item && 'embedding' in item) checkExample(item, dimension);
    else if (item) checkCut(item);
    return item;
  });
}

/** Checks without a checksum, which earlier versions lack. */
function checked<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
