import { realpathSync, statSync } from 'node:fs';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { CameraControl, ControlValues, DeviceOptions, DeviceProperties } from '../device/device.ts';
import type { Loss } from '../device/loss.ts';
import { assertControlValues } from '../device/options.ts';
import { atMost, ffmpegCommand } from '../ffmpeg/ffmpeg.ts';
import { type LiveCommand, LiveDevice } from '../ffmpeg/live.ts';
import { ControlPanel } from './control-panel.ts';
import { findV4l2Cameras } from './find.ts';
import { listFormats } from './formats.ts';
import { chooseMode } from './mode.ts';

/** Of the kernel's Video4Linux. */
const videoMajor = 81;
const major = (device: number) => Math.floor(device / 256) & 0xfff;

/** A USB camera, or any other that Video4Linux has, read by ffmpeg; `v4l2-ctl` tells what it can do and sets its controls. */
export class V4l2Camera extends LiveDevice {
  protected override readonly takesControls = true;
  readonly #rest: string;
  #path = '';
  #title: string | undefined;
  readonly #panel: ControlPanel;

  /** @param rest The camera's file, `/dev/video0`; empty for the first camera. */
  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
    this.#panel = new ControlPanel(options?.controls ?? {}, this.logger);
  }

  override async controls(): Promise<readonly CameraControl[]> {
    this.#assertOpen();
    return this.#panel.list(this.#path);
  }

  override async setControls(values: ControlValues): Promise<void> {
    assertControlValues(values);
    this.#assertOpen();
    if (this.state === 'offline') this.#panel.want(values);
    else await this.#panel.set(this.#path, values);
  }

  protected async command(): Promise<LiveCommand> {
    await this.#find();
    await this.#applyControls();
    const { fps, maxPixels } = this.options;
    const { input, codec } = await this.#mode();
    const decoder = codec === undefined ? undefined : await this.decoderFor({ input, url: this.#path, codec });
    return {
      ...ffmpegCommand({
        input: [...(decoder?.input ?? []), '-f', 'v4l2', ...input],
        url: this.#path,
        filters: atMost(fps),
        maxPixels,
        // Whatever their size, these cameras use BT.601 unless they say otherwise, and ffmpeg does not ask them.
        untagged: 'bt601',
      }),
      decoder,
    };
  }

  protected identity(): Pick<DeviceProperties, 'kind' | 'title'> {
    return { kind: 'v4l2', title: this.#title ?? this.#path };
  }

  protected override explain({ reason, said = reason }: Loss): string {
    if (/Permission denied/i.test(said)) {
      return `${this.#path} may not be read by this user: sudo usermod -aG video $USER, then log in again`;
    }
    if (/Device or resource busy/i.test(said)) return `${this.#path} is used by another program: stop that first`;
    if (/Not a video capture device|Inappropriate ioctl/i.test(said)) {
      return `${this.#path} is no camera (it may be a codec, or a camera's second node); ocellus doctor lists the cameras`;
    }
    return reason;
  }

  /** ffmpeg's options for the cheapest way to what is wanted; where nothing tells what there is, ffmpeg and the driver agree. */
  async #mode(): Promise<{ input: string[]; codec?: string }> {
    const { width, height, fps } = this.options;
    const mode = chooseMode(await listFormats(this.#path), { width, height, fps });
    if (mode) {
      const rate = mode.fps === undefined ? '' : ` at ${mode.fps} frames a second`;
      this.logger.debug(`takes ${mode.fourcc} ${mode.width}x${mode.height}${rate}`);
      const input = ['-input_format', mode.inputFormat, '-video_size', `${mode.width}x${mode.height}`];
      return { input: [...input, ...framerate(mode.fps)], codec: mode.codec };
    }
    const size = width !== undefined && height !== undefined ? ['-video_size', `${width}x${height}`] : [];
    return { input: [...size, ...framerate(fps)] };
  }

  async #applyControls(): Promise<void> {
    try {
      await this.#panel.apply(this.#path);
    } catch (error) {
      // Whoever opens it is told. A camera that comes back as another one is to be seen all the same.
      if (this.state === 'opening') throw error;
      this.logger.warn(messageOf(error));
    }
  }

  #assertOpen(): void {
    if (this.state !== 'online' && this.state !== 'offline') {
      throw new Error(`${this.uri} is not open: its controls are known after open()`);
    }
  }

  async #find(): Promise<void> {
    const cameras = await findV4l2Cameras();
    const path = this.#rest || cameras[0]?.uri.slice('v4l2:'.length);
    const known = cameras.map(({ title }) => title).join(', ') || 'none';
    if (!path) throw new InputError('no camera was found in /sys/class/video4linux: plug one in');
    if (!path.startsWith('/dev/')) throw new InputError(`expected v4l2:/dev/videoN, got v4l2:${path}`);
    const node = statSync(path, { throwIfNoEntry: false });
    if (!node) throw new InputError(`there is no ${path}: plug the camera in; cameras found: ${known}`);
    // Merely opening another kind of device can have effects: a watchdog starts counting.
    if (!node.isCharacterDevice() || major(node.rdev) !== videoMajor) {
      throw new InputError(`${path} is no camera; cameras found: ${known}`);
    }
    this.#path = path;
    // It may be a link, as those in /dev/v4l/by-id are.
    const file = realpathSync(path);
    this.#title = cameras.find(({ uri }) => uri === `v4l2:${file}`)?.title;
  }
}

const framerate = (fps: number | undefined) => (fps === undefined ? [] : ['-framerate', String(fps)]);
