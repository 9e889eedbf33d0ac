import type { ObjectState } from '../vision/event.ts';

/** An event as the history has it: how its object was last told, and what is needed to show it. */
export interface StoredEvent extends ObjectState {
  /** Differs for each new picture of it; 0 while none is held. */
  picture: number;
  /** Seconds into its clip at which it began; 0 without one, and of clips of earlier versions, which did not tell. */
  clip_at: number;
  /**
   * Counts the events in the order in which they began, from 1 and across restarts. Their times may be in another order: a
   * clock may be set.
   */
  place: number;
  /** Seconds since it began, when this is sent: while it lasts, no clock has to be right. */
  age: number;
}

/** Which events are wanted; all that is given has to fit. */
export interface HistoryQuery {
  /** At most this many. */
  readonly limit: number;
  /** Only events that began before the one with this id. */
  readonly before?: string;
  readonly camera?: string;
  /** What the network says: `cat`. */
  readonly label?: string;
  /** What it was taught: `my cat`. */
  readonly name?: string;
  /** A zone that it was in at some time. */
  readonly zone?: string;
  /** `2026-12-01`, by this machine's time zone. */
  readonly day?: string;
}

/** Some events of a list, and where it goes on. */
export interface HistoryPage {
  /** Newest first. */
  readonly events: StoredEvent[];
  /** The `before` of the page that follows; null: nothing follows. */
  readonly next: string | null;
}

/** A day on which events began. */
export interface HistoryDay {
  /** `2026-12-01`, by this machine's time zone. */
  readonly day: string;
  readonly events: number;
  /** Of their records, pictures and clips; one that several days share is of the first. */
  readonly bytes: number;
}
