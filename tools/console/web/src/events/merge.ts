import type { RecentEvent } from '../../../protocol.ts';

/** An event as it was told. */
export interface HeardEvent extends RecentEvent {
  /** When it was told, seconds by the page's own clock that cannot be set. */
  heard: number;
}

export function heardNow(event: RecentEvent): HeardEvent {
  return { ...event, heard: performance.now() / 1000 };
}

/** The list with an event in it as it stands now, what began last first. An older state of a known event changes nothing. */
export function mergeEvent(events: readonly HeardEvent[], event: HeardEvent): HeardEvent[] {
  const at = events.findIndex((one) => one.id === event.id);
  if (at >= 0) return isOlder(event, events[at]!) ? [...events] : events.with(at, event);
  const place = events.findIndex((one) => one.place < event.place);
  return events.toSpliced(place < 0 ? events.length : place, 0, event);
}

/** The times of one event fit each other, whatever was done to the clock. */
function isOlder(a: RecentEvent, b: RecentEvent): boolean {
  if (b.end_time !== null && a.end_time === null) return true;
  return a.frame_time < b.frame_time;
}
