import type { EventMessage } from '../../../sdk/vision/event.ts';
import type { EventPage, RecentEvent } from '../protocol.ts';

export interface EventQuery {
  /** At most this many. */
  limit: number;
  /** Only events older than the one with this id. */
  before?: string;
  camera?: string;
  label?: string;
}

/** A stored event. */
interface Held {
  event: Omit<RecentEvent, 'age'>;
  /** When it began, ms. */
  readonly beganMs: number;
}

/** The last events and their pictures, in memory, bounded: the oldest are dropped first. */
export class EventStore {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #events = new Map<string, Held>();
  /** By event, least recently updated first. */
  readonly #pictures = new Map<string, { jpeg: Buffer; number: number }>();
  #bytes = 0;
  #taken = 0;
  #places = 0;
  readonly #now: () => number;

  /** @param options.now A clock in ms that never goes back. Default: `performance.now()`. */
  constructor(options: { maxEvents?: number; maxBytes?: number; now?: () => number } = {}) {
    this.#maxEvents = options.maxEvents ?? 500;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Events held, and bytes of their pictures. */
  get size(): { events: number; bytes: number } {
    return { events: this.#events.size, bytes: this.#bytes };
  }

  /** Stores an event, or an update of it. */
  add({ after }: EventMessage): RecentEvent {
    const picture = this.#pictures.get(after.id)?.number ?? 0;
    const known = this.#events.get(after.id);
    const place = known?.event.place ?? ++this.#places;
    const event = { ...after, has_snapshot: picture > 0, picture, place };
    const beganMs = known?.beganMs ?? this.#now() - (after.frame_time - after.start_time) * 1000;
    const held = { event, beganMs };
    this.#events.set(after.id, held);
    if (this.#events.size > this.#maxEvents) this.#forget(this.#events.keys().next().value!);
    return this.#told(held);
  }

  /** Keeps the newest picture of an event; it comes before the event itself. */
  addPicture(id: string, jpeg: Buffer): void {
    this.#dropPicture(id);
    if (jpeg.length > this.#maxBytes) return;
    this.#pictures.set(id, { jpeg, number: ++this.#taken });
    this.#bytes += jpeg.length;
    while (this.#bytes > this.#maxBytes) this.#dropPicture(this.#pictures.keys().next().value!);
  }

  picture(id: string): Buffer | undefined {
    return this.#pictures.get(id)?.jpeg;
  }

  /** Newest first. A `before` that was dropped already yields an empty page, since older ones were dropped too. */
  list({ limit, before, camera, label }: EventQuery): EventPage {
    const events: RecentEvent[] = [];
    let counting = before === undefined;
    for (const held of [...this.#events.values()].reverse()) {
      const { event } = held;
      if (!counting) {
        counting = event.id === before;
        continue;
      }
      if ((camera !== undefined && event.camera !== camera) || (label !== undefined && event.label !== label)) continue;
      if (events.length === limit) return { events, next: events.at(-1)!.id };
      events.push(this.#told(held));
    }
    return { events, next: null };
  }

  #told({ event, beganMs }: Held): RecentEvent {
    return { ...event, age: Math.max(0, this.#now() - beganMs) / 1000 };
  }

  #forget(id: string): void {
    this.#events.delete(id);
    this.#dropPicture(id);
  }

  #dropPicture(id: string): void {
    const picture = this.#pictures.get(id);
    if (!picture) return;
    this.#pictures.delete(id);
    this.#bytes -= picture.jpeg.length;
    const held = this.#events.get(id);
    if (held) held.event = { ...held.event, has_snapshot: false, picture: 0 };
  }
}
