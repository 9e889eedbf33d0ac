import type { Candidate } from './assignment.ts';
import { grown, iou } from './geometry.ts';
import type { Living } from './living.ts';
import type { Sighting } from './sighting.ts';
import { samePlace } from './standing.ts';

/** How good a pair a track and a sighting are, 0..1; 0: none. */
export type Worth = (track: Living, sighting: Sighting) => number;

// Unless noted otherwise, these were chosen on the choosing seeds of `npm run bench:track`.

/**
 * Minimum overlap of a track's predicted box and a detection, and of both grown by a fraction of their size on each
 * side.
 */
const overlap = { plain: 0.2, grown: 0.1 };
const growth = 0.3;
/**
 * Weight of the likelihood in the worth of a pair; the rest is the overlap. Either alone is worse; 0.3 to 0.6 are
 * equally good.
 */
const likelihood = 0.45;
/** A pair under a name that the track never had is worth less, and needs nearly the same position. */
const otherName = { costs: 0.3, overlap: 0.45 };
/** Cost of a second out of sight, up to one: recently seen tracks take precedence over lost ones. */
const lateness = 0.15;
/** Cost of being tentative: two detections of one person are more likely noise than two people. */
const youth = 0.2;
/** The least worth of a pair, so that the worse of two is still better than none. */
const least = 1e-3;

/** For sure detections: overlap with the predicted box, and its likelihood. */
export const clearWorth: Worth = ({ predicted, filter }, { box }) => {
  const shared = iou(predicted, box);
  return (1 - likelihood) * (shared >= overlap.plain ? shared : 0) + likelihood * filter.fit(box);
};

/** For unsure detections: only where a track is expected. */
export const faintWorth: Worth = ({ predicted }, { box }) => {
  const shared = iou(predicted, box);
  return shared >= overlap.plain ? shared : 0;
};

/**
 * For the rest: objects that turned or stopped between two inferences, or reappear from behind another. It is enough to
 * be near the predicted or the last position.
 */
export const nearWorth: Worth = ({ predicted, box: last }, { box }) => {
  const wide = grown(box, growth);
  const shared = Math.max(iou(grown(predicted, growth), wide), iou(grown(last, growth), wide));
  return shared >= overlap.grown ? shared : 0;
};

/** All candidate pairs of tracks (rows) and sightings (columns). */
export function candidatesOf(
  tracks: readonly Living[],
  sightings: readonly Sighting[],
  worthOf: Worth,
  timeNs: number,
): Candidate[] {
  const candidates: Candidate[] = [];
  for (let row = 0; row < tracks.length; row++) {
    const track = tracks[row]!;
    const [x1, y1, x2, y2] = track.predicted;
    const [l1, t1, l2, t2] = track.box;
    const { reachX, reachY } = track.filter;
    // A cheap bound first: only sightings whose boxes reach into this rectangle are compared.
    const left = Math.min((x1 + x2) / 2 - reachX, x1 - growth * (x2 - x1), l1 - growth * (l2 - l1));
    const right = Math.max((x1 + x2) / 2 + reachX, x2 + growth * (x2 - x1), l2 + growth * (l2 - l1));
    const top = Math.min((y1 + y2) / 2 - reachY, y1 - growth * (y2 - y1), t1 - growth * (t2 - t1));
    const bottom = Math.max((y1 + y2) / 2 + reachY, y2 + growth * (y2 - y1), t2 + growth * (t2 - t1));
    const costs = lateness * Math.min(1, (timeNs - track.lastSeenNs) / 1e9) + (track.confirmed ? 0 : youth);
    for (let column = 0; column < sightings.length; column++) {
      const sighting = sightings[column]!;
      const { box } = sighting;
      const dx = growth * (box[2] - box[0]);
      if (box[0] - dx > right || box[2] + dx < left) continue;
      const dy = growth * (box[3] - box[1]);
      if (box[1] - dy > bottom || box[3] + dy < top) continue;
      // What stood still before a gap in the frames only matches what is in its place.
      if (track.halted && iou(track.predicted, box) < samePlace) continue;
      let worth = worthOf(track, sighting);
      if (worth === 0) continue;
      if (!shareName(track, sighting)) {
        if (iou(track.predicted, box) < otherName.overlap) continue;
        worth -= otherName.costs;
      }
      candidates.push({ row, column, worth: Math.max(least, worth - costs) });
    }
  }
  return candidates;
}

/** Whether the network ever gave the track one of the sighting's names. */
export function shareName({ names }: Living, sighting: Sighting): boolean {
  for (const { classId } of sighting.names) if (names.has(classId)) return true;
  return false;
}
