import { assertKind, assertShape } from '../base/arguments.ts';
import type { Shape } from './shape.ts';

/** A name from local learning. */
export interface SubLabel {
  readonly label: string;
  /** Score, 0..1. */
  readonly score: number;
}

/**
 * An object followed over frames, as of one frame. Immutable: it does not change later. Its keypoints and mask are those of its
 * last detection, placed as its box is: as steady, and moved with it. It has none while it is out of sight.
 */
export interface Track extends Shape {
  /** Counts from 1 for each tracker. */
  readonly id: number;
  readonly classId: number;
  readonly label: string;
  /**
   * `[x1, y1, x2, y2]` in frame pixels: filtered over all its detections, so that it jitters less than their boxes;
   * predicted while it is out of sight. Clipped to the picture, if the tracker knows its size.
   */
  readonly box: readonly [number, number, number, number];
  /** Of the last detection, 0..1. */
  readonly score: number;
  /** Median score of the last observations, 0..1. */
  readonly medianScore: number;
  /** Its median score passed the threshold of its label with enough observations. It stays confirmed. */
  readonly confirmed: boolean;
  /** Detected in this frame; if the network did not look where it is (`stale`), in the last one where it did. */
  readonly visible: boolean;
  /**
   * The network looked at parts of this frame, and not at this object: all is as it was at the last look, but for the
   * box, which is predicted.
   */
  readonly stale?: boolean;
  /**
   * Its row in the `Detections` of this frame, to look up what your own detector adds (a mask, key points, an
   * embedding). The surest row, where the network gave one object two names; undefined while it is out of sight.
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
  /** Observed frames since it last moved, and how often it started to move again. */
  readonly motionlessCount: number;
  readonly positionChanges: number;
  /** Standard deviation of its position (the middle of its box's lower edge), pixels: horizontal, vertical. */
  readonly tremble: readonly [number, number];
  /** Zones it is in now, and all it has been in. */
  readonly currentZones: readonly string[];
  readonly enteredZones: readonly string[];
  /** Its name from local learning, if recognised. */
  readonly subLabel?: SubLabel;
}

/** Whether it was detected in this very frame. */
export const isDetected = ({ visible, stale }: Pick<Track, 'visible' | 'stale'>): boolean => visible && !stale;

/** @throws InputError when it is not a list of tracks. */
export function assertTracks(what: string, tracks: readonly Track[]): void {
  // Runs per frame: the detailed check only where something is wrong.
  if (Array.isArray(tracks) && tracks.every(isTrack)) return;
  assertKind(what, tracks, 'list', 'a list of tracks');
  for (const track of tracks) assertShape(what, track, { id: 'number', label: 'text', box: 'list' }, 'a track');
}

const isTrack = (track: Partial<Track> | null | undefined) =>
  typeof track?.id === 'number' && typeof track.label === 'string' && Array.isArray(track.box);
