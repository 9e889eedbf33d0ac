import { EventEmitter } from 'node:events';
import { InputError, messageOf } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import { guarded } from '../base/tell.ts';
import { AgeClock, type RunClock, type Stamp } from '../store/age-clock.ts';
import type { EventMessage, ObjectState } from '../vision/event.ts';
import { checkDay, dayOf } from './days.ts';
import { boundClips, clipsOnlyOf, keepClip } from './history-clips.ts';
import { HistoryDisk } from './history-disk.ts';
import { HistoryIndex, type IndexRow } from './history-index.ts';
import { HistoryWriter, mostInMemory } from './history-writer.ts';
import type { HistoryDay, HistoryPage, HistoryQuery, StoredEvent } from './stored-event.ts';

export type { RunClock } from '../store/age-clock.ts';

/** How much of the past is kept: `history` of the settings. */
export interface HistorySettings {
  /** On disk; otherwise the last events are in memory. */
  readonly enabled: boolean;
  readonly days: number;
  /** Of 1,000,000 bytes. */
  readonly megabytes: number;
}

/** How much of the past is kept, and where. */
export interface HistoryOptions {
  readonly settings: HistorySettings;
  /** Folder for it alone. Default: none; the last events are then in memory, and end with the process. */
  readonly folder?: string | undefined;
  readonly logger?: Logger;
  /** A clock in ms that never goes back. Default: `performance.now()`. */
  readonly now?: () => number;
  /** What is known about the time between two processes. Default: this machine's. */
  readonly run?: RunClock;
}

/** The events of a `History`. */
export interface HistoryEvents {
  /** An event, or an update of it: once it is kept, or the disk has taken too long. */
  event: [change: EventMessage['type'], event: StoredEvent];
  /** These are gone: somebody removed them, or newer ones needed the room. */
  removed: [ids: readonly string[]];
}

/** Pictures whose events have not been told yet, at most. */
const mostEarlyPictures = 32;
const boundEveryMs = 3_600_000;
/** Records that are read at once. */
const chunk = 64;
const daySeconds = 86_400;
/** When events of earlier versions began, as far as it is known. */
const first: Stamp = { seconds: 0 };

/**
 * The events of a node, their pictures and clips, bounded by days and bytes; the oldest go first. On disk where it has a folder:
 * then they survive a restart, and what was told is kept even if the process is killed. Whoever tells it of an event never waits: while a
 * disk is slow, full or broken, the last events are in memory.
 *
 * @example
 * const node = new Node(settings, { data: dataFolder(settings) });
 * const { events } = await node.history.list({ limit: 50, day: '2026-12-01', label: 'cat' });
 * const jpeg = await node.history.picture(events[0].id);
 */
export class History extends EventEmitter<HistoryEvents> {
  #options: HistoryOptions;
  readonly #logger: Logger;
  readonly #clock: AgeClock;
  readonly #index = new HistoryIndex();
  readonly #writer: HistoryWriter;
  readonly #tell = guarded<HistoryEvents>(this, (message) => this.#logger.error(message));
  /** Of the first event of this process. */
  #firstPlace: number | undefined;
  /** Those whose events have not been told yet, by event. */
  readonly #earlyPictures = new Map<string, Buffer>();
  #opening: Promise<void> | undefined;
  /** What was told before it was open. */
  #early: (() => void)[] | undefined = [];
  #boundTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HistoryOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger ?? silent;
    this.#clock = new AgeClock(options.now ?? (() => performance.now()), options.run);
    this.#writer = new HistoryWriter(this.#index, this.#logger, (row) => {
      this.#index.remove(row);
      this.#tell('removed', [row.id]);
    });
  }

  /** Events held, and bytes of their records, pictures and clips. */
  get size(): { events: number; bytes: number } {
    return { events: this.#index.size, bytes: this.#index.bytes };
  }

  /** Why the disk does not take events now; undefined: it does, or there is none. */
  get trouble(): string | undefined {
    return this.#writer.trouble;
  }

  /** Does it survive the process? */
  get isKept(): boolean {
    return this.#writer.hasDisk;
  }

  /** How much is kept, from now on; `enabled` counts where it is opened. */
  limit(settings: HistorySettings): void {
    this.#options = { ...this.#options, settings };
    this.#bound();
  }

  /** Reads what is there. Does not throw: where the disk does not take it, that is logged, and events are in memory. */
  open(): Promise<void> {
    this.#isClosed = false;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Stores an event, or an update of it. */
  add({ type, after }: Pick<EventMessage, 'type' | 'after'>): void {
    this.#whenOpen(() => {
      const row = this.#rowOf(after);
      this.#index.change(row, { bytes: Buffer.byteLength(JSON.stringify(after)) });
      const jpeg = this.#earlyPictures.get(after.id);
      this.#earlyPictures.delete(after.id);
      if (jpeg) this.#index.numberPicture(row, jpeg.length);
      this.#writer.put(row, { event: after, ...(jpeg && { jpeg }) });
      void this.#toldWhenKept(type, row, after);
    });
  }

  /** Keeps the newest picture of an event; it comes before the event itself. @param id The event's. */
  addPicture(id: string, jpeg: Buffer): void {
    this.#whenOpen(() => {
      if (jpeg.length > mostInMemory.pictureBytes) return;
      const row = this.#index.find(id);
      if (row) {
        this.#index.numberPicture(row, jpeg.length);
        this.#writer.put(row, { jpeg });
        return;
      }
      this.#earlyPictures.set(id, jpeg);
      if (this.#earlyPictures.size > mostEarlyPictures) {
        this.#earlyPictures.delete(this.#earlyPictures.keys().next().value!);
      }
    });
  }

  /**
   * Keeps a clip that events have together. Not in memory: where the disk does not take it, or is slow, there is none.
   *
   * @param begins Seconds into it, 0 or more, at which each event began, by the event's id. @param mp4 A whole file.
   * @returns Why it is not kept; undefined: it is.
   */
  async addClip(begins: ReadonlyMap<string, number>, mp4: Buffer): Promise<string | undefined> {
    await this.#ready();
    const problem = await keepClip(begins, mp4, this.#index, this.#writer, this.#options.settings.megabytes);
    if (problem !== undefined) return problem;
    this.#bound();
    await this.#writer.kept();
    for (const id of begins.keys()) {
      const event = await this.find(id);
      if (event) this.#tell('event', 'update', event);
    }
    return undefined;
  }

  /** The file of an event's clip, as it is now; undefined where there is none. */
  async clip(id: string): Promise<string | undefined> {
    await this.#ready();
    const row = this.#index.find(id);
    return row && this.#writer.clip(row);
  }

  /** @returns The event as it is now, without its picture; undefined where there is none of this id. */
  async find(id: string): Promise<StoredEvent | undefined> {
    await this.#ready();
    const row = this.#index.find(id);
    return row && (await this.#read([row]))[0];
  }

  /** @returns The JPEG of an event; undefined where it has none, or is gone. */
  async picture(id: string): Promise<Buffer | undefined> {
    await this.#ready();
    const row = this.#index.find(id);
    return row && this.#writer.picture(row);
  }

  /**
   * Newest first. A `before` that is gone already yields an empty page.
   *
   * @throws InputError when the day is none.
   */
  async list(query: HistoryQuery): Promise<HistoryPage> {
    const { limit, before } = query;
    const day = query.day === undefined ? undefined : checkDay(query.day);
    const fits = filterOf(query);
    await this.#ready();
    const below = before === undefined ? undefined : this.#index.find(before)?.place;
    if (before !== undefined && below === undefined) return { events: [], next: null };
    const rows = this.#index.newestFirst(below).filter((row) => day === undefined || dayOf(row.startTime) === day);
    const events: StoredEvent[] = [];
    for (let at = 0; at < rows.length; at += chunk) {
      for (const event of await this.#read(rows.slice(at, at + chunk))) {
        if (!fits(event)) continue;
        if (events.length === limit) return { events, next: events.at(-1)!.id };
        events.push(event);
      }
    }
    return { events, next: null };
  }

  /** The days on which events began, the latest first. */
  async days(): Promise<HistoryDay[]> {
    await this.#ready();
    return this.#index.days();
  }

  /**
   * Removes an event, those of a day, or all.
   *
   * @returns How many there were.
   * @throws InputError when the day is none, or the disk does not let them be removed.
   */
  async remove(which: { readonly id: string } | { readonly day: string } | 'all'): Promise<number> {
    const isMeant = rowFilterOf(which);
    await this.#ready();
    const rows = this.#index.newestFirst().filter(isMeant);
    await this.#remove(rows);
    return rows.length;
  }

  /**
   * A camera has another name from now on, and so have its past events.
   *
   * @throws InputError when the disk does not take it.
   */
  async renameCamera(from: string, to: string): Promise<void> {
    await this.#ready();
    const renames = this.#index.renamed(from, to);
    await this.#writer.writeRenames(renames).catch((error: unknown) => {
      throw new InputError(`the history: the disk does not take that a camera was renamed: ${messageOf(error)}`);
    });
    this.#index.renames = renames;
  }

  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes what waits, and closes the disk. It takes nothing after that, until it is opened again. */
  async close(): Promise<void> {
    await this.#opening;
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#boundTimer);
    if (!this.#writer.hasDisk) return;
    // It is read when it is opened again.
    this.#opening = undefined;
    this.#early = [];
    await this.#writer.close();
    for (const row of this.#index.newestFirst()) this.#index.remove(row);
  }

  async #open(): Promise<void> {
    const { folder, settings } = this.#options;
    if (folder !== undefined && settings.enabled) {
      try {
        const { disk, rows, renames } = await HistoryDisk.open(folder, this.#logger, this.#clock);
        for (const row of rows) this.#index.append(row);
        this.#index.renames = renames;
        this.#writer.use(disk);
        await disk.tidy({
          picture: (place, picture) => this.#index.at(place)?.picture === picture,
          clip: (clip) => this.#index.hasClip(clip),
        });
      } catch (error) {
        const reason = messageOf(error);
        this.#writer.use(reason);
        this.#logger.error(`the history in ${folder}: ${reason}; events are in memory until the next start`);
      }
    }
    this.#firstPlace ??= this.#index.lastPlace + 1;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const one of early) one();
    this.#bound();
    this.#boundTimer = setInterval(() => {
      this.#bound();
      this.#writer.mark();
    }, boundEveryMs).unref();
  }

  /** It is opened where nobody has: but not once it was closed. */
  #ready(): Promise<void> {
    return this.#isClosed ? Promise.resolve() : this.open();
  }

  #whenOpen(action: () => void): void {
    if (this.#isClosed) return;
    this.#early?.push(action);
    if (this.#early) void this.#ready();
    else action();
  }

  /** A new one where there is none yet. */
  #rowOf({ id, start_time: startTime, frame_time: frameTime }: ObjectState): IndexRow {
    const known = this.#index.find(id);
    if (known) return known;
    const began = this.#clock.stampAt(this.#clock.now() - (frameTime - startTime) * 1000);
    const row = this.#index.begin(id, startTime, began);
    this.#bound();
    return row;
  }

  async #toldWhenKept(type: EventMessage['type'], row: IndexRow, event: ObjectState): Promise<void> {
    const told = this.#stored(row, event);
    await this.#writer.kept();
    if (this.#index.at(row.place)) this.#tell('event', type, told);
  }

  async #read(rows: readonly IndexRow[]): Promise<StoredEvent[]> {
    const events = await this.#writer.read(rows);
    return rows.flatMap((row, i) => (events[i] ? [this.#stored(row, events[i])] : []));
  }

  #stored(row: IndexRow, event: ObjectState): StoredEvent {
    const { place, picture, clip, clipAt: clip_at } = row;
    const camera = this.#index.nameOf(place, event.camera);
    const has = { has_snapshot: picture > 0, has_clip: clip > 0, clip_at };
    return { ...event, camera, ...has, picture, place, age: this.#toldAge(row) };
  }

  /** Seconds. Of this process' events it does not depend on the wall clock: a board may begin in the past and be set. */
  #toldAge({ place, startTime, began = first }: IndexRow): number {
    const age = this.#clock.ages()(began);
    return place >= (this.#firstPlace ?? 0) ? age : Math.max(age, this.#clock.toldAge(startTime));
  }

  /** Removes the oldest, clips first, until what is left is within the settings; the newest event always stays. */
  #bound(): void {
    const { days, megabytes } = this.#options.settings;
    boundClips(this.#index, this.#writer, megabytes);
    const mostEvents = this.isKept ? Number.POSITIVE_INFINITY : mostInMemory.events;
    const ageOf = this.#clock.ages();
    const isTooOld = ({ began = first }: IndexRow) => ageOf(began) > days * daySeconds;
    const excess = this.#index.excess(mostEvents, megabytes * 1e6, isTooOld);
    this.#remove(excess).catch((error: unknown) => this.#logger.error(messageOf(error)));
  }

  async #remove(rows: readonly IndexRow[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) this.#index.remove(row);
    const ids = rows.map(({ id }) => id);
    this.#tell('removed', ids);
    await this.#writer.forget(rows, clipsOnlyOf(rows, this.#index)).catch((error: unknown) => {
      throw new InputError(`the history: the disk does not let these events be removed: ${messageOf(error)}`);
    });
  }
}

/** @throws InputError when the day is none. */
function rowFilterOf(which: Parameters<History['remove']>[0]): (row: IndexRow) => boolean {
  if (which === 'all') return () => true;
  if ('id' in which) return ({ id }) => id === which.id;
  const day = checkDay(which.day);
  return ({ startTime }) => dayOf(startTime) === day;
}

function filterOf({ camera, label, name, zone }: HistoryQuery): (event: ObjectState) => boolean {
  return (event) =>
    (camera === undefined || event.camera === camera) &&
    (label === undefined || event.label === label) &&
    (name === undefined || event.sub_label === name) &&
    (zone === undefined || event.entered_zones.includes(zone));
}
