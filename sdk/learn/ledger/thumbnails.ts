import type { Operation } from '../../store/level.ts';
import { compareIds } from './example.ts';
import type { LedgerDisk } from './ledger-disk.ts';
import { del, put, thumbnailKey } from './ledger-records.ts';

/** How many small pictures of examples are kept. Of more, the oldest go. */
export interface ThumbnailLimits {
  /** Pictures that are kept. */
  readonly count: number;
  /** Of all of them together. */
  readonly bytes: number;
}

/** A picture of 256 pixels a side has some 10 kB: about as many lessons as a year of teaching, and little on any card. */
export const defaultThumbnailLimits: ThumbnailLimits = { count: 1000, bytes: 16 << 20 };

/** Which pictures of examples are kept, and how many bytes each has, so that the oldest go in time. */
export class Thumbnails {
  readonly #disk: LedgerDisk;
  readonly #limits: ThumbnailLimits;
  /** By id, the oldest first. Read when the first one is written: who teaches nothing pays nothing. */
  #bytes: Map<string, number> | undefined;

  constructor(disk: LedgerDisk, limits: ThumbnailLimits) {
    this.#disk = disk;
    this.#limits = limits;
  }

  /** Before `puts`. @param replica Of the store: what it taught is newer than what others did before it. */
  async load(replica: string): Promise<void> {
    if (this.#bytes) return;
    const found = await this.#disk.sizes(thumbnailKey(''));
    const isOwn = (id: string) => (id.startsWith(replica) ? 1 : 0);
    const sorted = found
      .map(([key, bytes]) => [key.slice(thumbnailKey('').length), bytes] as const)
      .sort(([a], [b]) => isOwn(a) - isOwn(b) || compareIds(a, b));
    this.#bytes = new Map(sorted);
  }

  /** A write failed: what is on disk is no longer known. */
  forget(): void {
    this.#bytes = undefined;
  }

  /**
   * The operations that write these, and delete the oldest where there would be too many.
   *
   * @param isThere Whether there still is such an example: its picture went with it else.
   */
  puts(pictures: readonly (readonly [id: string, jpeg: Uint8Array])[], isThere: (id: string) => boolean): Operation[] {
    const known = this.#bytes ?? new Map<string, number>();
    for (const id of known.keys()) if (!isThere(id)) known.delete(id);
    for (const [id, jpeg] of pictures) known.set(id, jpeg.length);
    let total = [...known.values()].reduce((sum, bytes) => sum + bytes, 0);
    const gone = new Set<string>();
    for (const [id, bytes] of known) {
      if (known.size - gone.size <= this.#limits.count && total <= this.#limits.bytes) break;
      gone.add(id);
      total -= bytes;
    }
    for (const id of gone) known.delete(id);
    return [
      ...[...gone].flatMap((id) => del(thumbnailKey(id))),
      ...pictures.filter(([id]) => !gone.has(id)).map(([id, jpeg]) => put(thumbnailKey(id), jpeg)),
    ];
  }
}
