import { CameraSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { trackerOptions } from '../../../sdk/pipeline/parts.ts';
import { type Detection, Detections } from '../../../sdk/vision/detections.ts';
import { iou } from '../../../sdk/vision/geometry.ts';
import { Tracker, type View } from '../../../sdk/vision/tracker.ts';
import { labels } from './detector.ts';
import type { MotRow } from './mot.ts';

/** With the settings that a camera has by default. */
const defaults = trackerOptions(validate(CameraSettings, {}, 'defaults'));

/** Detections by frame, from frame 1 on, in the form the tracker takes. */
export function byFrame(rows: readonly MotRow[], frames: number): Detections[] {
  const found = Array.from({ length: frames }, (): MotRow[] => []);
  for (const row of rows) found[row.frame - 1]!.push(row);
  return found.map((all) =>
    Detections.from(
      all.map(({ box, score, classNumber }) => ({ box, score, classId: classNumber - 1 })),
      labels,
    ),
  );
}

/**
 * Our tracker over the detections of a sequence, with no word of where something moved and no pixels.
 *
 * @param view The size of the picture, as the pipeline tells it.
 * @returns What the page shows: confirmed tracks that are seen in the frame.
 */
export function ours(found: readonly Detections[], rate: number, view: View): MotRow[] {
  const tracker = new Tracker(defaults);
  return found.flatMap((detections, i) =>
    tracker
      .update(detections, Math.round((i / rate) * 1e9), undefined, view)
      .filter(({ confirmed, visible }) => confirmed && visible)
      .map(({ id, box, score }) => ({ frame: i + 1, id, box, score, classNumber: 1 })),
  );
}

/**
 * The same tracks with the boxes of the detections that they were seen in, as the others report them: what is left is association.
 * Of each track in a frame the detection that overlaps it most, each detection once.
 */
export function asDetected(tracks: readonly MotRow[], found: readonly Detections[]): MotRow[] {
  return found.flatMap((detections, i) => {
    const open = [...detections];
    return tracks
      .filter(({ frame }) => frame === i + 1)
      .flatMap((track) => {
        const shared = open.map(({ box }) => iou(box, track.box));
        const best = shared.indexOf(Math.max(...shared));
        if (!(shared[best]! > 0)) return [];
        const [{ box }] = open.splice(best, 1) as [Detection];
        return { ...track, box };
      });
  });
}
