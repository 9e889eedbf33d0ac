import type { Frame } from '../frame/frame.ts';
import type { Size } from '../frame/letterbox.ts';
import type { Detections } from '../vision/detections.ts';
import type { Box } from '../vision/geometry.ts';
import type { Keypoint, Mask, Skeleton } from '../vision/shape.ts';
import type { DetectTimes } from './messages.ts';
import type { DetectOptions } from './model.ts';

/** An object that your own detector found. */
export interface FoundObject {
  /** `[x1, y1, x2, y2]` in frame pixels; clipped to the frame. */
  readonly box: Box;
  /** Score, 0..1. */
  readonly score: number;
  /** One of the detector's `labels`. */
  readonly label: string;
  /** Points of it, frame pixels: the same names in the same order for each object, at most 64. */
  readonly keypoints?: readonly Keypoint[];
  /** Its outline, frame pixels; simplified where it has more than 96 corners. */
  readonly mask?: Mask;
}

/** The result of a detector for one frame. */
export interface Found {
  readonly detections: Detections | Iterable<FoundObject>;
  /** Which keypoints are joined, in drawings. Default: as `detections` say; of a list, none. */
  readonly skeleton?: Skeleton;
  /** Times of the steps, ms, for `stats`; omitted ones are 0, and their time counts as waiting. */
  readonly times?: Partial<DetectTimes>;
}

/** What is known of a detector without running it; a model's card is one. */
export interface DetectorInfo {
  readonly name: string;
  readonly labels: readonly string[];
  readonly version?: string;
}

/**
 * Your own detector, which a `Pipeline` or a `Node` uses instead of a model: a blob finder for a thermal camera, a
 * service on another machine. All else is unchanged: motion gate, tracker, zones, lines, events, MQTT, page.
 *
 * A pipeline passes one frame at a time; a node's cameras share the detector and may call it concurrently.
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
  /** All its labels: at least one, without duplicates. They must not change. */
  readonly labels: readonly string[];
  /**
   * Whether it looks only where `options.regions` says. Default: false, and it is never given regions: it is asked for the whole
   * frame, and a camera does not look closer.
   */
  readonly regions?: boolean;
  /**
   * Size of the picture that it makes of a frame or a region, pixels: `detect.far` chooses regions by it. Default: unknown, and
   * none are chosen.
   */
  readonly input?: Size;
  /**
   * Finds objects. The frame is borrowed until this settles; `frame.acquire()` keeps it for longer. An error or an
   * invalid result drops this frame and is logged; the camera goes on. A promise that never settles blocks the camera:
   * use timeouts.
   *
   * @param options.scoreThreshold Objects with lower scores are ignored.
   * @param options.regions Only of a detector with `regions: true`: where to look, in frame pixels, clipped to the frame; an
   * object is returned once though several of them show it (`mergeRegions` of `ocellus/vision` does that).
   * @param options.stream Whose frame it is; `options.maxWaitMs`: after this time a newer frame is worth more: throw a
   * `LateError` instead of starting on this one. @throws LateError when it did not process the frame.
   */
  detect(frame: Frame, options: DetectOptions): Promise<Found> | Found;
}
