import { InputError } from '../sdk/errors.ts';
import { defaultColour } from '../sdk/frame/frame.ts';
import { describeBoard } from './boards/board.ts';
import type { DeviceOptions, DeviceProperties } from './device.ts';
import { type LiveCommand, LiveDevice } from './live.ts';
import { findProgram } from './programs.ts';
import { RawParser } from './raw.ts';
import type { StreamFormat } from './stream.ts';

/** A size that is cheap, 16 to 9 as the sensors are, and whose width needs no padding on any board. */
const defaultWidth = 1280;
const defaultHeight = 720;
/** Luma strides that are a multiple of this need no padding on any Raspberry Pi. */
const safeMultiple = 128;

/**
 * A Raspberry Pi camera through `rpicam-vid`, or `libcamera-vid` as it was called before.
 *
 * The program writes bare frames, rows padded to the stride the camera's hardware wants, and says nowhere what that is:
 * a multiple of 64 bytes up to the Pi 4, of 128 on the Pi 5. Where the board is not known the width itself is rounded
 * up to a multiple of 128, which both agree on.
 */
export class LibcameraCamera extends LiveDevice {
  readonly #index: number;
  readonly #rest: string;
  readonly #root: string;

  /**
   * @param rest Number of the camera as `rpicam-hello --list-cameras` lists it; empty is 0.
   * @param root Where the files that describe the board are; `/` but in tests.
   */
  constructor(uri: string, rest: string, options?: DeviceOptions, root = '/') {
    super(uri, options);
    this.#rest = rest;
    this.#index = Number(rest);
    this.#root = root;
  }

  protected async command(): Promise<LiveCommand> {
    if (!/^\d{0,2}$/.test(this.#rest)) {
      throw new InputError(
        `expected libcamera: or libcamera:NUMBER, the camera's number in rpicam-hello --list-cameras; got "${this.#rest}"`,
      );
    }
    const program = ['rpicam-vid', 'libcamera-vid'].find(findProgram);
    const install = 'install it on Raspberry Pi OS: sudo apt install rpicam-apps-lite';
    if (!program)
      throw new InputError(`rpicam-vid (or libcamera-vid) is needed for this camera and was not found; ${install}`);
    const format = this.#format();
    const { fps } = this.options;
    const args = ['--nopreview', '--timeout', '0', '--verbose', '0', '--camera', String(this.#index)];
    args.push('--width', String(format.width), '--height', String(format.height));
    if (fps !== undefined) args.push('--framerate', String(fps));
    args.push('--codec', 'yuv420', '--flush', '--output', '-');
    return { program, args, install, parser: (sink) => new RawParser(sink, format) };
  }

  protected describe({ format, width, height, fps, colour }: StreamFormat): DeviceProperties {
    return {
      kind: 'libcamera',
      title: `Camera ${this.#index} (libcamera)`,
      format,
      width,
      height,
      fps,
      colour,
      live: true,
    };
  }

  protected override explain(said: string): string {
    if (/no cameras available|out of range/i.test(said)) {
      return `there is no camera ${this.#index}: check its ribbon cable and rpicam-hello --list-cameras; ${said}`;
    }
    if (/busy|in use/i.test(said)) return `the camera is used by another program: stop that first; ${said}`;
    return said;
  }

  #format(): StreamFormat {
    const multiple = describeBoard(this.#root).lumaStrideMultiple;
    // Chroma has half the size, so both are even.
    let width = roundUp(this.options.width ?? defaultWidth, 2);
    const height = roundUp(this.options.height ?? defaultHeight, 2);
    if (multiple === undefined) width = roundUp(width, safeMultiple);
    const stride = roundUp(width, multiple ?? safeMultiple);
    return {
      format: 'I420',
      width,
      height,
      strides: [stride, stride / 2, stride / 2],
      fps: this.options.fps,
      colour: defaultColour(height),
    };
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
