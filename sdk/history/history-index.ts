import { dayOf } from './days.ts';
import type { HistoryDay } from './stored-event.ts';

/** What is known of an event without reading it. */
export interface IndexRow {
  readonly place: number;
  readonly id: string;
  /** Seconds since 1970. */
  readonly startTime: number;
  /** Of its record. */
  bytes: number;
  /** 0: none. */
  picture: number;
  pictureBytes: number;
}

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

  /** Of the newest; 0 before the first. */
  get lastPlace(): number {
    return this.#lastPlace;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Of records and pictures. */
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
  }

  /** Appends an event that has neither record nor picture yet. */
  begin(id: string, startTime: number): IndexRow {
    const row = { place: this.#lastPlace + 1, id, startTime, bytes: 0, picture: 0, pictureBytes: 0 };
    this.append(row);
    return row;
  }

  /** Gives it a new picture. */
  numberPicture(row: IndexRow, pictureBytes: number): void {
    this.change(row, { picture: ++this.#lastPicture, pictureBytes });
  }

  find(id: string): IndexRow | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#rows.get(place);
  }

  at(place: number): IndexRow | undefined {
    return this.#rows.get(place);
  }

  change(row: IndexRow, { bytes, picture, pictureBytes }: Partial<IndexRow>): void {
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
    for (const { startTime, bytes, pictureBytes } of this.#rows.values()) {
      const day = dayOf(startTime);
      const { events, bytes: sum } = days.get(day) ?? { events: 0, bytes: 0 };
      days.set(day, { events: events + 1, bytes: sum + bytes + pictureBytes });
    }
    return [...days].map(([day, of]) => ({ day, ...of })).sort((a, b) => (a.day < b.day ? 1 : -1));
  }
}
