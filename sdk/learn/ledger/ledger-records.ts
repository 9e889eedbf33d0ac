import { crc32 } from 'node:zlib';
import type { Operation } from '../../store/level.ts';
import { splitDot } from './dot-set.ts';
import type { Cut, Example } from './example.ts';
import type { LedgerChange } from './ledger.ts';
import { isExamplePart, type Part, partKey } from './part.ts';

/**
 * The first letter of a key, by kind of record. Lower-case letters are of an earlier version, without a checksum
 * before the value. The store's identity is recorded at both ends, since nothing else is of use without it.
 */
export const letters = {
  meta: 'A',
  item: 'I',
  total: 'N',
  part: 'P',
  thumbnail: 'T',
  value: 'V',
  metaAgain: 'Z',
} as const;
export const oldMeta = 'meta';

/** Of what this version writes. */
export const ledgerFormat = 2;

/** The node, its space, and the replica that assigns its dots. */
export interface Meta {
  readonly format: typeof ledgerFormat;
  readonly space: string;
  readonly dimension: number;
  readonly node: string;
  readonly replica: string;
}

/** Totals over all parts, by which a lost change is noticed. */
export interface Total {
  /** Number of changes so far; each part has the number of its last one. */
  readonly changes: number;
  /** The sum of those numbers. */
  readonly sum: number;
  /** Examples and cuts. */
  readonly items: number;
}

/** A part without its items. */
export interface PartRecord {
  readonly node: string;
  readonly head?: string;
  readonly label?: string;
  readonly seen: readonly [string, number][];
  /** The items present, by replica: one that is not found was lost, not forgotten. Absent in earlier versions. */
  readonly there?: Readonly<Record<string, readonly number[]>>;
  readonly change?: number;
}

// With its part, since a faulty node may assign another one's dot.
export const itemKey = (id: string, part: string) => `${letters.item}${id} ${part}`;
export const thumbnailKey = (id: string) => `${letters.thumbnail}${id}`;
export const valueKey = (name: string) => `${letters.value}${name}`;
/** The key of the same record in an earlier version. */
export const oldKey = (key: string) => key.charAt(0).toLowerCase() + key.slice(1);

const checksumBytes = 4;

/** A value is a checksum, which covers the key as well, and the content. */
export function put(key: string, content: Uint8Array): Operation {
  const name = Buffer.from(key);
  const value = Buffer.allocUnsafe(checksumBytes + content.length);
  value.writeUInt32BE(crc32(content, crc32(name)));
  value.set(content, checksumBytes);
  return { type: 'put', key: name, value };
}

/** Of earlier versions too. */
export function del(key: string): Operation[] {
  return [key, oldKey(key)].map((name) => ({ type: 'del', key: Buffer.from(name) }));
}

/** @returns Undefined when it differs from what was written. */
export function contentOf(key: Uint8Array, value: Buffer): Buffer | undefined {
  const content = value.subarray(checksumBytes);
  const fits = value.length >= checksumBytes && value.readUInt32BE() === crc32(content, crc32(key));
  return fits ? content : undefined;
}

export const json = (value: unknown) => Buffer.from(JSON.stringify(value));

export function parsed(content: Buffer | undefined): unknown {
  try {
    return content && JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}

export function metaOperations(meta: Meta): Operation[] {
  return [
    put(letters.meta, json(meta)),
    put(letters.metaAgain, json(meta)),
    { type: 'del', key: Buffer.from(oldMeta) },
  ];
}

/** @param number Of the change. */
export function changeOperations({ part, put: items, dropped }: LedgerChange, number: number): Operation[] {
  const name = partKey(part);
  return [
    partOperation(part, number),
    ...items.map((item) => put(itemKey(item.id, name), encodeItem(item))),
    ...dropped.flatMap((id) => [...del(itemKey(id, name)), ...del(thumbnailKey(id))]),
  ];
}

export function partOperation(part: Part, change: number): Operation {
  const there: Record<string, number[]> = {};
  for (const { replica, counter } of [...part.items.keys()].map(splitDot)) (there[replica] ??= []).push(counter);
  const { node, seen } = part;
  const fields = isExamplePart(part) ? { node, head: part.head, label: part.label } : { node };
  const record: PartRecord = { ...fields, seen: [...seen], there, change };
  return put(`${letters.part}${partKey(part)}`, json(record));
}

/** The fields in JSON, their length before them, the values after them. */
export function encodeItem(item: Example | Cut): Buffer {
  const { values, scale } = 'embedding' in item ? item.embedding : { values: new Int8Array(), scale: 0 };
  const fields = json('embedding' in item ? { ...item, embedding: undefined, scale } : item);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(fields.length);
  return Buffer.concat([length, fields, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

/** @returns Undefined when it is not one. The values of its fields are not checked. */
export function decodeItem(content: Buffer): Example | Cut | undefined {
  const end = content.length < 4 ? 0 : 4 + content.readUInt32LE();
  const fields = end <= content.length ? parsed(content.subarray(4, end)) : undefined;
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { scale, ...others } = fields as Record<string, unknown>;
  if (scale === undefined) return others as unknown as Cut;
  return { ...others, embedding: { values: new Int8Array(content.subarray(end)), scale } } as unknown as Example;
}
