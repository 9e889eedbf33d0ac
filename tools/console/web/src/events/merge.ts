import type { StoredEvent } from '../../../protocol.ts';

/** An event as received. */
export interface HeardEvent extends StoredEvent {
  /** When it was received, seconds by the page's monotonic clock. */
  heard: number;
}

export function heardNow(event: StoredEvent): HeardEvent {
  return { ...event, heard: performance.now() / 1000 };
}

/** The list with the current state of an event, newest first. An older state of a known event changes nothing. */
export function mergeEvent(events: readonly HeardEvent[], event: HeardEvent): HeardEvent[] {
  const at = events.findIndex((one) => one.id === event.id);
  if (at >= 0) return isOlder(event, events[at]!) ? [...events] : events.with(at, event);
  const place = events.findIndex((one) => one.place < event.place);
  return events.toSpliced(place < 0 ? events.length : place, 0, event);
}

/** The event that is open, as it was told last. It stays open where no list has it any more: by another filter, or since newer ones came. */
export function nowOfOpen(
  open: HeardEvent | undefined,
  ...lists: readonly (readonly HeardEvent[])[]
): HeardEvent | undefined {
  const told = open && lists.flatMap((list) => list.find(({ id }) => id === open.id) ?? [])[0];
  return told && !isOlder(told, open) ? told : open;
}

/** The times of one event are consistent, even if the clock was set. */
function isOlder(a: StoredEvent, b: StoredEvent): boolean {
  if (b.end_time !== null && a.end_time === null) return true;
  return a.frame_time < b.frame_time;
}
