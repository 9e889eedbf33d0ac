import type { Device, VideoSink } from '../../devices/device/device.ts';
import type { Logger } from '../base/log.ts';
import type { CameraChange } from '../config/schema.ts';
import type { Detector } from '../core/detector.ts';
import type { Model } from '../core/model.ts';
import type { Frame } from '../frame/frame.ts';
import type { ChangeFinder } from '../vision/changes/change-finder.ts';
import type { SubLabel } from '../vision/track.ts';
import type { FrameReport, PipelineStats } from './events.ts';
import type { Stage } from './stage.ts';

/** Of what a pipeline is made: the source, the detector, and how the frames go through it. All have defaults. */
export interface PipelineOptions extends Omit<CameraChange, 'source'>, PipelineStages {
  /**
   * URI of the source, or a device: one from `createDevice`, or your own. `start()` opens it unless it is open,
   * `stop()` closes it. A device keeps the size, controls and so on that it was made with. Default `auto:`.
   */
  source?: string | Device;
  /** Name of the camera, in its topics and events. Default `camera`. */
  name?: string;
  /**
   * A model from `loadModel`, or your own detector. Default: the default model, loaded by `start()` and closed by
   * `stop()`. A detector that you pass stays open. Null: no detector, only motion, pictures and learned states of the
   * whole view.
   */
  model?: Model | Detector | null | Promise<Model | Detector | null>;
  /** `max`: every frame of a file, none dropped, at full speed; times are then media times. Default `realtime`. */
  speed?: 'realtime' | 'max';
  /** Retry a source that cannot be opened, indefinitely, instead of failing `start()`. Default false. */
  patient?: boolean;
  /** The source opens at once, but nothing is told or read before this resolves. @internal */
  heard?: Promise<unknown>;
  /** How the motion gate finds changes. Default: by the brightness of cells. */
  changes?: ChangeFinder;
  /**
   * Part of the ids of events. Default: none, and the same frames give the same ids. A new one with each start keeps a
   * board whose clock restarts at the same time from repeating ids.
   */
  eventSalt?: string;
  /**
   * File in which what the camera learns of its view (`sizes`) is kept between runs: some kB. Default: none, each run
   * learns it anew.
   */
  viewFile?: string;
  /** Local learning: receives the frames and names the tracks. */
  learning?: PipelineLearning;
  /** Clips of its events: receives the video of a camera that sends some, unless stages make its pictures: they may blur faces. @internal */
  clips?: PipelineClips;
  /** Default: warnings and errors go to standard error. */
  logger?: Logger;
}

/** A program's own steps in a camera's pipeline. */
export interface PipelineStages {
  /** Stages between the device and the motion gate: the frames that they return are processed and shown. */
  before?: readonly Stage<Frame>[];
  /**
   * Stages after the tracker and the zones: what they return is shown, on snapshots and live, and emitted with `frame`.
   * They must not change the size of the frame.
   */
  after?: readonly Stage<FrameReport>[];
}

/** Local learning as a camera's pipeline uses it. */
export interface PipelineLearning {
  /**
   * Receives each frame with its tracks, after its events were emitted. The frame is borrowed until the promise
   * resolves; only media read at full speed waits for that. Must not throw.
   */
  look(report: FrameReport): Promise<void>;
  /** Returns the current name of a track. */
  nameOf(trackId: number): SubLabel | undefined;
  /** What follows is a new scene. */
  reset(): void;
}

/** Clips of events as a camera's pipeline uses them. */
export interface PipelineClips extends VideoSink {
  readonly stats: PipelineStats['clips'];
  /** The camera has stopped: keeps what there is. Another start may follow. */
  close(): Promise<void>;
}

/** The camera's settings among the options. @param given A device that was passed as the source. */
export function settingsIn(options: PipelineOptions, given: Device | undefined): CameraChange {
  const { name: _, model: __, speed: ___, patient: ____, learning: _____, ...others } = options;
  const {
    before: ______,
    after: _______,
    changes: ________,
    eventSalt: _________,
    heard: ____________,
    logger: __________,
    viewFile: ___________,
    clips: _____________,
    ...rest
  } = others;
  const { source, ...settings } = rest;
  const uri = given?.uri ?? (source as string | undefined);
  return { ...settings, ...(uri !== undefined && { source: uri }) };
}
