/**
 * Ocellus: a camera becomes detections. The whole public API on one page.
 *
 * - See: `openDevice` gives frames, `loadModel` finds objects in them, `loadClassifier` tells what a picture or a region is.
 * - Watch: `Pipeline` is one camera with tracking, zones and events; `Node` is several on one core.
 * - Tell: `Hub` speaks MQTT; `requestVerb` asks one.
 * - Learn: `NodeLearning` (a node's `learning`) is taught what its cameras see; `Learner` keeps examples and trains the
 *   heads that name them; `LedgerStore` and `HeadVersions` are its parts.
 *
 * @packageDocumentation
 */
export type {
  CameraControl,
  ControlValues,
  Device,
  DeviceHealth,
  DeviceOptions,
  DeviceProperties,
} from '../devices/device/device.ts';
export { openDevice } from '../devices/index.ts';
export { InputError, ModelError } from './base/errors.ts';
export type { Logger } from './base/log.ts';
export { dataFolder } from './config/data-folder.ts';
export {
  type CameraChange,
  CameraSettings,
  type LineSettings,
  Settings,
  type ZoneSettings,
} from './config/schema.ts';
export { readSettings, resolveSettings, updateSettings } from './config/settings.ts';
export { ModelCard } from './core/cards/card.ts';
export { spaceOf } from './core/cards/space.ts';
export { type Classification, Classifier, type ClassifyOptions, loadClassifier } from './core/classifier.ts';
export type { Embedding } from './core/embedding.ts';
export type { EngineName } from './core/engines/engine.ts';
export { LateError, type TurnOptions } from './core/frame-queue.ts';
export type { LoadOptions } from './core/load.ts';
export { type DetectOptions, type DetectTimes, listModels, loadModel, Model } from './core/model.ts';
export type { Stream } from './core/turns.ts';
export {
  type ColourSpace,
  Frame,
  type FrameInfo,
  type FrameInit,
  type Plane,
  type SensorReading,
} from './frame/frame.ts';
export { type PixelFormat, planeLayout } from './frame/layout.ts';
export { type Letterbox, letterboxGeometry, type Region } from './frame/letterbox.ts';
export { FramePool } from './frame/pool.ts';
export { startBroker } from './hub/broker/broker.ts';
export type { LearningState } from './hub/contract/learning.ts';
export { requestVerb } from './hub/extensions/requests/client.ts';
export { defineVerb, type Verb, type VerbContext } from './hub/extensions/requests/verbs/verb.ts';
export type { Verbs } from './hub/extensions/requests/verbs/verbs.ts';
export { Hub } from './hub/hub.ts';
export type { CameraLearning, Look, Subject } from './learn/camera/camera-learning.ts';
export { embedPicture } from './learn/camera/embed-picture.ts';
export type { ViewState } from './learn/camera/view-states.ts';
export type { Features } from './learn/heads/features.ts';
export { defaultTrainers, Head, type HeadInfo, type Prediction, trainHead, type Verdict } from './learn/heads/head.ts';
export { type HeadVersion, HeadVersions, type HeadVersionsOptions, type Outcome } from './learn/heads/head-versions.ts';
export { accuracies, type Confusion, confusions, mostDoubtful, uncertainty } from './learn/heads/review.ts';
export { SteadyState, type SteadyStateOptions } from './learn/heads/steady-state.ts';
export type { Steps } from './learn/heads/steps.ts';
export {
  crossValidate,
  crossValidateInSteps,
  type HeadTrainer,
  type Margins,
  type TrainedModel,
} from './learn/heads/trainer.ts';
export { TrainingData, type TrainingSet } from './learn/heads/training-set.ts';
export { type Change, Learner, type LearnerOptions, type Lesson, type Taught } from './learn/learner.ts';
export { type Bundle, type BundleCheck, bundleHash, readBundle, writeBundle } from './learn/ledger/bundle.ts';
export type { Cut, CutTarget, Draft, Example, ExampleKind } from './learn/ledger/example.ts';
export { Identity } from './learn/ledger/identity.ts';
export { Ledger, type LedgerLimits, type LedgerOptions } from './learn/ledger/ledger.ts';
export { LedgerStore, type LedgerStoreOptions } from './learn/ledger/ledger-store.ts';
export {
  type CutPart,
  type ExamplePart,
  isExamplePart,
  type Part,
  type PartName,
  partKey,
} from './learn/ledger/part.ts';
export type { Tensor } from './learn/ledger/safetensors.ts';
export {
  type ExampleFilter,
  type LabelCount,
  type LearningSummary,
  type ListedExample,
  type NearMiss,
  NodeLearning,
  type NodeLearningOptions,
  type Teaching,
} from './learn/node-learning.ts';
export { encodeJpeg, readPicture } from './picture/picture.ts';
export type { CountChange, Crossing, FrameReport, PipelineEvents, PipelineStats, Snapshot } from './pipeline/events.ts';
export { Node, type NodePower, type NodeStats } from './pipeline/node.ts';
export { Pipeline, type PipelineOptions } from './pipeline/pipeline.ts';
export { Recorder, type RecorderOptions } from './pipeline/recorder.ts';
export type { Stage } from './pipeline/stage.ts';
export { type Annotated, drawBoxes, drawLabels, drawZones, Traces } from './vision/annotate/annotators.ts';
export { type CanvasContext, CanvasDrawing } from './vision/annotate/canvas-drawing.ts';
export { type Colour, colourOf, type Drawing } from './vision/annotate/drawing.ts';
export { SvgDrawing } from './vision/annotate/svg-drawing.ts';
export { averagePrecision } from './vision/average-precision.ts';
export type { ChangeFinder, WatchedCells } from './vision/changes/change-finder.ts';
export { type Detection, Detections, type DetectionsInit } from './vision/detections.ts';
export type { EventMessage, ObjectState } from './vision/event.ts';
export { nms } from './vision/nms.ts';
export type { Track } from './vision/track.ts';
export { Tracker } from './vision/tracker.ts';
