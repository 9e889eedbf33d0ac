import { existsSync, readdirSync } from 'node:fs';
import { assertKind, assertShape } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { type Logger, silent } from '../../base/log.ts';
import { probe, UnavailableError } from '../../store/disk.ts';
import { assertLessons, type CutTarget, type Draft, type Example } from './example.ts';
import { KeptLedger, type Space } from './kept-ledger.ts';
import type { Ledger, LedgerLimits } from './ledger.ts';
import { cannotWrite, LedgerDisk } from './ledger-disk.ts';
import { del, json, oldKey, put, thumbnailKey, valueKey } from './ledger-records.ts';
import { type Part, partKey } from './part.ts';
import { defaultThumbnailLimits, type ThumbnailLimits, Thumbnails } from './thumbnails.ts';

/** Of what a ledger on disk is made. */
export interface LedgerStoreOptions {
  /** The hash of backbone, preprocessing and dimension. */
  readonly space: string;
  readonly dimension: number;
  /** A store that exists may be of one of these instead, and stays so: `ledger.space` says of which. */
  readonly others?: readonly Space[];
  readonly node: string;
  /** A store with another node's name keeps that name. Default: it is a copy, and becomes another replica. */
  readonly keepNode?: boolean;
  readonly limits?: Partial<LedgerLimits>;
  /** Pictures that are kept beside the examples; of more the oldest go. Default: 1000, 16 MiB together. */
  readonly thumbnails?: Partial<ThumbnailLimits>;
  /** ms since 1970. Default: the clock. */
  readonly now?: () => number;
  readonly logger?: Logger;
  /** Called with the parts that changed, once that is on disk. Must not throw. */
  readonly onChange?: (parts: readonly Part[]) => void;
}

const mostThumbnailBytes = 64 << 10;

/** It is in use, or the disk does not accept writes: it can be opened once that is over. */
export class StoreUnavailableError extends InputError {
  override name = 'StoreUnavailableError';
}

/**
 * The ledger on disk (LevelDB). Once a method has returned, its change survives a `kill -9` or a power cut: each change
 * is one batch, synced to the disk. After a failed write, memory holds what was acknowledged, and before the
 * next one the store is reopened: LevelDB would otherwise write on after a truncated record, and not find that again.
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
  readonly #disk: LedgerDisk;
  readonly #kept: KeptLedger;
  readonly #thumbnails: Thumbnails;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, options: LedgerStoreOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#disk = new LedgerDisk(folder, options.logger ?? silent);
    this.#kept = new KeptLedger(this.#disk, options);
    this.#thumbnails = new Thumbnails(this.#disk, { ...defaultThumbnailLimits, ...options.thumbnails });
  }

  /** Whether there is a store in this folder. */
  static exists(folder: string): boolean {
    // A damaged one counts, too.
    return (
      existsSync(folder) && readdirSync(folder).some((name) => /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb))$/.test(name))
    );
  }

  /**
   * Opens the store in a folder, or creates one there. Only one process can have it open, and only once. A damaged one is
   * repaired, or moved aside where that is not possible, as by `Level.open`; `damage` says so.
   *
   * @throws InputError when it is of another space; StoreUnavailableError when the folder cannot be used or is in use.
   */
  static async open(folder: string, options: LedgerStoreOptions): Promise<LedgerStore> {
    assertKind('LedgerStore.open: folder', folder, 'text');
    assertShape('LedgerStore.open: options', options, { space: 'text', dimension: 'number', node: 'text' });
    const store = new LedgerStore(folder, options);
    try {
      await store.#kept.open();
      return store;
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${folder}: ${error.message}`);
      const user = error instanceof UnavailableError ? error.user : undefined;
      if (user === 'another process') {
        throw new StoreUnavailableError(
          `${folder}: is in use by another process; a node that runs is taught on its page or over MQTT (request/teach), or stop it first`,
        );
      }
      if (user === 'this process') {
        throw new StoreUnavailableError(
          `${folder}: is in use by this process already: use the store that is open, or close it first`,
        );
      }
      throw new StoreUnavailableError(`${folder}: cannot be opened as a store of examples: ${messageOf(error)}`);
    }
  }

  /** What was wrong when it was opened and what was done about it, for people; undefined: nothing. */
  get damage(): string | undefined {
    return this.#kept.damage;
  }

  /**
   * For reading; changes go through the store. After the store was reopened because of a failed write, it is
   * another object.
   */
  get ledger(): Omit<Ledger, 'teach' | 'relabel' | 'forget' | 'withdraw' | 'merge'> {
    return this.#kept.ledger;
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

  /** Adds several in one write: all or none. @throws InputError as `teach` does. */
  async teachAll(
    lessons: readonly { readonly draft: Draft; readonly thumbnail?: Uint8Array }[],
  ): Promise<readonly Example[]> {
    assertLessons('teachAll', lessons);
    for (const { thumbnail } of lessons) {
      if (!thumbnail || thumbnail.length <= mostThumbnailBytes) continue;
      throw new InputError(`thumbnail: expected at most ${mostThumbnailBytes} bytes, got ${thumbnail.length}`);
    }
    const hasPictures = lessons.some(({ thumbnail }) => thumbnail);
    return this.#write(hasPictures, (ledger) => {
      const result = lessons.map(({ draft }) => ledger.teach(draft));
      const pictures = lessons.flatMap(({ thumbnail }, i) => (thumbnail ? [[result[i]!.id, thumbnail] as const] : []));
      return { result, pictures };
    });
  }

  /** @throws InputError as `Ledger.relabel` does. */
  async relabel(id: string, to: { label: string; head?: string; negative?: boolean }): Promise<Example> {
    const thumbnail = await this.thumbnail(id);
    return this.#write(thumbnail !== undefined, (ledger) => {
      const example = ledger.relabel(id, to);
      return { result: example, pictures: thumbnail ? [[example.id, thumbnail]] : [] };
    });
  }

  /** @throws InputError as `Ledger.forget` does. */
  forget(target: CutTarget, reason?: string): Promise<number> {
    return this.#write(false, (ledger) => ({ result: ledger.forget(target, reason) }));
  }

  /** @throws InputError as `Ledger.withdraw` does. */
  withdraw(cutId: string): Promise<void> {
    return this.#write(false, (ledger) => ({ result: ledger.withdraw(cutId) }));
  }

  /** @throws InputError as `Ledger.merge` does. */
  merge(parts: readonly Part[]): Promise<Part[]> {
    return this.#write(false, (ledger) => ({ result: ledger.merge(parts) }));
  }

  /**
   * Reads between changes: `ledger` may be ahead of the disk for a moment, but what is sent to others must not be.
   *
   * @param read Its argument is valid until it returns.
   */
  read<T>(read: (ledger: LedgerStore['ledger']) => T): Promise<T> {
    return this.#take(async () => read(this.#kept.ledger));
  }

  /** The picture stored with an example; also undefined if it was damaged. */
  async thumbnail(id: string): Promise<Uint8Array | undefined> {
    return this.#take(async () => (await this.#disk.get(thumbnailKey(id))) ?? undefined);
  }

  /**
   * Values of another module in the same store, such as the list of heads. Either all or none of them are on disk, and all
   * are when this returns; undefined deletes one.
   */
  putValues(values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const operations = [...values].flatMap(([name, value]) =>
      // One of an earlier version would be found if the newer one is damaged.
      value ? [...del(valueKey(name)).slice(1), put(valueKey(name), value)] : del(valueKey(name)),
    );
    return this.#change(() => this.#disk.write(operations));
  }

  /** Those with this prefix. */
  valueNames(prefix: string): Promise<string[]> {
    return this.#take(async () => {
      const firsts = [valueKey(prefix), oldKey(valueKey(prefix))];
      const keys = await Promise.all(firsts.map((first) => this.#disk.keys(first)));
      return [...new Set(keys.flat().map((key) => key.slice(valueKey('').length)))];
    });
  }

  /** @throws InputError when it differs from what was written. */
  async value(name: string): Promise<Uint8Array | undefined> {
    const value = await this.#take(() => this.#disk.get(valueKey(name)));
    if (value === null) throw new InputError(`${name}: is damaged`);
    return value;
  }

  /** Earlier calls are completed; later ones are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#disk.close();
  }

  /** `close()`, for `await using store = await LedgerStore.open(folder, options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs changes one after the other, so that memory and disk change in the same order. */
  #take<T>(what: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(what);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** The same for writes. */
  #change<T>(what: () => Promise<T>): Promise<T> {
    // Otherwise a late call would open the folder again, and nothing would close it.
    if (this.#isClosed) return Promise.reject(new InputError(`${this.#folder}: is closed`));
    return this.#take(async () => {
      await this.#mend();
      return what();
    });
  }

  #write<T>(
    hasPictures: boolean,
    change: (ledger: Ledger) => { result: T; pictures?: readonly (readonly [id: string, jpeg: Uint8Array])[] },
  ): Promise<T> {
    return this.#change(async () => {
      if (hasPictures) await this.#thumbnails.load(this.#kept.ledger.replica);
      try {
        const { ledger } = this.#kept;
        const { result, pictures = [] } = change(ledger);
        const isThere = (id: string) => ledger.example(id) !== undefined;
        const also = pictures.length > 0 ? this.#thumbnails.puts(pictures, isThere) : [];
        const changes = await this.#kept.keep(also);
        if (changes.length > 0) {
          // For a part that changed twice, the last state counts.
          const parts = new Map(changes.map(({ part }) => [partKey(part), part]));
          this.#options.onChange?.([...parts.values()]);
        }
        return result;
      } catch (error) {
        this.#kept.undo();
        this.#thumbnails.forget();
        throw error;
      }
    });
  }

  /**
   * After a failed write: reopens the store, once there is room. A change that could not be acknowledged may then be
   * present, complete.
   */
  async #mend(): Promise<void> {
    if (!this.#disk.isSuspect) return;
    const before = this.#kept.ledger;
    try {
      // While the old one is open, its content can be read.
      if (this.#disk.isOpen) await probe(this.#folder);
      await this.#disk.close();
      await this.#kept.open();
    } catch (error) {
      throw error instanceof InputError ? error : cannotWrite(this.#folder, messageOf(error));
    }
    this.#disk.isSuspect = false;
    const known = new Map(before.parts().map((part) => [partKey(part), json([...part.items.keys()]).toString()]));
    const others = this.#kept.ledger
      .parts()
      .filter((part) => known.get(partKey(part)) !== json([...part.items.keys()]).toString());
    if (others.length > 0) this.#options.onChange?.(others);
  }
}
