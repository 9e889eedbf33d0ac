import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { InputError, messageOf } from '../errors.ts';
import type { Cut, CutTarget, Draft, Example } from './example.ts';
import { Ledger, type LedgerChange, type LedgerLimits } from './ledger.ts';
import { isExamplePart, type Part, partKey, storedSeen } from './part.ts';

export interface LedgerStoreOptions {
  /** The hash of backbone, preprocessing and dimension. */
  readonly space: string;
  readonly dimension: number;
  readonly node: string;
  /** A store that has another node's name keeps it. Default: it is a copy, and becomes another replica. */
  readonly keepNode?: boolean;
  readonly limits?: Partial<LedgerLimits>;
  readonly now?: () => number;
  /** Is told which parts changed, once that is on disk. Must not throw. */
  readonly onChange?: (parts: readonly Part[]) => void;
}

/** The node, its space, and the replica that gives its dots. */
interface Meta {
  readonly format: 1;
  readonly space: string;
  readonly dimension: number;
  readonly node: string;
  readonly replica: string;
}

type Operation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string };

const mostThumbnailBytes = 64 << 10;

/**
 * The ledger on disk (LevelDB). What a method has returned from is there after a `kill -9` or a power cut: each change
 * is one batch, written through to the disk.
 *
 * Thumbnails lie beside the examples, for the owner to look at. They never leave the store.
 *
 * @example
 * const store = await LedgerStore.open('data/learn', { space, dimension: 1280, node: 'porch' });
 * await store.teach({ label: 'my cat', camera: 'door', kind: 'track', embedding }, jpeg);
 * await store.merge(readBundle(payload, store.ledger).parts);
 */
export class LedgerStore {
  readonly #db: ClassicLevel<string, Uint8Array>;
  readonly #options: LedgerStoreOptions;
  #ledger!: Ledger;
  #changes: LedgerChange[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(db: ClassicLevel<string, Uint8Array>, options: LedgerStoreOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** Is there a store in this folder? */
  static exists(folder: string): boolean {
    // What LevelDB finds the rest of its files by.
    return existsSync(join(folder, 'CURRENT'));
  }

  /**
   * Opens the store in a folder, or makes one there. One process at a time.
   *
   * @throws InputError when the folder cannot be used, is in use, or is of another space.
   */
  static async open(folder: string, options: LedgerStoreOptions): Promise<LedgerStore> {
    // Who imports the library and opens no store need not load the native one.
    const { ClassicLevel } = await import('classic-level');
    const db = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' });
    try {
      await db.open();
    } catch (error) {
      const { cause } = error as { cause?: Error & { code?: string } };
      if (cause?.code === 'LEVEL_LOCKED') {
        throw new InputError(
          `${folder}: is in use by another process; a node that runs is taught on its page or over MQTT (request/teach), or stop it first`,
        );
      }
      throw new InputError(`${folder}: cannot be opened as a store of examples: ${messageOf(cause ?? error)}`);
    }
    const store = new LedgerStore(db, options);
    try {
      await store.#load();
    } catch (error) {
      await db.close();
      throw error instanceof InputError ? new InputError(`${folder}: ${error.message}`) : error;
    }
    return store;
  }

  /** To read from; what changes it goes through the store. After a write that failed it is another object. */
  get ledger(): Omit<Ledger, 'teach' | 'relabel' | 'forget' | 'withdraw' | 'merge'> {
    return this.#ledger;
  }

  /**
   * Adds an example.
   *
   * @param thumbnail A small picture, at most 64 kB, kept here only.
   * @throws InputError as `Ledger.teach` does.
   */
  async teach(draft: Draft, thumbnail?: Uint8Array): Promise<Example> {
    if (thumbnail && thumbnail.length > mostThumbnailBytes) {
      throw new InputError(`thumbnail: expected at most ${mostThumbnailBytes} bytes, got ${thumbnail.length}`);
    }
    return this.#write((ledger) => {
      const example = ledger.teach(draft);
      return { result: example, also: thumbnail ? [put(thumbnailKey(example.id), thumbnail)] : [] };
    });
  }

  /** @throws InputError as `Ledger.relabel` does. */
  async relabel(id: string, to: { label: string; head?: string; negative?: boolean }): Promise<Example> {
    const thumbnail = await this.thumbnail(id);
    return this.#write((ledger) => {
      const example = ledger.relabel(id, to);
      return { result: example, also: thumbnail ? [put(thumbnailKey(example.id), thumbnail)] : [] };
    });
  }

  /** @throws InputError as `Ledger.forget` does. */
  forget(target: CutTarget, reason?: string): Promise<number> {
    return this.#write((ledger) => ({ result: ledger.forget(target, reason) }));
  }

  /** @throws InputError as `Ledger.withdraw` does. */
  withdraw(cutId: string): Promise<void> {
    return this.#write((ledger) => ({ result: ledger.withdraw(cutId) }));
  }

  /** @throws InputError as `Ledger.merge` does. */
  merge(parts: readonly Part[]): Promise<Part[]> {
    return this.#write((ledger) => ({ result: ledger.merge(parts) }));
  }

  /**
   * Reads when no change is under way: `ledger` may be ahead of the disk for a moment, and who tells others must not be.
   *
   * @param read What it is given is valid until it returns.
   */
  read<T>(read: (ledger: LedgerStore['ledger']) => T): Promise<T> {
    const result = this.#turn.then(() => read(this.#ledger));
    this.#turn = result.catch(() => {});
    return result;
  }

  /** The picture that was kept of an example. */
  async thumbnail(id: string): Promise<Uint8Array | undefined> {
    return this.#db.get(thumbnailKey(id));
  }

  /**
   * Values of somebody else's in the same store: what heads there are. Either all or none of them are on disk, and all
   * are when this returns; undefined takes one away.
   */
  async putValues(values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const changes = [...values].map(([name, value]) =>
      value ? put(valueKey(name), value) : ({ type: 'del', key: valueKey(name) } as const),
    );
    await this.#db.batch(changes, { sync: true });
  }

  async value(name: string): Promise<Uint8Array | undefined> {
    return this.#db.get(valueKey(name));
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#db.close();
  }

  /** One after the other, so that what is in memory and what is on disk change in the same order. */
  #write<T>(change: (ledger: Ledger) => { result: T; also?: Operation[] }): Promise<T> {
    const run = async (): Promise<T> => {
      this.#changes = [];
      try {
        const { result, also = [] } = change(this.#ledger);
        const changes = this.#changes;
        await this.#db.batch([...changes.flatMap(operations), ...also], { sync: true });
        if (changes.length > 0) {
          // Of a part that changed twice the last state is its state.
          const parts = new Map(changes.map(({ part }) => [partKey(part), part]));
          this.#options.onChange?.([...parts.values()]);
        }
        return result;
      } catch (error) {
        // What was changed in memory and is not on disk was not acknowledged: back to what is on disk.
        if (this.#changes.length > 0) await this.#load();
        throw error;
      }
    };
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #load(): Promise<void> {
    const { space, dimension, keepNode } = this.#options;
    const stored = await this.#db.get('meta');
    let meta = stored && (parse(stored) as unknown as Meta);
    const node = keepNode && meta ? meta.node : this.#options.node;
    if (meta && (meta.space !== space || meta.dimension !== dimension)) {
      throw new InputError(
        `expected examples of space ${space}, got ${meta.space}: use another folder for this network`,
      );
    }
    // Another name is another node: a copied card must not give dots that the first one gives too.
    if (!meta || meta.node !== node) {
      meta = { format: 1, space, dimension, node, replica: randomBytes(8).toString('hex') };
      await this.#db.put('meta', Buffer.from(JSON.stringify(meta)), { sync: true });
    }
    const parts = new Map<string, Part>();
    for await (const [key, value] of this.#db.iterator({ gte: 'p', lt: 'q' })) {
      const { seen, ...part } = parse(value);
      const whole = { ...part, seen: storedSeen(seen as unknown[][]), items: new Map() } as unknown as Part;
      parts.set(key.slice(1), whole);
    }
    for await (const [key, value] of this.#db.iterator({ gte: 'i', lt: 'j' })) {
      const item = decode(value);
      const part = parts.get(partKey(item));
      if (!part) throw new InputError(`damaged: no part of ${key}`);
      (part.items as Map<string, Example | Cut>).set(item.id, item);
    }
    this.#ledger = new Ledger({
      ...this.#options,
      node,
      replica: meta.replica,
      parts: [...parts.values()],
      onChange: (change) => void this.#changes.push(change),
    });
  }
}

function operations({ part, put: items, dropped }: LedgerChange): Operation[] {
  const { node, seen } = part;
  const fields = isExamplePart(part) ? { node, head: part.head, label: part.label } : { node };
  const record = Buffer.from(JSON.stringify({ ...fields, seen: [...seen] }));
  return [
    put(`p${partKey(part)}`, record),
    ...items.map((item) => put(itemKey(item.id, part), encode(item))),
    ...dropped.flatMap((id): Operation[] => [
      { type: 'del', key: itemKey(id, part) },
      { type: 'del', key: thumbnailKey(id) },
    ]),
  ];
}

const put = (key: string, value: Uint8Array): Operation => ({ type: 'put', key, value });
// With its part: a faulty node may give the dot of another.
const itemKey = (id: string, part: Part) => `i${id} ${partKey(part)}`;
const thumbnailKey = (id: string) => `t${id}`;
const valueKey = (name: string) => `v${name}`;
const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;

/** The fields in JSON, their length before them, the values after them. */
function encode(item: Example | Cut): Buffer {
  const { values, scale } = 'embedding' in item ? item.embedding : { values: new Int8Array(), scale: 0 };
  const fields = 'embedding' in item ? { ...item, embedding: undefined, scale } : item;
  const json = Buffer.from(JSON.stringify(fields));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

function decode(bytes: Uint8Array): Example | Cut {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + view.readUInt32LE();
  const { scale, ...fields } = parse(view.subarray(4, end));
  if (scale === undefined) return fields as unknown as Cut;
  const values = new Int8Array(view.subarray(end));
  return { ...fields, embedding: { values, scale } } as unknown as Example;
}
