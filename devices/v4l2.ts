import { statSync } from 'node:fs';
import { InputError } from '../sdk/errors.ts';
import type { DeviceOptions, DeviceProperties } from './device.ts';
import { atMost, ffmpegCommand } from './ffmpeg.ts';
import { type LiveCommand, LiveDevice } from './live.ts';
import { findV4l2Cameras } from './probe/v4l2.ts';
import type { StreamFormat } from './stream.ts';
import { Y4mParser } from './y4m.ts';

/** Of the kernel's Video4Linux. */
const videoMajor = 81;
const major = (device: number) => Math.floor(device / 256) & 0xfff;

/** A USB camera, or any other that Video4Linux has, read by ffmpeg. */
export class V4l2Camera extends LiveDevice {
  readonly #rest: string;
  #path = '';
  #title: string | undefined;

  /** @param rest The camera's file, `/dev/video0`; empty for the first camera. */
  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
  }

  protected async command(): Promise<LiveCommand> {
    await this.#find();
    const { width, height, fps } = this.options;
    const input = ['-f', 'v4l2', '-fflags', 'nobuffer'];
    // The driver takes what is nearest to it. Raw formats come before compressed ones in ffmpeg's own order.
    if (width !== undefined && height !== undefined) input.push('-video_size', `${width}x${height}`);
    if (fps !== undefined) input.push('-framerate', String(fps));
    return {
      ...ffmpegCommand({ input, url: this.#path, filters: atMost(fps), output: ['-fps_mode', 'passthrough'] }),
      parser: (sink) => new Y4mParser(sink),
    };
  }

  protected describe({ format, width, height, fps }: StreamFormat): DeviceProperties {
    // Whatever their size, these cameras use BT.601 unless they say otherwise, and ffmpeg does not ask them.
    const colour = { matrix: 'bt601', range: 'limited' } as const;
    return { kind: 'v4l2', title: this.#title ?? this.#path, format, width, height, fps, colour, live: true };
  }

  protected override explain(said: string): string {
    if (/Permission denied/i.test(said)) {
      return `${this.#path} may not be read by this user: sudo usermod -aG video $USER, then log in again`;
    }
    if (/Device or resource busy/i.test(said)) return `${this.#path} is used by another program: stop that first`;
    if (/Not a video capture device|Inappropriate ioctl/i.test(said)) {
      return `${this.#path} is no camera (it may be a codec, or a camera's second node); ocellus doctor lists the cameras`;
    }
    return said;
  }

  async #find(): Promise<void> {
    const cameras = await findV4l2Cameras();
    const path = this.#rest || cameras[0]?.uri.slice('v4l2:'.length);
    const known = cameras.map(({ title }) => title).join(', ') || 'none';
    if (!path) throw new InputError('no camera was found in /sys/class/video4linux: plug one in');
    if (!path.startsWith('/dev/')) throw new InputError(`expected v4l2:/dev/videoN, got v4l2:${path}`);
    const node = statSync(path, { throwIfNoEntry: false });
    if (!node) throw new InputError(`there is no ${path}: plug the camera in; cameras found: ${known}`);
    // To open another kind of device does something by itself: a watchdog begins to count.
    if (!node.isCharacterDevice() || major(node.rdev) !== videoMajor) {
      throw new InputError(`${path} is no camera; cameras found: ${known}`);
    }
    this.#path = path;
    this.#title = cameras.find(({ uri }) => uri === `v4l2:${path}`)?.title;
  }
}
