import type { EventEmitter } from 'node:events';
import type { ColourSpace, Frame } from '../sdk/frame/frame.ts';
import type { PixelFormat } from '../sdk/frame/layout.ts';
import type { Logger } from '../sdk/log.ts';

/** How a source is read. */
export interface DeviceOptions {
  /**
   * Size asked of a camera, in pixels; the device may give another (see `properties`). Videos and network streams are
   * scaled to it, one side alone keeps the proportions; pictures and the scene have their own. Default: the source's own.
   */
  width?: number;
  height?: number;
  /** The most frames a second that are wanted. Default: the source's own. */
  fps?: number;
  /**
   * `realtime` (default): frames come as time goes by, and only the newest waits; `max`: each frame of a file, none
   * dropped, as fast as they are taken.
   */
  speed?: 'realtime' | 'max';
  /** Starts a file again at its end. Default false. */
  loop?: boolean;
  /** How an `rtsp:` camera sends: over its own connection, or beside it, where a lost packet holds nothing up. Default tcp. */
  transport?: 'tcp' | 'udp';
  /** A live source that gave no frame for so long is restarted, ms. Default 10000. */
  stallTimeoutMs?: number;
  logger?: Logger;
}

/** What a device turned out to be, known once it is open. */
export interface DeviceProperties {
  /** `libcamera`, `v4l2`, `rtsp`, `http`, `file`, `recording`, `opencv` or `scene`. */
  readonly kind: string;
  /** For a person: `HD USB Camera (/dev/video0)`. */
  readonly title: string;
  readonly format: PixelFormat;
  /** Of the first frame; a folder of pictures or a recording may have frames of many sizes. */
  readonly width: number;
  readonly height: number;
  /** Frames a second as the source states them, if it does. */
  readonly fps?: number;
  readonly colour: ColourSpace;
  /** A live source goes on for ever; the other kind ends. */
  readonly live: boolean;
  /** What a person should know of this choice: why `auto:` shows this source, and how to change it. */
  readonly note?: string;
}

export interface DeviceHealth {
  /** `offline`: no frames, being restarted. `ended`: a file is over. */
  readonly state: 'closed' | 'opening' | 'online' | 'offline' | 'ended';
  /** Frames received from the source. */
  readonly frames: number;
  /** Frames that nobody took in time. */
  readonly dropped: number;
  /** Frames that were cut short or corrupt. */
  readonly corrupt: number;
  readonly restarts: number;
  readonly stalls: number;
  /** Why the source is not online, or was not the last time. */
  readonly lastError?: string;
}

export interface DeviceEvents {
  /** After each change of `health.state`. */
  health: [DeviceHealth];
}

/**
 * A source of frames, named by a URI. Made by `openDevice`; the constructor does nothing.
 *
 * @example
 * const device = await openDevice('v4l2:/dev/video0', { fps: 10 });
 * for await (const frame of device.frames()) {
 *   // …
 *   frame.release();
 * }
 * await device.close();
 */
export interface Device extends EventEmitter<DeviceEvents> {
  readonly uri: string;
  /** @throws InputError when the program, the device or the file is missing, with what to install or plug in. */
  open(): Promise<void>;
  /**
   * The frames from now on; one reader at a time. The reader owns each frame and releases it. Ends when the source
   * ends or the device is closed; a camera that stalls is restarted meanwhile and does not end it.
   */
  frames(): AsyncIterableIterator<Frame>;
  /** @throws Error before `open()`. */
  readonly properties: DeviceProperties;
  readonly health: DeviceHealth;
  /** Stops the source and waits until its process has ended. Safe to call twice. */
  close(): Promise<void>;
}
