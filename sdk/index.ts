/**
 * Ocellus: a camera becomes detections. What most programs need, on one page.
 *
 * - See: `openDevice` gives frames, `loadModel` finds objects in them, `loadClassifier` tells what a picture or a region is.
 * - Watch: `Pipeline` is one camera with tracking, zones and events; `Node` is several on one core.
 * - Tell: `Hub` speaks MQTT; `requestVerb` asks one.
 * - Learn: `NodeLearning` (a node's `learning`) is taught what its cameras see; `Learner` learns from pictures.
 *
 * More of each: `ocellus/devices`, `ocellus/vision`, `ocellus/learn`, `ocellus/hub`, `ocellus/zoo`, `ocellus/opencv`.
 * @module ocellus
 */
export type { CameraControl, ControlValues, Device, DeviceHealth, DeviceOptions } from '../devices/device/device.ts';
export { createDevice, openDevice, registerDevice } from '../devices/registry.ts';
export { InputError, ModelError, StaleError } from './base/errors.ts';
export type { LogFields, Logger } from './base/log.ts';
export type { Writer, Written } from './base/written.ts';
export { dataFolder } from './config/data-folder.ts';
export { updateSettings } from './config/edit-settings.ts';
export type { BoardFacts } from './config/profile.ts';
export {
  type CameraChange,
  CameraSettings,
  type DeepPartial,
  type EngineName,
  type LearnSettings,
  type LineSettings,
  Settings,
  type ZoneSettings,
} from './config/schema.ts';
export { readSettings, resolveSettings, type SettingsInput } from './config/settings.ts';
export { type ClassifierCard, type DetectorCard, ModelCard } from './core/cards/card.ts';
export { type Classification, Classifier, type ClassifyOptions, loadClassifier } from './core/classifier.ts';
export { registerDecoder } from './core/decoders/custom.ts';
export type { Decoder, Kept, Shapes } from './core/decoders/decoder.ts';
export type { Detector, DetectorInfo, Found, FoundObject } from './core/detector.ts';
export type { Embedding } from './core/embedding.ts';
export type { Tensor, TensorData, TensorInfo } from './core/engines/engine.ts';
export { LateError, type TurnOptions } from './core/frame-queue.ts';
export type { LoadOptions } from './core/load.ts';
export type { EncodeTimes } from './core/messages.ts';
export {
  type DetectOptions,
  type DetectTimes,
  listModels,
  loadModel,
  Model,
  type TimedDetections,
} from './core/model.ts';
export type { DecoderFactory } from './core/network-detector.ts';
export type { Stream } from './core/turns.ts';
export {
  type ColourSpace,
  Frame,
  type FrameInfo,
  type FrameInit,
  type Plane,
  type SensorReading,
} from './frame/frame.ts';
export { type PixelFormat, type PlaneLayout, planeLayout } from './frame/layout.ts';
export type { Region } from './frame/letterbox.ts';
export { FramePool } from './frame/pool.ts';
export type { History, HistoryEvents, HistoryOptions, HistorySettings, RunClock } from './history/history.ts';
export type { HistoryDay, HistoryPage, HistoryQuery, StoredEvent } from './history/stored-event.ts';
export { type EmbeddedBroker, startBroker } from './hub/broker/broker.ts';
export { type RequestClient, requestVerb } from './hub/extensions/requests/client.ts';
export { defineVerb } from './hub/extensions/requests/verbs/verb.ts';
export { Hub } from './hub/hub.ts';
export type { Candidates } from './kernels/boxes/candidates.ts';
export { Learner } from './learn/learner.ts';
export { NodeLearning, type Teaching } from './learn/node-learning.ts';
export { type EncodeOptions, encodeJpeg, readPicture } from './picture/picture.ts';
export type { DiskUse } from './pipeline/disk-meter.ts';
export type {
  CameraStatus,
  CountChange,
  Crossing,
  FrameReport,
  GazeStats,
  PipelineEvents,
  PipelineStats,
  Snapshot,
} from './pipeline/events.ts';
export { Node, type NodeEvents, type NodeOptions, type NodePower, type NodeStats } from './pipeline/node.ts';
export { Pipeline, type PipelineLearning, type PipelineOptions, type PipelineStages } from './pipeline/pipeline.ts';
export { Recorder, type RecorderOptions } from './pipeline/recorder.ts';
export type { SnapshotOptions } from './pipeline/snapshots.ts';
export type { Stage } from './pipeline/stage.ts';
export type { StreamUse } from './pipeline/stream-choice.ts';
export { annotatedJpeg } from './vision/annotate/annotated-jpeg.ts';
export { drawBoxes, drawLabels, drawShapes, drawZones, Traces } from './vision/annotate/annotators.ts';
export { changedCounts, countTracks } from './vision/counts.ts';
export { type Detection, type DetectionRow, Detections, type DetectionsInit } from './vision/detections.ts';
export type { EventMessage, ObjectState } from './vision/event.ts';
export { EventCycle } from './vision/event-cycle.ts';
export type { SeenSize } from './vision/gaze/size-map.ts';
export { Lines } from './vision/lines.ts';
export type { Keypoint, Mask, PlainShape, Shape, Skeleton } from './vision/shape.ts';
export type { SubLabel, Track } from './vision/track.ts';
export { Tracker } from './vision/tracker.ts';
export { Zones } from './vision/zones.ts';
