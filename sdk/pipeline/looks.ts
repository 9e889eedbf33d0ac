import type { Frame } from '../frame/frame.ts';
import type { Region } from '../frame/letterbox.ts';
import type { Detections } from '../vision/detections.ts';
import type { Look } from '../vision/gaze/gaze.ts';
import type { Box } from '../vision/geometry.ts';
import { outsideMasks } from '../vision/masks.ts';
import type { Track } from '../vision/track.ts';
import type { Parts } from './parts.ts';
import type { Gated, LookedAt } from './way-values.ts';

/**
 * Where the detector is to look in a frame by the gaze. @param most Regions that it has time for.
 *
 * @returns Null where the gaze is off; a `look` of undefined where nothing deserves one.
 */
export function planLook(
  parts: Parts,
  frame: Frame,
  { moving, tracks, isOpen, most }: Pick<Gated, 'moving'> & LookOptions,
): { readonly look: Look | undefined } | null {
  const gaze = parts.gazeOn(frame);
  if (!gaze) return null;
  const { detect, motion } = parts.settings;
  const { regions, isNewScene: isNew } = parts.gate;
  const { width, height, captureTimeNs: timeNs } = frame;
  const scene = { width, height, timeNs, moving, isNew, regions, tracks, isOpen };
  const rules = { most: Math.min(most, detect.regions), keepalive: motion.keepalive, always: !motion.enabled };
  return { look: gaze.plan(scene, rules) };
}

interface LookOptions {
  readonly tracks: readonly Track[];
  readonly isOpen: (track: Track) => boolean;
  readonly most: number;
}

/** What a look says to the tracker. */
interface Seen {
  /** Watched, outside of masks, and whole. */
  readonly detections: Detections;
  /** Whether the look shows an object closely enough to miss it; undefined: all of them. */
  readonly looked: ((box: Box, last: Box) => boolean) | undefined;
  /** Tells the gaze what the tracker made of it. */
  took(tracks: readonly Track[]): void;
}

/** @param cut Of each detection: whether a region's edge cuts it. */
export function seenBy({ frame, look }: LookedAt, found: Detections, cut: readonly boolean[], parts: Parts): Seen {
  const unmasked = (some: Detections) => outsideMasks(some, parts.settings.masks, frame);
  const watched = (isWanted: (row: number) => boolean) =>
    found.filter(({ label }, row) => parts.isWatched(label) && isWanted(row));
  const gaze = look && parts.gazeOn(frame);
  if (!gaze) return { detections: unmasked(watched(() => true)), looked: undefined, took: () => {} };
  const glimpses = watched((row) => cut[row] === true);
  const detections = gaze.judged(look, unmasked(watched((row) => cut[row] !== true)));
  return {
    detections,
    looked: (box, last) => gaze.shows(look, box, last),
    took: (tracks) => gaze.took(look, { timeNs: frame.captureTimeNs, tracks }, detections, [...glimpses]),
  };
}

/** The whole frame alone needs no regions. */
export function regionsOf(look: Look | undefined): { readonly regions?: readonly Region[] } {
  return look && !(look.isWhole && look.regions.length === 1) ? { regions: look.regions } : {};
}
