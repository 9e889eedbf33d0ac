import type { StoredEvent } from '../../../protocol.ts';
import { duration } from '../format.ts';
import type { HeardEvent } from './merge.ts';

export function nameOf({ sub_label, label }: StoredEvent): string {
  return sub_label ?? label;
}

/** `1 event`, `12 events`. */
export const dayCount = (count: number): string => `${count} ${count === 1 ? 'event' : 'events'}`;

/**
 * The current time by the clock that an event began with, seconds since 1970: neither this machine's clock nor the
 * board's has to be right, or unchanged since.
 *
 * @param tick `useTick()`
 */
export function nowOf({ start_time, age, heard }: HeardEvent, tick: number): number {
  return start_time + age + Math.max(0, tick - heard);
}

/** How long it is, or was, there. */
export function stayOf({ start_time, end_time }: StoredEvent, now: number): string {
  return duration((end_time ?? now) - start_time);
}
