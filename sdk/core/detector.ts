import type { Frame } from '../frame/frame.ts';
import type { Detections } from '../vision/detections.ts';
import type { Box } from '../vision/geometry.ts';
import type { DetectTimes } from './messages.ts';
import type { DetectOptions } from './model.ts';

/** One thing that a detector of your own found. */
export interface FoundObject {
  /** `[x1, y1, x2, y2]` in frame pixels; what lies outside the frame is cut off. */
  readonly box: Box;
  /** How sure that is, 0..1. */
  readonly score: number;
  /** One of the detector's `labels`. */
  readonly label: string;
}

/** What a detector found in one frame. */
export interface Found {
  readonly detections: Detections | Iterable<FoundObject>;
  /** Where the time went, ms, for `stats`; what is left out is 0 and counts as waiting. */
  readonly times?: Partial<DetectTimes>;
}

/** What is known of a detector without asking it; the card of a model is that. */
export interface DetectorInfo {
  readonly name: string;
  readonly labels: readonly string[];
  readonly version?: string;
}

/**
 * What a `Pipeline` or a `Node` finds objects with in place of a model of its own: a blob finder for a thermal camera, a
 * service on another machine. All else stays as it is: motion gate, tracker, zones, lines, events, MQTT, page.
 *
 * A pipeline asks for one frame at a time; a node's cameras share the detector and may ask at the same time.
 *
 * @example
 * const warm: Detector = {
 *   name: 'warm spots',
 *   labels: ['warm'],
 *   detect: async (frame) => ({ detections: [{ box: [10, 10, 50, 90], score: 0.9, label: 'warm' }] }),
 * };
 * const pipeline = new Pipeline({ source: 'v4l2:', model: warm });
 */
export interface Detector {
  /** Default: `detector`. For messages, and in `stats`. */
  readonly name?: string;
  /** All that it can tell apart, one at least, each once. They do not change. */
  readonly labels: readonly string[];
  /**
   * Finds objects. The frame is on loan until this settles; `frame.acquire()` keeps it for longer. What is thrown, and a
   * result that is wrong, ends the way of this frame and is told to the logger; the camera goes on. One that never settles
   * holds the camera up: set a limit to what you wait for.
   *
   * @param options.scoreThreshold Objects below this score are of no use.
   * @param options.stream Whose frame it is; `options.maxWaitMs`: after that a newer one is worth more: throw a `LateError`
   *   instead of beginning with this one.
   * @throws LateError when it did not look at the frame.
   */
  detect(frame: Frame, options: DetectOptions): Promise<Found> | Found;
}
