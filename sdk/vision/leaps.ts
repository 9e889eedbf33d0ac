import { apart, sizeOf } from './geometry.ts';
import type { Living } from './living.ts';
import type { Sighting } from './sighting.ts';
import { shareName } from './worth.ts';

/** A track and a sighting far from where it was expected. */
export interface Leap {
  readonly track: Living;
  readonly sighting: Sighting;
  /** As a fraction of how far it may have come. */
  readonly distance: number;
}

/**
 * How far an object seen only once may be at the next inference, and a second later, in its sizes. Its speed is not
 * known yet.
 */
const first = { inference: 2.5, second: 5 };
/** How far a known object may be, in its sizes: at once, and per second. */
const slack = { second: 2, inference: 0.6 };
/** Plus this many times its own speed: a runner seen turning is faster than measured. */
const faster = 1.5;
/** The most by which its size may change. */
const sizeRatio = 1.7;
/** No other candidate of either may be within this many times the distance: leaps are for isolated objects. */
const alone = 1.5;

/** How far it may be by now from where it was last seen, pixels. */
export function reachOf(track: Living, timeNs: number): number {
  const size = sizeOf(track.box);
  const unseen = (timeNs - track.lastSeenNs) / 1e9;
  if (track.observations === 1) return size * Math.max(first.inference, first.second * unseen);
  return size * slack.inference + (faster * track.speed + slack.second * size) * unseen;
}

/**
 * Pairs what is far apart but isolated: objects that move by more than their own width between two inferences, or
 * turned in between. Each track or sighting is in at most one pair.
 */
export function leapsOf(tracks: readonly Living[], sightings: readonly Sighting[], timeNs: number): Leap[] {
  if (tracks.length === 0 || sightings.length === 0) return [];
  const near: Leap[] = [];
  for (const track of tracks) {
    if (track.rests || track.halted) continue;
    const size = sizeOf(track.box);
    const reach = reachOf(track, timeNs);
    for (const sighting of sightings) {
      const way = Math.min(apart(track.predicted, sighting.box), apart(track.box, sighting.box));
      if (way > reach * alone || !shareName(track, sighting)) continue;
      const ratio = sizeOf(sighting.box) / size;
      if (ratio > sizeRatio || ratio < 1 / sizeRatio) continue;
      near.push({ track, sighting, distance: way / reach });
    }
  }
  near.sort((a, b) => a.distance - b.distance);
  const taken = new Set<Living | Sighting>();
  return near.filter((leap) => {
    const { track, sighting, distance } = leap;
    if (distance > 1 || taken.has(track) || taken.has(sighting)) return false;
    const hasRival = near.some(
      (other) =>
        other !== leap &&
        (other.track === track || other.sighting === sighting) &&
        !taken.has(other.track) &&
        !taken.has(other.sighting) &&
        other.distance < distance * alone,
    );
    if (hasRival) return false;
    taken.add(track);
    taken.add(sighting);
    return true;
  });
}
