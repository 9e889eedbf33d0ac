import type { Device } from '../../devices/device/device.ts';
import type { Logger } from '../base/log.ts';
import type { CameraChange } from '../config/schema.ts';
import type { Detector } from '../core/detector.ts';
import type { Model } from '../core/model.ts';
import type { Frame } from '../frame/frame.ts';
import type { ChangeFinder } from '../vision/changes/change-finder.ts';
import type { SubLabel } from '../vision/track.ts';
import type { FrameReport } from './events.ts';
import type { Stage } from './stage.ts';

export interface PipelineOptions extends Omit<CameraChange, 'source'>, PipelineStages {
  /**
   * The URI of a source, or a device that is made already: one of `createDevice`, or of your own. `start()` opens it unless
   * it is open, `stop()` closes it. Size, controls and the like are those it was made with. Default `auto:`.
   */
  source?: string | Device;
  /** Name of the camera, part of its topics and in its events. Default `camera`. */
  name?: string;
  /**
   * What finds objects: a model of `loadModel`, or a detector of your own. Default: the default model, loaded by `start()` and
   * closed by `stop()`. One that is given stays open. Null: there is no detector; motion, pictures and what learning makes of
   * the whole view are all there is.
   */
  model?: Model | Detector | null | Promise<Model | Detector | null>;
  /** `max`: each frame of a file, none dropped, as fast as it goes; times are then media times. Default `realtime`. */
  speed?: 'realtime' | 'max';
  /** A source that cannot be opened is tried again for ever instead of failing `start()`. Default false. */
  patient?: boolean;
  /** How the motion gate finds what changed. Default: by the brightness of cells. */
  changes?: ChangeFinder;
  /**
   * Part of the ids of events. Default: none, and the same frames give the same ids; another one with each start keeps a
   * board whose clock begins at the same time with each start from giving an id twice.
   */
  eventSalt?: string;
  /** Local learning: is shown the frames and names the tracks. */
  learning?: PipelineLearning;
  /** Default: warnings and errors go to standard error. */
  logger?: Logger;
}

/** A program's own steps in the way of a camera's frames. */
export interface PipelineStages {
  /** Stages between the device and the motion gate: what they give is what is looked at and shown. */
  before?: readonly Stage<Frame>[];
  /**
   * Stages behind the tracker and the zones: what they give is what is shown, on snapshots and live, and told by `frame`. A
   * frame that comes out has the size of the one that went in.
   */
  after?: readonly Stage<FrameReport>[];
}

/** What local learning is to a camera's pipeline. */
export interface PipelineLearning {
  /**
   * Shown each frame with its tracks, after its events were told. The frame is on loan until the promise resolves; only
   * media that is read as fast as it goes waits for that. Must not throw.
   */
  look(report: FrameReport): Promise<void>;
  /** What a track is called by now. */
  nameOf(trackId: number): SubLabel | undefined;
  /** What comes next is another scene. */
  reset(): void;
}

/** The camera's settings among the options. @param given A device that was given in place of a source. */
export function settingsIn(options: PipelineOptions, given: Device | undefined): CameraChange {
  const { name: _, model: __, speed: ___, patient: ____, learning: _____, ...others } = options;
  const {
    before: ______,
    after: _______,
    changes: ________,
    eventSalt: _________,
    logger: __________,
    ...rest
  } = others;
  const { source, ...settings } = rest;
  const uri = given?.uri ?? (source as string | undefined);
  return { ...settings, ...(uri !== undefined && { source: uri }) };
}
