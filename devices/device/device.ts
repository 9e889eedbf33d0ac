import type { EventEmitter } from 'node:events';
import type { Logger } from '../../sdk/base/log.ts';
import type { ColourSpace, Frame } from '../../sdk/frame/frame.ts';
import type { PixelFormat } from '../../sdk/frame/layout.ts';

/** How a source is read. */
export interface DeviceOptions {
  /**
   * Requested size of a camera, in pixels; the device may choose another (see `properties`). Videos and network streams
   * are scaled to it proportionally: one side determines the other, both mean the largest that fits. Pictures and the
   * scene have their own size. Default: the source's own.
   */
  width?: number;
  height?: number;
  /**
   * Maximum pixels of a frame; a source with larger frames is refused, since each takes 1.5 to 3 bytes per pixel,
   * several times. Default: 40 million for a video or a stream, 100 million for a still picture.
   */
  maxPixels?: number;
  /** Maximum frames per second. Default: the source's own rate. */
  fps?: number;
  /**
   * `realtime` (default): frames come in real time, and only the newest waits; `max`: every frame of a file, none
   * dropped, as fast as they are read.
   */
  speed?: 'realtime' | 'max';
  /** Loops a file. Default false. */
  loop?: boolean;
  /**
   * Transport of an `rtsp:` camera: over its TCP connection, or by UDP, where a lost packet delays nothing. Default
   * tcp.
   */
  transport?: 'tcp' | 'udp';
  /**
   * Pictures a second that an `http:` camera is asked for, where its address gives one picture and no stream, from 0.01
   * to 30; no more than `fps`. Default 2.
   */
  pollFps?: number;
  /** A live source without frames for this long, and for the time of three, is restarted, ms. Default 10000. */
  stallTimeoutMs?: number;
  /**
   * Decode with the board's hardware if it has some that works; otherwise, or if that yields no picture, in software.
   * Files at `max` are always decoded in software. Default true.
   */
  hardwareDecoding?: boolean;
  /**
   * Values of the camera's controls by name: `{ brightness: 140 }`. For `v4l2:` and `libcamera:`; other sources have
   * none. A menu accepts the number or the name of a choice.
   */
  controls?: ControlValues;
  /** Further options of `libcamera:`. */
  libcamera?: LibcameraOptions;
  /** Takes the video of an `rtsp:` camera as the camera sends it, beside the frames. Other sources give it nothing. */
  video?: VideoSink;
  logger?: Logger;
}

/**
 * Takes encoded video: MP4 in fragments of a second or less, each of which begins with a key frame or holds none. It must
 * not throw, and what it does delays the frames.
 */
export interface VideoSink {
  /** What follows is a stream of its own, from its header on. */
  begin(): void;
  /** The next bytes of it, which may end anywhere. They stay as they are. */
  write(bytes: Buffer): void;
  /** Nothing more of it comes. */
  end(): void;
}

/** Options of libcamera cameras, besides those of all devices. */
export interface LibcameraOptions {
  /** The sensor's mode, `WIDTH:HEIGHT:BITS` or `WIDTH:HEIGHT:BITS:P` (packed; U: unpacked). Default: libcamera's choice. */
  mode?: string;
  /** Tuning file of the sensor: an absolute path that ends in .json. Default: libcamera's own. */
  tuning?: string;
  /** Keep a second stream in full resolution for stills, with the native source. Default false. */
  still?: boolean;
}

/** Values of a camera's controls by name. */
export type ControlValues = Readonly<Record<string, number | boolean | string>>;

/** A setting of a camera, such as its exposure. */
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
  /** For a menu: the meaning of each number. */
  readonly choices?: Readonly<Record<number, string>>;
  /** It has no effect now, since an automatic mode is on. */
  readonly inactive: boolean;
  readonly readOnly: boolean;
}

/** The properties of a device, known once it is open. */
export interface DeviceProperties {
  /** `libcamera`, `v4l2`, `rtsp`, `http`, `file`, `recording`, `opencv` or `scene`. */
  readonly kind: string;
  /** Title for people: `HD USB Camera (/dev/video0)`. */
  readonly title: string;
  readonly format: PixelFormat;
  /** Of the first frame; a folder of pictures or a recording may have frames of many sizes. */
  readonly width: number;
  readonly height: number;
  /** Frames per second as stated by the source, if it does. */
  readonly fps?: number;
  readonly colour: ColourSpace;
  /** Whether it is live; other sources end. */
  readonly live: boolean;
  /** A note for people: why `auto:` chose this source, and how to change it. */
  readonly note?: string;
}

/** How a device does: its state, and counts since it was opened. */
export interface DeviceHealth {
  /** `offline`: no frames, being restarted. `ended`: a file has ended. */
  readonly state: 'closed' | 'opening' | 'online' | 'offline' | 'ended';
  /** Frames received from the source. */
  readonly frames: number;
  /** Frames dropped because nobody took them in time. */
  readonly dropped: number;
  /** Frames that were cut short or corrupt. */
  readonly corrupt: number;
  /** How often it was restarted, and how often because it ran without delivering frames. */
  readonly restarts: number;
  readonly stalls: number;
  /** The same in the last hour; named as in Frigate's statistics, so that a dashboard for those reads these. */
  readonly reconnects_last_hour: number;
  readonly stalls_last_hour: number;
  /** Why the source is, or was last, not online. */
  readonly lastError?: string;
}

/** Health of a device that was never opened. */
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

/** The events of a device. */
export interface DeviceEvents {
  /** Emitted after each change of `health.state`. */
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
   * Iterates over the frames from now on; one reader at a time. The reader owns each frame and releases it. Ends when
   * the source ends or the device is closed; a camera that stalls is restarted meanwhile and does not end it.
   */
  frames(): AsyncIterableIterator<Frame>;
  /** @throws Error before `open()`. */
  readonly properties: DeviceProperties;
  readonly health: DeviceHealth;
  /** The camera's controls with their current values; empty if the source has none. */
  controls(): Promise<readonly CameraControl[]>;
  /**
   * Sets controls while frames go on; a control set earlier and omitted now returns to the camera's default. They are
   * set again when a lost camera returns; while it is away they are only stored.
   *
   * @throws InputError naming the fault and the accepted values; nothing is set then.
   */
  setControls(values: ControlValues): Promise<void>;
  /**
   * Takes a still in full resolution, if the source supports it. If it cannot be taken beside the stream, the frames
   * pause meanwhile. The caller releases it.
   *
   * @throws InputError when it cannot be taken, or while the source is away.
   */
  still?(): Promise<Frame>;
  /** Stops the source and waits until its process has ended. May be called repeatedly. */
  close(): Promise<void>;
  /** `close()`, for `await using device = await openDevice(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}
