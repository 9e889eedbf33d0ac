import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { assertKind, assertShape } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { type Logger, silent } from '../../base/log.ts';
import { assertRoom, probe, UnavailableError } from '../../store/disk.ts';
import { bytesOf, encodings, Level, type Operation } from '../../store/level.ts';
import type { CutTarget, Draft, Example } from './example.ts';
import { Ledger, type LedgerChange, type LedgerLimits } from './ledger.ts';
import {
  changeOperations,
  contentOf,
  del,
  json,
  letters,
  type Meta,
  metaOperations,
  oldKey,
  put,
  type Total,
  thumbnailKey,
  valueKey,
} from './ledger-records.ts';
import { countOf, rewritten } from './ledger-rewrite.ts';
import { type Part, partKey } from './part.ts';
import { DamagedError, readLedger, readMeta, type StoredLedger } from './stored-ledger.ts';
import { type Progress, Witness } from './witness.ts';

export interface LedgerStoreOptions {
  /** The hash of backbone, preprocessing and dimension. */
  readonly space: string;
  readonly dimension: number;
  readonly node: string;
  /** A store that has another node's name keeps it. Default: it is a copy, and becomes another replica. */
  readonly keepNode?: boolean;
  readonly limits?: Partial<LedgerLimits>;
  readonly now?: () => number;
  readonly logger?: Logger;
  /** Is told which parts changed, once that is on disk. Must not throw. */
  readonly onChange?: (parts: readonly Part[]) => void;
}

const mostThumbnailBytes = 64 << 10;

/** It is in use, or the disk does not take it: it can be opened once that is over. */
export class StoreUnavailableError extends InputError {
  override name = 'StoreUnavailableError';
}

/**
 * The ledger on disk (LevelDB). What a method has returned from is there after a `kill -9` or a power cut: each change
 * is one batch, written through to the disk. After a write that failed memory has what was acknowledged, and before the
 * next one the store is opened anew: LevelDB would go on writing behind a record that is cut off, and not find it again.
 *
 * Thumbnails lie beside the examples, for the owner to look at. They never leave the store.
 *
 * @example
 * const store = await LedgerStore.open('data/learn', { space, dimension: 1280, node: 'porch' });
 * await store.teach({ label: 'my cat', camera: 'door', kind: 'track', embedding }, jpeg);
 * await store.merge(readBundle(payload, store.ledger).parts);
 */
export class LedgerStore {
  readonly #folder: string;
  readonly #options: LedgerStoreOptions;
  readonly #logger: Logger;
  /** Undefined: it was closed for being opened anew, which failed. */
  #level: Level | undefined;
  #witness: Witness | undefined;
  #ledger!: Ledger;
  #total: Total = { changes: 0, sum: 0, items: 0 };
  /** By part, the number of its last change. */
  #changeOf: ReadonlyMap<string, number> = new Map();
  /** What the change under way does to the ledger. */
  #changes: LedgerChange[] = [];
  #damage: string | undefined;
  /** A write failed: what is on disk is not known for sure. */
  #isSuspect = false;
  /** It could not be put into the newer form. */
  #staysOld = false;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, options: LedgerStoreOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#logger = options.logger ?? silent;
  }

  /** Is there a store in this folder? */
  static exists(folder: string): boolean {
    // One that is damaged, too.
    return (
      existsSync(folder) && readdirSync(folder).some((name) => /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb))$/.test(name))
    );
  }

  /**
   * Opens the store in a folder, or makes one there. One process at a time, and there once. A damaged one is repaired, or
   * moved aside where that is not possible, as `Level.open` does; `damage` says so.
   *
   * @throws InputError when it is of another space; StoreUnavailableError when the folder cannot be used or is in use.
   */
  static async open(folder: string, options: LedgerStoreOptions): Promise<LedgerStore> {
    assertKind('LedgerStore.open: folder', folder, 'text');
    assertShape('LedgerStore.open: options', options, { space: 'text', dimension: 'number', node: 'text' });
    const store = new LedgerStore(folder, options);
    try {
      await store.#open();
      return store;
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${folder}: ${error.message}`);
      const reason = messageOf(error);
      if (error instanceof UnavailableError && reason === 'another process uses it') {
        throw new StoreUnavailableError(
          `${folder}: is in use by another process; a node that runs is taught on its page or over MQTT (request/teach), or stop it first`,
        );
      }
      if (error instanceof UnavailableError && reason === 'this process uses it already') {
        throw new StoreUnavailableError(
          `${folder}: is in use by this process already: use the store that is open, or close it first`,
        );
      }
      throw new StoreUnavailableError(`${folder}: cannot be opened as a store of examples: ${reason}`);
    }
  }

  /** What was wrong when it was opened and what came of it, for a person; undefined: nothing. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /** To read from; what changes it goes through the store. When the store was opened anew after a write that failed, it is another object. */
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
    const [example] = await this.teachAll([{ draft, ...(thumbnail && { thumbnail }) }]);
    return example!;
  }

  /** Several at once, in one write: all of them, or none. @throws InputError as `teach` does. */
  async teachAll(
    lessons: readonly { readonly draft: Draft; readonly thumbnail?: Uint8Array }[],
  ): Promise<readonly Example[]> {
    for (const { thumbnail } of lessons) {
      if (!thumbnail || thumbnail.length <= mostThumbnailBytes) continue;
      throw new InputError(`thumbnail: expected at most ${mostThumbnailBytes} bytes, got ${thumbnail.length}`);
    }
    return this.#write((ledger) => {
      const result = lessons.map(({ draft }) => ledger.teach(draft));
      const also = lessons.flatMap(({ thumbnail }, i) =>
        thumbnail ? [put(thumbnailKey(result[i]!.id), thumbnail)] : [],
      );
      return { result, also };
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
    return this.#take(async () => read(this.#ledger));
  }

  /** The picture that was kept of an example; undefined too where it was damaged. */
  async thumbnail(id: string): Promise<Uint8Array | undefined> {
    return this.#take(async () => (await this.#get(thumbnailKey(id))) ?? undefined);
  }

  /**
   * Values of somebody else's in the same store: what heads there are. Either all or none of them are on disk, and all
   * are when this returns; undefined takes one away.
   */
  putValues(values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const operations = [...values].flatMap(([name, value]) =>
      // Of an earlier version, it would be found where the newer one is damaged.
      value ? [...del(valueKey(name)).slice(1), put(valueKey(name), value)] : del(valueKey(name)),
    );
    return this.#change(() => this.#batch(operations));
  }

  /** Those that begin so. */
  valueNames(prefix: string): Promise<string[]> {
    return this.#take(async () => {
      const names = new Set<string>();
      for (const first of [valueKey(prefix), oldKey(valueKey(prefix))]) {
        const range = { gte: Buffer.from(first), lt: Buffer.concat([Buffer.from(first), Buffer.from([0xff])]) };
        for (const key of (await this.#level?.db.keys({ ...range, ...encodings }).all()) ?? []) {
          names.add(key.toString().slice(valueKey('').length));
        }
      }
      return [...names];
    });
  }

  /** @throws InputError when it is not as it was put. */
  async value(name: string): Promise<Uint8Array | undefined> {
    const value = await this.#take(() => this.#get(valueKey(name)));
    if (value === null) throw new InputError(`${name}: is damaged`);
    return value;
  }

  /** What was asked for before is done; what comes later is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#close();
  }

  /** `close()`, for `await using store = await LedgerStore.open(folder, options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const [level, witness] = [this.#level, this.#witness];
    this.#level = undefined;
    this.#witness = undefined;
    await witness?.close();
    await level?.close();
  }

  /** One after the other, so that what is in memory and what is on disk change in the same order. */
  #take<T>(what: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(what);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** The same for what writes. */
  #change<T>(what: () => Promise<T>): Promise<T> {
    // Else who comes late would open the folder again, which nobody closes then.
    if (this.#isClosed) return Promise.reject(new InputError(`${this.#folder}: is closed`));
    return this.#take(async () => {
      await this.#mend();
      return what();
    });
  }

  #write<T>(change: (ledger: Ledger) => { result: T; also?: Operation[] }): Promise<T> {
    return this.#change(async () => {
      try {
        const { result, also = [] } = change(this.#ledger);
        const changes = await this.#keep(also);
        if (changes.length > 0) {
          // Of a part that changed twice the last state is its state.
          const parts = new Map(changes.map(({ part }) => [partKey(part), part]));
          this.#options.onChange?.([...parts.values()]);
        }
        return result;
      } catch (error) {
        this.#undo();
        throw error;
      }
    });
  }

  /** Writes what was changed in memory. */
  async #keep(also: readonly Operation[]): Promise<readonly LedgerChange[]> {
    const changes = this.#changes;
    let { changes: count, sum, items } = this.#total;
    const numbers = new Map(this.#changeOf);
    const operations = [...also];
    for (const change of changes) {
      const name = partKey(change.part);
      count++;
      sum += count - (numbers.get(name) ?? 0);
      numbers.set(name, count);
      operations.push(...changeOperations(change, count));
    }
    if (changes.length > 0) items = countOf(this.#ledger);
    const total = { changes: count, sum, items };
    if (changes.length > 0) operations.push(put(letters.total, json(total)));
    await this.#batch(operations);
    this.#total = total;
    this.#changeOf = numbers;
    this.#changes = [];
    if (changes.length > 0) await this.#note();
    return changes;
  }

  async #note(): Promise<void> {
    const { changes, items } = this.#total;
    await this.#witness?.note({ replica: this.#ledger.replica, changes, items });
  }

  /** What was changed in memory and is not on disk was not acknowledged. */
  #undo(): void {
    for (const { undo } of this.#changes.toReversed()) undo();
    this.#changes = [];
  }

  async #batch(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return;
    if (!this.#level) throw new InputError(`${this.#folder}: is closed`);
    try {
      await this.#level.write(operations, true);
    } catch (error) {
      this.#isSuspect = true;
      throw cannotWrite(this.#folder, messageOf((error as Error).cause ?? error));
    }
  }

  /**
   * After a write that failed: opens the store anew, once there is room. What could not be acknowledged may be there then,
   * whole.
   */
  async #mend(): Promise<void> {
    if (!this.#isSuspect) return;
    const before = this.#ledger;
    try {
      // While the old one is open, what it has can be read.
      if (this.#level) await probe(this.#folder);
      await this.#close();
      await this.#open();
    } catch (error) {
      throw error instanceof InputError ? error : cannotWrite(this.#folder, messageOf(error));
    }
    this.#isSuspect = false;
    const known = new Map(before.parts().map((part) => [partKey(part), json([...part.items.keys()]).toString()]));
    const others = this.#ledger
      .parts()
      .filter((part) => known.get(partKey(part)) !== json([...part.items.keys()]).toString());
    if (others.length > 0) this.#options.onChange?.(others);
  }

  /** @returns Null when it is not what was written. */
  async #get(key: string): Promise<Uint8Array | undefined | null> {
    const value = await this.#level?.db.get(Buffer.from(key), encodings);
    if (value) return contentOf(Buffer.from(key), value) ?? null;
    return this.#level?.db.get(Buffer.from(oldKey(key)), encodings);
  }

  async #open(): Promise<void> {
    for (const damage of [undefined, 'new', 'repaired'] as const) {
      const level = await Level.open(this.#folder, {
        ...{ title: 'learning: the store', contents: 'examples', writer: 'learning', logger: this.#logger, damage },
      });
      this.#level = level;
      this.#witness = await Witness.open(this.#folder);
      try {
        await this.#load(level, await this.#witness.read());
        return;
      } catch (error) {
        await this.#close();
        if (damage === 'repaired' || !isDamage(error)) throw error;
      }
    }
  }

  async #load({ db, damage: found, isCut }: Level, witness: Progress | undefined): Promise<void> {
    const { space, dimension, keepNode } = this.#options;
    const known = await readMeta(db);
    const node = keepNode && known ? known.node : this.#options.node;
    if (known && (known.space !== space || known.dimension !== dimension)) {
      throw new InputError(
        `expected examples of space ${space}, got ${known.space}: use another folder for this network`,
      );
    }
    const stored = await readLedger(db, dimension);
    const isBehind =
      witness !== undefined && witness.replica === known?.replica && witness.changes > stored.total.changes;
    const behind = isBehind ? `its last changes are missing: ${witness.changes - stored.total.changes}` : undefined;
    const damage = [found, behind].filter((one) => one !== undefined).join('; ') || undefined;
    const isHarmed = damage !== undefined || stored.isDamaged;
    // Where a write failed before, the end of the log is what was not acknowledged.
    const isShort = isCut && !this.#isSuspect;
    const isSame = known !== undefined && known.node === node && !isHarmed && !isShort;
    // Another name is another node: a copied card must not give dots that the first one gives too. Nor must one give
    // those again that it gave and does not know of any more.
    const replica = isSame ? known.replica : randomBytes(8).toString('hex');
    const meta: Meta = { format: 2, space, dimension, node, replica };
    this.#ledger = new Ledger({
      ...this.#options,
      node,
      replica,
      parts: stored.parts,
      onChange: (change) => void this.#changes.push(change),
    });
    this.#changes = [];
    this.#total = stored.total;
    this.#changeOf = stored.changes;
    if (isShort && !isHarmed) {
      this.#damage = 'the end of its log is cut off: what was being taught when the power failed is not there';
      this.#logger.warn(`learning: the store in ${this.#folder}: ${this.#damage}`);
    }
    const lost = Math.max(stored.lost, isBehind ? witness.items - stored.total.items : 0);
    if (isHarmed) await this.#rescue(meta, { ...stored, lost }, damage);
    else {
      if (!isSame) await this.#batch(metaOperations(meta));
      await this.#renew(meta, stored);
    }
  }

  /** What survived in a damaged part is taught anew, under ids that nobody has. */
  async #rescue(meta: Meta, { survivors, lost }: StoredLedger, damage: string | undefined): Promise<void> {
    const pictures: Operation[] = [];
    let missing = lost;
    for (const item of survivors) {
      try {
        if ('embedding' in item) {
          const { id } = this.#ledger.teach({ ...item, from: item.id });
          const picture = await this.#get(thumbnailKey(item.id));
          if (picture) pictures.push(put(thumbnailKey(id), picture));
        } else if (item.node === meta.node) this.#ledger.recut(item);
        else missing++;
      } catch {
        missing++;
      }
    }
    await this.#rewrite(meta, pictures);
    const loss = missing > 0 ? `${missing} of its examples and cuts are lost` : 'no example is known to be lost';
    this.#damage = `${damage ?? 'some of it is not as it was written'}; ${loss}`;
    this.#logger.error(`learning: the store in ${this.#folder}: ${this.#damage}`);
  }

  /** Of an earlier version: in the form that can be checked. Where the disk is full, it stays as it is. */
  async #renew(meta: Meta, { isOld }: StoredLedger): Promise<void> {
    if (this.#staysOld) return;
    this.#ledger.renewCuts();
    try {
      if (isOld) await this.#rewrite(meta, []);
      else if (this.#changes.length > 0) await this.#keep([]);
    } catch (error) {
      this.#undo();
      this.#staysOld = true;
      this.#logger.warn(`learning: the store stays in its old form: ${messageOf(error)}`);
      if (!this.#isSuspect) return;
      // What comes next must not be written behind what was written of it.
      await this.#close();
      await this.#open();
      this.#isSuspect = false;
    }
  }

  /** All that is in memory takes the place of all that is on disk. */
  async #rewrite(meta: Meta, also: readonly Operation[]): Promise<void> {
    const { operations, total, numbers } = await rewritten(this.#level!.db, this.#ledger, meta, also);
    await assertRoom(this.#folder, bytesOf(operations));
    await this.#batch(operations);
    this.#total = total;
    this.#changeOf = numbers;
    this.#changes = [];
    await this.#note();
  }
}

function cannotWrite(folder: string, reason: string): InputError {
  return new InputError(`${folder}: cannot be written: ${reason}; try again when that is mended`);
}

/** Else it may be that the disk cannot be read now, or it is somebody else's fault. */
function isDamage(error: unknown): boolean {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: { code?: string } };
  return (
    error instanceof DamagedError ||
    [code, cause?.code].includes('LEVEL_CORRUPTION') ||
    // A table that is gone, and one that is empty, which cannot be mapped.
    (code === 'LEVEL_IO_ERROR' && /No such file|Invalid argument/.test(message ?? ''))
  );
}
