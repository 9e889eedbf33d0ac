import { assertKind, assertShape } from '../base/arguments.ts';

/** What local learning calls something. */
export interface SubLabel {
  readonly label: string;
  /** How sure it is, 0..1. */
  readonly score: number;
}

/** An object followed over frames, as the tracker sees it after one frame. A value: it does not change later. */
export interface Track {
  /** Counts from 1 for each tracker. */
  readonly id: number;
  readonly classId: number;
  readonly label: string;
  /**
   * `[x1, y1, x2, y2]` in frame pixels: where it is by all its detections, which trembles less than the last one's box; where it
   * is predicted to be while it is out of sight. Within the picture, where the tracker knows its size.
   */
  readonly box: readonly [number, number, number, number];
  /** Of the last detection, 0..1. */
  readonly score: number;
  /** Median score of the last observations, 0..1. */
  readonly medianScore: number;
  /** The median score passed the threshold of its label with enough observations: it is real, and stays so. */
  readonly confirmed: boolean;
  /** Seen in this very frame. */
  readonly visible: boolean;
  /**
   * The row of `Detections` that it is in this frame: what a detector of one's own knows besides (a mask, key points, an embedding)
   * is found by it. Of the surest, where the network gave one thing two names; undefined while it is out of sight.
   *
   * @example
   * const found = await model.detect(frame);
   * for (const { id, detection } of tracker.update(found, frame.captureTimeNs)) {
   *   if (detection !== undefined) console.log(id, found.at(detection).box);
   * }
   */
  readonly detection?: number;
  readonly observations: number;
  /** captureTimeNs of the first and of the last frame it was seen in. */
  readonly firstSeenNs: number;
  readonly lastSeenNs: number;
  readonly stationary: boolean;
  /** Observed frames since it last moved, and how often it began to move again. */
  readonly motionlessCount: number;
  readonly positionChanges: number;
  /** Standard deviation of where it stands (the middle of its box's lower edge), pixels: to the side, up and down. */
  readonly tremble: readonly [number, number];
  /** Zones it stands in now, and all it ever stood in. */
  readonly currentZones: readonly string[];
  readonly enteredZones: readonly string[];
  /** What local learning calls it, when it knows. */
  readonly subLabel?: SubLabel;
}

/** @throws InputError when it is no list of tracks. */
export function assertTracks(what: string, tracks: readonly Track[]): void {
  // At each frame: the long way only where something is wrong.
  if (Array.isArray(tracks) && tracks.every(isTrack)) return;
  assertKind(what, tracks, 'list', 'a list of tracks');
  for (const track of tracks) assertShape(what, track, { id: 'number', label: 'text', box: 'list' }, 'a track');
}

const isTrack = (track: Partial<Track> | null | undefined) =>
  typeof track?.id === 'number' && typeof track.label === 'string' && Array.isArray(track.box);
