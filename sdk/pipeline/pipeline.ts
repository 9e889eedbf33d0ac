// Surface only; the body follows.
import { EventEmitter } from 'node:events';
import type { Device } from '../../devices/device.ts';
import type { CameraSettings } from '../config/schema.ts';
import type { Model } from '../core/model.ts';
import type { Frame } from '../frame/frame.ts';
import type { Logger } from '../log.ts';
import type { Track } from '../vision/track.ts';
import type { CountChange, PipelineEvents, PipelineStats } from './events.ts';

export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

export interface PipelineOptions extends DeepPartial<CameraSettings> {
  /** Name of the camera, part of its topics. Default `camera`. */
  name?: string;
  /** Default: the default model, loaded and closed by the pipeline. */
  model?: Model;
  speed?: 'realtime' | 'max';
  logger?: Logger;
}

/** One camera's way of a frame: device, motion gate, core, tracker, zones, events. */
export declare class Pipeline extends EventEmitter<PipelineEvents> {
  constructor(options?: PipelineOptions);
  readonly name: string;
  /** All settings of this camera, defaults filled in. */
  readonly settings: CameraSettings;
  readonly device: Device | undefined;
  /** Labels that are watched (the model's own list, cut to settings.detect.labels). Empty before start(). */
  readonly labels: readonly string[];
  readonly status: 'online' | 'offline' | 'disabled';
  readonly moving: boolean;
  readonly tracks: readonly Track[];
  /** Now: each watched label in the whole view and in each zone, zeroes included. */
  readonly counts: readonly CountChange[];
  readonly stats: PipelineStats;
  /** The newest frame, if there is one; the caller owns a reference and releases it. */
  latestFrame(): Frame | undefined;
  /** A JPEG of the newest frame. @throws InputError when there is no frame yet. */
  snapshot(options?: { maxHeight?: number; quality?: number }): Promise<Buffer>;
  /** Opens the device, loads the model, begins. */
  start(): Promise<void>;
  /** Ends the running events, emits what is left, closes what it opened. */
  stop(): Promise<void>;
  /** Changes settings while it runs; emits `settings`. Maps (zones, lines, thresholds) are replaced whole. @throws InputError naming the field. */
  change(patch: DeepPartial<CameraSettings>): Promise<void>;
}
