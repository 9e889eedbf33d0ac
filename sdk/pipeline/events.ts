import type { DeviceHealth } from '../../devices/device/device.ts';
import type { CameraChange } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import type { Region } from '../frame/letterbox.ts';
import type { CountChange } from '../vision/counts.ts';
import type { EventMessage } from '../vision/event.ts';
import type { Crossing } from '../vision/lines.ts';
import type { Track } from '../vision/track.ts';
import type { StreamUse } from './stream-choice.ts';

/** A picture of an object, published before the event that refers to it. */
export interface Snapshot {
  /** The event's id. */
  id: string;
  label: string;
  jpeg: Buffer;
}

export type { CountChange } from '../vision/counts.ts';
export type { Crossing } from '../vision/lines.ts';

/** What happened to one frame. `frame` is borrowed: acquire() it to keep it after the listener returned. */
export interface FrameReport {
  frame: Frame;
  /** Where the network looked in this frame, frame pixels; undefined when it did not run. */
  regions?: readonly Region[];
  /** The network ran on this frame; otherwise the tracks are the previous ones. */
  inferred: boolean;
  tracks: readonly Track[];
  /** Something moved in this frame. */
  moving: boolean;
}

/** Where the time of the last frames went (ms, moving means) and what became of the frames (totals). */
export interface PipelineStats {
  /**
   * `dropped`: the device had a newer one. `gated`: nothing moved. `late`: the core was busy with other cameras, and a
   * newer one was worth more.
   */
  frames: { in: number; dropped: number; gated: number; late: number; inferred: number };
  fps: { in: number; inferred: number };
  times: {
    motion: number;
    queue: number;
    preprocess: number;
    infer: number;
    decode: number;
    track: number;
    total: number;
  };
  /**
   * The same times in total since the start, ms: of all frames for motion, of those the network ran on for the rest.
   */
  timeTotals: PipelineStats['times'];
  objects: number;
  /** Where the network looked: `detect.far`. */
  gaze: GazeStats;
  /** Of a camera with a `substream`: which of its streams is read, and why. */
  stream?: StreamUse;
  /** Clips of its events, where they are wanted: totals, and why there are none or the last one was dropped. */
  clips?: { readonly kept: number; readonly dropped: number; readonly why?: string; readonly needsSoftware?: true };
  /** How long frames have been arriving without one being finished, ms; 0 while all is well. */
  unfinishedMs: number;
  device: DeviceHealth;
}

/** Where the network looked in a camera's pictures. */
export interface GazeStats {
  /** Regions a frame that the network ran on, the whole view included: moving mean. */
  regions: number;
  /** Share of the network's time that was spent on parts of the view, 0..1: moving mean; the rest is the whole view. */
  timeShare: number;
  /** Of the last frame that it ran on: regions that deserved a look and wait for a later frame. */
  waiting: number;
  /** Totals: looks at the whole view, at parts of it, and how often a region had to wait. */
  whole: number;
  closer: number;
  waited: number;
}

/** `offline`: no frames arrive at the moment; `disabled`: none are wanted. */
export type CameraStatus = 'online' | 'offline' | 'disabled';

/** What a pipeline emits, in the order a frame causes it: motion, snapshot, event, crossing, count, frame. */
export interface PipelineEvents {
  status: [CameraStatus, DeviceHealth];
  /** The source cannot be opened, and is retried: each reason once. */
  unavailable: [reason: string];
  motion: [boolean];
  snapshot: [Snapshot];
  event: [EventMessage];
  crossing: [Crossing];
  count: [CountChange];
  frame: [FrameReport];
  /** The settings of this camera were changed while it runs; only the changed fields. */
  settings: [CameraChange];
  /** A finite source has ended and everything it caused was emitted. */
  ended: [];
}
