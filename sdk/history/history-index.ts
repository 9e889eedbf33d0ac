import type { Stamp } from '../store/age-clock.ts';
import { dayOf } from './days.ts';
import type { HistoryDay } from './stored-event.ts';

/** What is known of an event without reading it. */
export interface IndexRow {
  readonly place: number;
  readonly id: string;
  /** Seconds since 1970. */
  readonly startTime: number;
  /** When it began, by a clock that nobody sets. Undefined: before anything else, by an earlier version. */
  readonly began?: Stamp | undefined;
  /** Of its record. */
  bytes: number;
  /** 0: none. */
  picture: number;
  pictureBytes: number;
  /** 0: none. Events at the same time may have one together. */
  clip: number;
  clipBytes: number;
  /** Seconds into its clip at which it began. */
  clipAt: number;
}

/** As it may be on disk: earlier versions knew no clips, or not where an event begins in its own. */
export type WrittenRow = Omit<IndexRow, keyof typeof noClip> & Partial<IndexRow>;

/** Of an event without a clip. */
export const noClip = { clip: 0, clipBytes: 0, clipAt: 0 };

/** A camera got another name, which its events up to this place have from then on. */
export interface CameraRename {
  readonly from: string;
  readonly to: string;
  readonly last: number;
}

/** The events in the order in which they began. */
export class HistoryIndex {
  /** By place. */
  readonly #rows = new Map<number, IndexRow>();
  readonly #places = new Map<string, number>();
  /** The oldest first. */
  #renames: readonly CameraRename[] = [];
  #bytes = 0;
  #lastPlace = 0;
  #lastPicture = 0;
  #lastClip = 0;
  /** Events that have it, by clip. */
  readonly #clipUses = new Map<number, number>();

  /** Of the newest; 0 before the first. */
  get lastPlace(): number {
    return this.#lastPlace;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Of records, pictures and clips. */
  get bytes(): number {
    return this.#bytes;
  }

  get renames(): readonly CameraRename[] {
    return this.#renames;
  }

  /** Cameras that got another name. */
  set renames(renames: readonly CameraRename[]) {
    this.#renames = renames;
  }

  /** The renames with another one, of all events so far; without those of events that are gone. */
  renamed(from: string, to: string): CameraRename[] {
    const [first] = this.oldestFirst();
    const oldest = first?.place ?? Number.POSITIVE_INFINITY;
    const kept = this.#renames.filter(({ last }) => last >= oldest);
    const last = this.#lastPlace;
    return oldest > last ? kept : [...kept, { from, to, last }];
  }

  /**
   * The oldest events, as many as are too old or too many; the newest is none of them. Those that began before one that is too
   * old are too, even if it cannot be told of them alone.
   */
  excess(mostEvents: number, mostBytes: number, isTooOld: (row: IndexRow) => boolean): IndexRow[] {
    const excess: IndexRow[] = [];
    let lastOld = 0;
    for (const row of this.oldestFirst()) if (isTooOld(row)) lastOld = row.place;
    let bytes = this.#bytes;
    for (const row of this.oldestFirst()) {
      const isTooMuch = bytes > mostBytes || this.size - excess.length > mostEvents;
      if ((row.place > lastOld && !isTooMuch) || row.place === this.#lastPlace) break;
      excess.push(row);
      bytes -= row.bytes + row.pictureBytes;
    }
    return excess;
  }

  /** What the camera of an event is called now. @param camera As it was called when the event was told. */
  nameOf(place: number, camera: string): string {
    return this.#renames.reduce((name, { from, to, last }) => (name === from && place <= last ? to : name), camera);
  }

  /** @param row Of a place above all others. */
  append(row: IndexRow): void {
    this.#rows.set(row.place, row);
    this.#places.set(row.id, row.place);
    this.#bytes += row.bytes + row.pictureBytes;
    this.#lastPlace = row.place;
    this.#lastPicture = Math.max(this.#lastPicture, row.picture);
    this.#lastClip = Math.max(this.#lastClip, row.clip);
    this.#useClip(row, 1);
  }

  /** Appends an event that has neither record nor picture yet. */
  begin(id: string, startTime: number, began: Stamp): IndexRow {
    const row = {
      place: this.#lastPlace + 1,
      id,
      startTime,
      began,
      bytes: 0,
      picture: 0,
      pictureBytes: 0,
      ...noClip,
    };
    this.append(row);
    return row;
  }

  /** Gives it a new picture. */
  numberPicture(row: IndexRow, pictureBytes: number): void {
    this.change(row, { picture: ++this.#lastPicture, pictureBytes });
  }

  /** A number for a new clip. */
  nextClip(): number {
    return ++this.#lastClip;
  }

  /** Whether an event has it. */
  hasClip(clip: number): boolean {
    return this.#clipUses.has(clip);
  }

  /** Gives an event a clip instead of the one that it has. */
  setClip(row: IndexRow, clip: Pick<IndexRow, keyof typeof noClip>): void {
    this.#useClip(row, -1);
    Object.assign(row, clip);
    this.#useClip(row, 1);
  }

  find(id: string): IndexRow | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#rows.get(place);
  }

  at(place: number): IndexRow | undefined {
    return this.#rows.get(place);
  }

  change(
    row: IndexRow,
    { bytes, picture, pictureBytes }: Partial<Pick<IndexRow, 'bytes' | 'picture' | 'pictureBytes'>>,
  ): void {
    const before = row.bytes + row.pictureBytes;
    if (bytes !== undefined) row.bytes = bytes;
    if (picture !== undefined) row.picture = picture;
    if (pictureBytes !== undefined) row.pictureBytes = pictureBytes;
    this.#bytes += row.bytes + row.pictureBytes - before;
  }

  remove(row: IndexRow): void {
    if (!this.#rows.delete(row.place)) return;
    this.#places.delete(row.id);
    this.#bytes -= row.bytes + row.pictureBytes;
    this.#useClip(row, -1);
  }

  /** The bytes of a clip count once. */
  #useClip({ clip, clipBytes }: IndexRow, by: 1 | -1): void {
    if (clip === 0) return;
    const before = this.#clipUses.get(clip) ?? 0;
    const uses = before + by;
    if (uses > 0) this.#clipUses.set(clip, uses);
    else this.#clipUses.delete(clip);
    if (before === 0 || uses === 0) this.#bytes += by * clipBytes;
  }

  oldestFirst(): Iterable<IndexRow> {
    return this.#rows.values();
  }

  /** Newest first. @param below Only of places below it. */
  newestFirst(below = Number.POSITIVE_INFINITY): IndexRow[] {
    return [...this.#rows.values()].filter(({ place }) => place < below).reverse();
  }

  /** The latest first. */
  days(): HistoryDay[] {
    const days = new Map<string, { events: number; bytes: number }>();
    const clips = new Set<number>();
    for (const { startTime, bytes, pictureBytes, clip, clipBytes } of this.#rows.values()) {
      const day = dayOf(startTime);
      const { events, bytes: sum } = days.get(day) ?? { events: 0, bytes: 0 };
      const own = bytes + pictureBytes + (clips.has(clip) ? 0 : clipBytes);
      clips.add(clip);
      days.set(day, { events: events + 1, bytes: sum + own });
    }
    return [...days].map(([day, of]) => ({ day, ...of })).sort((a, b) => (a.day < b.day ? 1 : -1));
  }
}
