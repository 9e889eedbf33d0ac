import { assertKind, assertShape } from '../base/arguments.ts';
import { assertTracks, type Track } from './track.ts';
import type { ZoneInput } from './zones.ts';

/** Objects of one label, in the whole view or in a zone. */
export interface CountChange {
  label: string;
  /** Undefined: the whole view. */
  zone?: string;
  count: number;
}

/**
 * Counts the confirmed tracks of each label, zeroes included, in the whole view and in each zone that counts the label.
 *
 * @param labels Watched labels.
 * @param zones By name, as passed to `Zones`; those with labels count only these.
 */
export function countTracks(
  tracks: readonly Track[],
  labels: readonly string[],
  zones: Readonly<Record<string, Partial<ZoneInput>>>,
): CountChange[] {
  assertTracks('countTracks: tracks', tracks);
  assertKind('countTracks: labels', labels, 'list', 'a list of labels');
  assertKind('countTracks: zones', zones, 'object', 'zones by name');
  for (const [name, zone] of Object.entries(zones)) assertShape(`countTracks: zone ${name}`, zone, { labels: 'list?' });
  const confirmed = tracks.filter((track) => track.confirmed);
  const counts: CountChange[] = [];
  for (const label of labels) {
    const mine = confirmed.filter((track) => track.label === label);
    counts.push({ label, count: mine.length });
    for (const [zone, settings] of Object.entries(zones)) {
      if (settings.labels && !settings.labels.includes(label)) continue;
      counts.push({ label, zone, count: mine.filter((track) => track.currentZones.includes(zone)).length });
    }
  }
  return counts;
}

/** The counts in `after` that differ from those in `before`. */
export function changedCounts(before: readonly CountChange[], after: readonly CountChange[]): CountChange[] {
  assertCounts('changedCounts: before', before);
  assertCounts('changedCounts: after', after);
  const key = ({ label, zone }: CountChange) => `${zone ?? ''}/${label}`;
  const known = new Map(before.map((entry) => [key(entry), entry.count]));
  return after.filter((entry) => known.get(key(entry)) !== entry.count);
}

function assertCounts(what: string, counts: readonly CountChange[]): void {
  assertKind(what, counts, 'list', 'a list of counts');
  for (const one of counts) assertShape(what, one, { label: 'text', zone: 'text?', count: 'number' }, 'counts');
}
