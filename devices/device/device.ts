import type { EventEmitter } from 'node:events';
import type { Logger } from '../../sdk/base/log.ts';
import type { ColourSpace, Frame } from '../../sdk/frame/frame.ts';
import type { PixelFormat } from '../../sdk/frame/layout.ts';

/** How a source is read. */
export interface DeviceOptions {
  /**
   * Size asked of a camera, in pixels; the device may give another (see `properties`). Videos and network streams are
   * scaled to it in proportion: one side gives the other, both the largest that fits. Pictures and the scene have their own. Default: the source's own.
   */
  width?: number;
  height?: number;
  /**
   * The most pixels of a frame; a source whose frames are larger is refused, for each takes 1.5 to 3 bytes a pixel, several
   * times. Default: 40 million of a video or a stream, 100 million of a still picture.
   */
  maxPixels?: number;
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
  /**
   * Decodes with the board's own hardware where it has some that works; else, and where that gives no picture, in
   * software. Not of files at `max`: those are always decoded in software. Default true.
   */
  hardwareDecoding?: boolean;
  /**
   * The camera's own controls, by the names it gives them: `{ brightness: 140 }`. Of `v4l2:` and `libcamera:`; other
   * sources have none.
   * A menu takes the number or the words of a choice.
   */
  controls?: ControlValues;
  /** What a `libcamera:` takes beside. */
  libcamera?: LibcameraOptions;
  logger?: Logger;
}

/** What a camera of libcamera takes beside the options of all devices. */
export interface LibcameraOptions {
  /** The sensor's mode, `WIDTH:HEIGHT:BITS` or `WIDTH:HEIGHT:BITS:P` (packed; U: unpacked). Default: libcamera's choice. */
  mode?: string;
  /** A file that tunes the picture to the sensor: an absolute path that ends in .json. Default: libcamera's own. */
  tuning?: string;
  /** Keeps a second stream in full resolution for stills, where the native source is used. Default false. */
  still?: boolean;
}

/** Values of a camera's controls by name. */
export type ControlValues = Readonly<Record<string, number | boolean | string>>;

/** Something that a camera lets be set, such as its exposure. */
export interface CameraControl {
  /** As the camera names it: `exposure_time_absolute` of v4l2:, `exposure_time` of libcamera:. */
  readonly name: string;
  readonly kind: 'integer' | 'number' | 'boolean' | 'menu';
  /** 0 or 1 of a boolean, the number of the choice of a menu. */
  readonly value: number;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Of a menu: what each number stands for. */
  readonly choices?: Readonly<Record<number, string>>;
  /** It has no effect now: an automatic does its work. */
  readonly inactive: boolean;
  readonly readOnly: boolean;
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
  /** How often it was started again, and how often because it gave no frames though it ran. */
  readonly restarts: number;
  readonly stalls: number;
  /** The same in the last hour; named as in Frigate's statistics, so that a dashboard for those reads these. */
  readonly reconnects_last_hour: number;
  readonly stalls_last_hour: number;
  /** Why the source is not online, or was not the last time. */
  readonly lastError?: string;
}

/** Of a device that was never opened. */
export const closedHealth: DeviceHealth = {
  state: 'closed',
  frames: 0,
  dropped: 0,
  corrupt: 0,
  restarts: 0,
  stalls: 0,
  reconnects_last_hour: 0,
  stalls_last_hour: 0,
};

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
  /** What the camera lets be set, with its values now; empty where the source has no such thing. */
  controls(): Promise<readonly CameraControl[]>;
  /**
   * Sets these controls, while the frames go on; one that was set before and is left out gets the camera's default. They
   * are set again when the camera was lost and comes back; one that is away is not asked before.
   *
   * @throws InputError naming what is wrong and what the camera takes; nothing is set then.
   */
  setControls(values: ControlValues): Promise<void>;
  /**
   * Of a source that takes stills: one picture in full resolution. Where it cannot be had beside the stream, the frames
   * pause for as long as that takes. The caller releases it.
   *
   * @throws InputError when it cannot be taken, and while the source is away.
   */
  still?(): Promise<Frame>;
  /** Stops the source and waits until its process has ended. Safe to call twice. */
  close(): Promise<void>;
  /** `close()`, for `await using device = await openDevice(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}
