import type { RecentEvent } from '../../../protocol.ts';
import { duration } from '../format.ts';

export function nameOf({ sub_label, label }: RecentEvent): string {
  return sub_label ?? label;
}

/** How long it is, or was, there. */
export function stayOf({ start_time, end_time }: RecentEvent, now: number): string {
  return duration((end_time ?? now) - start_time);
}
