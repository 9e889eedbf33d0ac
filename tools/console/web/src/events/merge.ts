import type { RecentEvent } from '../../../protocol.ts';

/** The list with an event in it as it stands now, newest start first. An older state of a known event changes nothing. */
export function mergeEvent(events: readonly RecentEvent[], event: RecentEvent): RecentEvent[] {
  const at = events.findIndex((one) => one.id === event.id);
  if (at >= 0) return isOlder(event, events[at]!) ? [...events] : events.with(at, event);
  const place = events.findIndex((one) => one.start_time < event.start_time);
  return events.toSpliced(place < 0 ? events.length : place, 0, event);
}

function isOlder(a: RecentEvent, b: RecentEvent): boolean {
  if (b.end_time !== null && a.end_time === null) return true;
  return a.frame_time < b.frame_time;
}
