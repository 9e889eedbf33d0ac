/**
 * `ocellus/vision`: what follows from boxes, also from those of your own detector. Detections and their suppression, the
 * tracker, zones, lines, counts, events, average precision, and drawing on pictures.
 *
 * @module ocellus/vision
 */
export {
  type InputLayout,
  type Letterbox,
  letterboxGeometry,
  type Region,
  type Size,
} from './frame/letterbox.ts';
export { annotatedJpeg } from './vision/annotate/annotated-jpeg.ts';
export { type Annotated, drawBoxes, drawLabels, drawShapes, drawZones, Traces } from './vision/annotate/annotators.ts';
export { type CanvasContext, CanvasDrawing } from './vision/annotate/canvas-drawing.ts';
export { type Colour, colourOf, type Drawing } from './vision/annotate/drawing.ts';
export { SvgDrawing } from './vision/annotate/svg-drawing.ts';
export {
  type AveragePrecision,
  averagePrecision,
  type EvaluatedPicture,
  type TrueObject,
} from './vision/average-precision.ts';
export type { ChangeFinder, WatchedCells } from './vision/changes/change-finder.ts';
export { type CountChange, changedCounts, countTracks } from './vision/counts.ts';
export { type Detection, type DetectionRow, Detections, type DetectionsInit } from './vision/detections.ts';
export type { EventMessage, ObjectState } from './vision/event.ts';
export { EventCycle } from './vision/event-cycle.ts';
export { type FarOptions, farRegions } from './vision/far-regions.ts';
export type { Fate, ObjectFate, WhyReport } from './vision/fates.ts';
export type { Box, Point } from './vision/geometry.ts';
export { type Crossing, type LineFrame, Lines } from './vision/lines.ts';
export {
  isCut,
  type MergedDetections,
  type MergeOptions,
  mergeRegions,
  type RegionDetections,
} from './vision/merge-regions.ts';
export type { Moment } from './vision/moment.ts';
export { nms } from './vision/nms.ts';
export type { Keypoint, Mask, PlainShape, Shape, Skeleton } from './vision/shape.ts';
export type { Signature } from './vision/signature.ts';
export type { SubLabel, Track } from './vision/track.ts';
export { lowThreshold, Tracker, type TrackerOptions, type View } from './vision/tracker.ts';
export { type ZoneInput, Zones } from './vision/zones.ts';
