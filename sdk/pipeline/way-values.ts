import type { Tell } from '../base/tell.ts';
import type { Frame } from '../frame/frame.ts';
import type { CountChange } from '../vision/counts.ts';
import type { EventMessage } from '../vision/event.ts';
import type { Look } from '../vision/gaze/gaze.ts';
import type { Crossing } from '../vision/lines.ts';
import type { Track } from '../vision/track.ts';
import type { AskedDetector } from './ask-detector.ts';
import type { PipelineEvents } from './events.ts';
import type { Meters } from './meters.ts';
import type { PipelineLearning } from './options.ts';
import type { Snapshots } from './snapshots.ts';
import type { Stages } from './stages.ts';

/** The motion gate's result for a frame. */
export interface Gated {
  readonly frame: Frame;
  readonly moving: boolean;
  /** Motion began with this frame, or ended. */
  readonly turned: boolean;
  /** The detector is to run on it. */
  readonly isWanted: boolean;
  /** Where it is to look; undefined: at the whole frame. */
  readonly look: Look | undefined;
}

/** A frame, and where the detector looked in it. */
export type LookedAt = Pick<Gated, 'frame'> & Partial<Pick<Gated, 'look'>>;

/** What a frame meant. */
export interface Meaning {
  readonly tracks: readonly Track[];
  readonly messages: readonly EventMessage[];
  readonly crossings: readonly Crossing[];
  /** Those that changed. */
  readonly counts: readonly CountChange[];
}

export interface WayOptions {
  /** The camera's stream, whose turn at the detector it is. */
  readonly name: string;
  /** Null: no detector, only motion and pictures. */
  readonly detector: AskedDetector | null;
  readonly stages: Stages;
  readonly snapshots: Snapshots;
  readonly meters: Meters;
  readonly learning: PipelineLearning | undefined;
  /** Full speed: every frame counts and is waited for. */
  readonly isMax: boolean;
  readonly tell: Tell<PipelineEvents>;
  /** Called when a frame could not be used: once, not for each frame. */
  readonly complain: (message: string) => void;
}
