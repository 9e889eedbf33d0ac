import type { EventMessage } from '../../../sdk/vision/event.ts';
import type { LoggedEvent } from '../protocol.ts';

interface Entry {
  event: LoggedEvent;
  jpeg?: Buffer;
}

export interface EventLogLimits {
  /** Events that are kept. */
  events: number;
  /** Bytes of their pictures; the oldest pictures go first. */
  bytes: number;
}

/** The last events with their last snapshots, in memory and bounded. */
export class EventLog {
  readonly #limits: EventLogLimits;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limits: EventLogLimits = { events: 500, bytes: 16 * 2 ** 20 }) {
    this.#limits = limits;
  }

  /** Bytes of the pictures that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes in what a camera says of an event. @returns The event as it is listed. */
  add({ type, after }: EventMessage): LoggedEvent {
    const entry = this.#entryOf(after.id);
    entry.event = { type, state: after, snapshot: entry.jpeg !== undefined };
    return entry.event;
  }

  /** Takes in a picture; it may come before its event. */
  addSnapshot(id: string, jpeg: Buffer): void {
    const entry = this.#entryOf(id);
    this.#bytes += jpeg.length - (entry.jpeg?.length ?? 0);
    entry.jpeg = jpeg;
    if (entry.event) entry.event = { ...entry.event, snapshot: true };
    for (const other of this.#entries.values()) {
      if (this.#bytes <= this.#limits.bytes) break;
      this.#forgetPicture(other);
    }
  }

  snapshot(id: string): Buffer | undefined {
    return this.#entries.get(id)?.jpeg;
  }

  /**
   * The newest events first.
   *
   * @param before Only events before the one with this id; an unknown id gives none.
   */
  list(options: { limit: number; before?: string; camera?: string; label?: string }): LoggedEvent[] {
    const { limit, before, camera, label } = options;
    const found: LoggedEvent[] = [];
    let reached = before === undefined;
    for (const [id, { event }] of [...this.#entries].reverse()) {
      if (found.length >= limit) break;
      if (reached && event && (!camera || event.state.camera === camera) && (!label || event.state.label === label)) {
        found.push(event);
      }
      if (id === before) reached = true;
    }
    return found;
  }

  #entryOf(id: string): Entry {
    const known = this.#entries.get(id);
    if (known) return known;
    const made = {} as Entry;
    this.#entries.set(id, made);
    if (this.#entries.size > this.#limits.events) {
      const [oldest, entry] = this.#entries.entries().next().value!;
      this.#forgetPicture(entry);
      this.#entries.delete(oldest);
    }
    return made;
  }

  #forgetPicture(entry: Entry): void {
    if (!entry.jpeg) return;
    this.#bytes -= entry.jpeg.length;
    entry.jpeg = undefined;
    if (entry.event) entry.event = { ...entry.event, snapshot: false };
  }
}
