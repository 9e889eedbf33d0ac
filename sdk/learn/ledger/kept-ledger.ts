import { randomBytes } from 'node:crypto';
import { InputError, messageOf } from '../../base/errors.ts';
import { otherClassifier } from '../../config/schema.ts';
import { assertRoom } from '../../store/disk.ts';
import { bytesOf, type Level, type Operation } from '../../store/level.ts';
import { Ledger, type LedgerChange, type LedgerOptions } from './ledger.ts';
import type { LedgerDisk } from './ledger-disk.ts';
import {
  changeOperations,
  json,
  letters,
  type Meta,
  metaOperations,
  put,
  type Total,
  thumbnailKey,
} from './ledger-records.ts';
import { countOf, rewritten } from './ledger-rewrite.ts';
import { partKey } from './part.ts';
import { DamagedError, readLedger, readMeta, type StoredLedger } from './stored-ledger.ts';
import type { Progress } from './witness.ts';

/** What examples of one embedding network have in common. */
export interface Space {
  readonly space: string;
  readonly dimension: number;
}

export interface KeptLedgerOptions extends Pick<LedgerOptions, 'space' | 'dimension' | 'node' | 'limits' | 'now'> {
  /** A store that exists may be of one of these instead, and stays so. */
  readonly others?: readonly Space[];
  /** A store with another node's name keeps that name. Default: it is a copy, and becomes another replica. */
  readonly keepNode?: boolean;
}

/** A ledger and its copy on disk. A change in memory is stored, or undone. */
export class KeptLedger {
  readonly #disk: LedgerDisk;
  readonly #options: KeptLedgerOptions;
  #ledger!: Ledger;
  #total: Total = { changes: 0, sum: 0, items: 0 };
  /** The number of each part's last change. */
  #changeOf: ReadonlyMap<string, number> = new Map();
  /** What the current change does to the ledger. */
  #changes: LedgerChange[] = [];
  #damage: string | undefined;
  /** It could not be converted to the newer form. */
  #staysOld = false;

  constructor(disk: LedgerDisk, options: KeptLedgerOptions) {
    this.#disk = disk;
    this.#options = options;
  }

  /** Valid after `open()`; replaced by the next `open()`. */
  get ledger(): Ledger {
    return this.#ledger;
  }

  /** What was wrong when it was opened and what was done about it, for people; undefined: nothing. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /** Opens the store and reads it; a damaged one is repaired, or moved aside where that is not possible. */
  async open(): Promise<void> {
    for (const damage of [undefined, 'new', 'repaired'] as const) {
      const level = await this.#disk.open(damage);
      try {
        await this.#load(level, await this.#disk.progress());
        return;
      } catch (error) {
        await this.#disk.close();
        if (damage === 'repaired' || !isDamage(error)) throw error;
      }
    }
  }

  /** Writes what was changed in memory. @param also What else is written in the same batch: all or nothing. */
  async keep(also: readonly Operation[]): Promise<readonly LedgerChange[]> {
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
    await this.#disk.write(operations);
    this.#total = total;
    this.#changeOf = numbers;
    this.#changes = [];
    if (changes.length > 0) await this.#note();
    return changes;
  }

  /** Changes in memory that are not on disk were not acknowledged. */
  undo(): void {
    for (const { undo } of this.#changes.toReversed()) undo();
    this.#changes = [];
  }

  async #load({ db, damage: found, isCut }: Level, witness: Progress | undefined): Promise<void> {
    const { keepNode } = this.#options;
    const known = await readMeta(db);
    const node = keepNode && known ? known.node : this.#options.node;
    const { space, dimension } = this.#spaceOf(known);
    const stored = await readLedger(db, dimension);
    const isBehind =
      witness !== undefined && witness.replica === known?.replica && witness.changes > stored.total.changes;
    const behind = isBehind ? `its last changes are missing: ${witness.changes - stored.total.changes}` : undefined;
    const damage = [found, behind].filter((one) => one !== undefined).join('; ') || undefined;
    const isHarmed = damage !== undefined || stored.isDamaged;
    // If a write failed before, the end of the log is what was not acknowledged.
    const isShort = isCut && !this.#disk.isSuspect;
    const isSame = known !== undefined && known.node === node && !isHarmed && !isShort;
    // Another name is another node: a copied card must not assign dots that the original assigns too. Nor must a store
    // reassign dots that it has lost track of.
    const replica = isSame ? known.replica : randomBytes(8).toString('hex');
    const meta: Meta = { format: 2, space, dimension, node, replica };
    this.#ledger = new Ledger({
      ...this.#options,
      ...{ space, dimension, node, replica },
      parts: stored.parts,
      onChange: (change) => void this.#changes.push(change),
    });
    this.#changes = [];
    this.#total = stored.total;
    this.#changeOf = stored.changes;
    if (isShort && !isHarmed) {
      this.#damage = 'the end of its log is cut off: what was being taught when the power failed is not there';
      this.#disk.logger.warn(`learning: the store in ${this.#disk.folder}: ${this.#damage}`);
    }
    const lost = Math.max(stored.lost, isBehind ? witness.items - stored.total.items : 0);
    if (isHarmed) await this.#rescue(meta, { ...stored, lost }, damage);
    else {
      if (!isSame) await this.#disk.write(metaOperations(meta));
      await this.#renew(meta, stored);
    }
  }

  /** @throws InputError when the store is of none of the spaces that it may be of. */
  #spaceOf(known: Space | undefined): Space {
    const { space, dimension, others = [] } = this.#options;
    const preferred = { space, dimension };
    if (!known) return preferred;
    const own = [preferred, ...others].find((one) => one.space === known.space && one.dimension === known.dimension);
    if (own) return own;
    throw new InputError(
      `expected examples of space ${space}, got ${known.space}: name the network that it was taught with (such as ${otherClassifier}), or use another folder`,
    );
  }

  /** Survivors of a damaged part are taught again, under new ids. */
  async #rescue(meta: Meta, { survivors, lost }: StoredLedger, damage: string | undefined): Promise<void> {
    const pictures: Operation[] = [];
    let missing = lost;
    for (const item of survivors) {
      try {
        if ('embedding' in item) {
          const { id } = this.#ledger.teach({ ...item, from: item.id });
          const picture = await this.#disk.get(thumbnailKey(item.id));
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
    this.#disk.logger.error(`learning: the store in ${this.#disk.folder}: ${this.#damage}`);
  }

  /** Converts a store of an earlier version to the form with checksums. If the disk is full, it stays as it is. */
  async #renew(meta: Meta, { isOld }: StoredLedger): Promise<void> {
    if (this.#staysOld) return;
    this.#ledger.renewCuts();
    try {
      if (isOld) await this.#rewrite(meta, []);
      else if (this.#changes.length > 0) await this.keep([]);
    } catch (error) {
      this.undo();
      this.#staysOld = true;
      this.#disk.logger.warn(`learning: the store stays in its old form: ${messageOf(error)}`);
      if (!this.#disk.isSuspect) return;
      // The next write must not follow a partial one.
      await this.#disk.close();
      await this.open();
      this.#disk.isSuspect = false;
    }
  }

  /** Replaces everything on disk with what is in memory. */
  async #rewrite(meta: Meta, also: readonly Operation[]): Promise<void> {
    const { operations, total, numbers } = await rewritten(this.#disk.db, this.#ledger, meta, also);
    await assertRoom(this.#disk.folder, bytesOf(operations));
    await this.#disk.write(operations);
    this.#total = total;
    this.#changeOf = numbers;
    this.#changes = [];
    await this.#note();
  }
  async #note(): Promise<void> {
    const { changes, items } = this.#total;
    await this.#disk.note({ replica: this.#ledger.replica, changes, items });
  }
}

/** Otherwise the disk may be unreadable only now, or the fault lies elsewhere. */
function isDamage(error: unknown): boolean {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: { code?: string } };
  return (
    error instanceof DamagedError ||
    [code, cause?.code].includes('LEVEL_CORRUPTION') ||
    // A missing table, and an empty one, which cannot be mapped.
    (code === 'LEVEL_IO_ERROR' && /No such file|Invalid argument/.test(message ?? ''))
  );
}
