/**
 * `ocellus/learn`: learning on the job, and its parts. Examples are kept in a ledger, heads are trained from them and name what
 * is seen; each part can be used alone, or replaced.
 *
 * @module ocellus/learn
 */
export type { ClassLayer } from './core/cards/class-layer.ts';
export { spaceOf } from './core/cards/space.ts';
export type { Embedding } from './core/embedding.ts';
export type { Aside, AsideLook, Asides } from './learn/asides.ts';
export type {
  CameraLearning,
  CameraLearningOptions,
  CameraLearningSettings,
  Look,
  Subject,
} from './learn/camera/camera-learning.ts';
export { embedPicture } from './learn/camera/embed-picture.ts';
export type { Oracle } from './learn/camera/object-names.ts';
export type { TrackView, ViewedTrack } from './learn/camera/track-views.ts';
export type { NormalisedBox, ViewState } from './learn/camera/view-states.ts';
export type { Doubt } from './learn/doubt.ts';
export type { Features } from './learn/heads/features.ts';
export {
  defaultTrainers,
  Head,
  type HeadInfo,
  type Prediction,
  trainHead,
  type Verdict,
} from './learn/heads/head.ts';
export {
  type HeadVersion,
  HeadVersions,
  type HeadVersionsOptions,
  type Outcome,
  type Rejection,
} from './learn/heads/head-versions.ts';
export { accuracies, type Confusion, confusions, mostDoubtful, recognised, uncertainty } from './learn/heads/review.ts';
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
export {
  type Change,
  type HeadSummary,
  Learner,
  type LearnerEvents,
  type LearnerOptions,
  type Lesson,
  type Taught,
  type TeachOptions,
} from './learn/learner.ts';
export { type Bundle, type BundleCheck, bundleHash, readBundle, writeBundle } from './learn/ledger/bundle.ts';
export type { DotSet } from './learn/ledger/dot-set.ts';
export type { Cut, CutTarget, Draft, Example, ExampleKind } from './learn/ledger/example.ts';
export { Identity } from './learn/ledger/identity.ts';
export type { Space } from './learn/ledger/kept-ledger.ts';
export { Ledger, type LedgerChange, type LedgerLimits, type LedgerOptions } from './learn/ledger/ledger.ts';
export { LedgerStore, type LedgerStoreOptions } from './learn/ledger/ledger-store.ts';
export {
  type CutPart,
  type ExamplePart,
  isExamplePart,
  type Part,
  type PartName,
  partKey,
} from './learn/ledger/part.ts';
export type { Tensor, TensorData } from './learn/ledger/safetensors.ts';
export type { ThumbnailLimits } from './learn/ledger/thumbnails.ts';
export type { Answer, Lessons, LessonsParts } from './learn/lessons.ts';
export {
  type ExampleFilter,
  type ExamplePaging,
  type HeadReview,
  type LabelCount,
  type LearningSummary,
  type ListedExample,
  type Meaning,
  type NearMiss,
  NodeLearning,
  type NodeLearningEvents,
  type NodeLearningOptions,
  type TakenLook,
  type Teaching,
} from './learn/node-learning.ts';
