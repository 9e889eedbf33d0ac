import { InputError } from '../../sdk/base/errors.ts';
import type { ColourSpace, Frame } from '../../sdk/frame/frame.ts';
import type { CameraControl, ControlValues, DeviceOptions, DeviceProperties } from '../device/device.ts';
import type { Loss } from '../device/loss.ts';
import { assertControlValues } from '../device/options.ts';
import { type LiveCommand, LiveDevice } from '../ffmpeg/live.ts';
import { findProgram } from '../programs/find-program.ts';
import { RawParser } from '../stream/raw.ts';
import type { StreamFormat } from '../stream/stream.ts';
import { cameraNumber } from './camera-number.ts';
import { checkTuning, defaultHeight, defaultWidth, modeArgument, parseMode } from './options.ts';
import { programControls, programOptions } from './program-controls.ts';
import { RowProbe } from './row-probe.ts';
import { takeStill } from './still.ts';

const install = 'install it on Raspberry Pi OS: sudo apt install rpicam-apps-lite';
/** As the program asks its camera for frames that are not encoded, whatever their size. */
const colour: ColourSpace = { matrix: 'bt601', range: 'full' };

/**
 * A Raspberry Pi camera through `rpicam-vid`, or `libcamera-vid` as it was called before. It writes one stream, of bare
 * frames whose rows are padded; how far, a first run with a single frame tells.
 */
export class ProgramLibcameraCamera extends LiveDevice {
  protected override readonly takesControls = true;
  readonly #rest: string;
  readonly #rows = new RowProbe();
  #number = 0;
  #controls: ControlValues;

  /** @param rest Number of the camera as `rpicam-hello --list-cameras` lists it; empty is 0. */
  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
    this.#controls = options?.controls ?? {};
  }

  override async controls(): Promise<readonly CameraControl[]> {
    return programControls(this.#controls);
  }

  /** The program takes them when it starts: it is started again. */
  override async setControls(values: ControlValues): Promise<void> {
    assertControlValues(values);
    programOptions(values);
    this.#controls = values;
    if (this.state === 'online') await this.pause(async () => {});
  }

  /** The camera has one user at a time: the stream pauses for some seconds. */
  async still(): Promise<Frame> {
    return this.pause(() => takeStill(this.#cameraOptions(), this.options.libcamera?.tuning));
  }

  protected async command(): Promise<LiveCommand> {
    this.#number = cameraNumber(this.#rest);
    const program = ['rpicam-vid', 'libcamera-vid'].find(findProgram);
    if (!program)
      throw new InputError(`rpicam-vid (or libcamera-vid) is needed for this camera and was not found; ${install}`);
    const { fps, libcamera = {} } = this.options;
    if (libcamera.still) {
      this.logger.warn(`${program} gives one stream: for a still it is stopped, and started again`);
    }
    // Chroma has half the size, so both are even.
    const width = even(this.options.width ?? defaultWidth);
    const height = even(this.options.height ?? defaultHeight);
    const args = ['--nopreview', '--verbose', '0', '--width', String(width), '--height', String(height)];
    if (fps !== undefined) args.push('--framerate', String(fps));
    for (const [option, value] of this.#cameraOptions()) args.push(`--${option}`, String(value));
    if (libcamera.tuning !== undefined) {
      checkTuning(libcamera.tuning);
      args.push('--tuning-file', libcamera.tuning);
    }
    args.push('--codec', 'yuv420', '--flush', '--output', '-');
    const stride = await this.#rows.measure({ program, args, install }, width, height);
    const format: StreamFormat = {
      format: 'I420',
      width,
      height,
      strides: [stride, stride / 2, stride / 2],
      fps,
      colour,
    };
    return { program, args: [...args, '--timeout', '0'], install, parser: (sink) => new RawParser(sink, format) };
  }

  protected identity(): Pick<DeviceProperties, 'kind' | 'title'> {
    return { kind: 'libcamera', title: `Camera ${this.#number} (libcamera)` };
  }

  protected override explain({ reason, said = reason }: Loss): string {
    if (/no cameras available|out of range|selected camera is not available/i.test(said)) {
      return `there is no camera ${this.#number}: check its ribbon cable and rpicam-hello --list-cameras; ${reason}`;
    }
    if (/busy|in use|failed to acquire/i.test(said)) {
      return `the camera is used by another program: stop that first; ${reason}`;
    }
    return reason;
  }

  protected override async endRun(): Promise<void> {
    await this.#rows.abandon();
    await super.endRun();
  }

  /** What all of the programs take: numbers, and words of fixed lists. */
  #cameraOptions(): [option: string, value: number | string][] {
    const { mode } = this.options.libcamera ?? {};
    return [
      ['camera', this.#number],
      ...(mode === undefined ? [] : [['mode', modeArgument(parseMode(mode))] as [string, string]]),
      ...programOptions(this.#controls),
    ];
  }
}

const even = (value: number) => value + (value % 2);
