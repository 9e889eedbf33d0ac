import type { Frame } from '../frame/frame.ts';
import type { Detections } from '../vision/detections.ts';
import type { Track } from '../vision/track.ts';
import type { Answer } from './ask-detector.ts';
import { type Parts, trackerOptions } from './parts.ts';

/**
 * A frame came.
 *
 * @param isWanted It was worth a look; null without a detector. @param answer Undefined when the detector did not run.
 */
export function noteLook(parts: Parts, frame: Frame, isWanted: boolean | null, answer: Answer | undefined): void {
  const isOff = isWanted === null || !parts.settings.detect.enabled;
  parts.fates.count(answer ? 'inferred' : isOff ? 'off' : isWanted ? 'busy' : 'still', frame.captureTimeNs);
}

/** @param found All that the detector found. @param tracks What became of it, with their zones. */
export function noteFates(parts: Parts, found: Detections, tracks: readonly Track[], frame: Frame): void {
  const { fates, settings, tracker } = parts;
  const { width, height, captureTimeNs } = frame;
  const { threshold } = trackerOptions(settings);
  const isWatched = (label: string) => parts.isWatched(label);
  fates.see(found, tracks, { width, height, captureTimeNs, settings, threshold, isWatched, pace: tracker.pace });
}
