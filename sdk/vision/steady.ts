import { apart, sizeOf } from './geometry.ts';
import type { Living } from './living.ts';
import { median } from './median.ts';
import type { Sighting } from './sighting.ts';

/** Tracks that a common motion is estimated from: fewer may move alike by chance, more add nothing. */
const fewest = 4;
const enough = 24;
/** Observations before a track's prediction means something. */
const known = 3;
/** The motion counts from this many standard errors of the median on. */
const significant = 2.5;
/** Standard error of a median from the median absolute deviation, for normal deviations: 1.48 x 1.25. */
const errorOfMedian = 1.85;

/**
 * How far the whole view moved since the last frame (wind at the mast, a knock), in pixels: the displacement that all
 * tracks share, each taken with its nearest sighting of about the same size. 0 where chance explains it.
 */
export function viewShift(
  tracks: readonly Living[],
  sightings: readonly Sighting[],
): readonly [dx: number, dy: number] {
  const steady = tracks.filter((track) => track.misses === 0 && track.observations >= known);
  if (steady.length < fewest || sightings.length < fewest) return [0, 0];
  const every = Math.ceil(steady.length / enough);
  const dx: number[] = [];
  const dy: number[] = [];
  for (let i = 0; i < steady.length; i += every) {
    const { predicted, names } = steady[i]!;
    const nearest = nearestOf(predicted, names.classId, sightings);
    if (!nearest) continue;
    dx.push((nearest[0] + nearest[2] - predicted[0] - predicted[2]) / 2);
    dy.push((nearest[1] + nearest[3] - predicted[1] - predicted[3]) / 2);
  }
  return dx.length < fewest ? [0, 0] : [common(dx), common(dy)];
}

function nearestOf(box: Sighting['box'], classId: number, sightings: readonly Sighting[]) {
  const size = sizeOf(box);
  let least = 1;
  let nearest: Sighting['box'] | undefined;
  for (const sighting of sightings) {
    if (sighting.names[0]!.classId !== classId) continue;
    const distance = apart(box, sighting.box) / size;
    if (distance >= least) continue;
    const difference = distance + Math.abs(Math.log(sizeOf(sighting.box) / size));
    if (difference >= least) continue;
    least = difference;
    nearest = sighting.box;
  }
  return nearest;
}

function common(values: readonly number[]): number {
  const middle = median(values);
  const error = (errorOfMedian * median(values.map((value) => Math.abs(value - middle)))) / Math.sqrt(values.length);
  return Math.abs(middle) > significant * error ? middle : 0;
}
