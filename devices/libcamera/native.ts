import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { within } from '../../sdk/base/within.ts';
import { defaultColour, Frame, type FrameInfo } from '../../sdk/frame/frame.ts';
import { Starvation } from '../../sdk/frame/starvation.ts';
import { monotonicNs } from '../device/clock.ts';
import type { CameraControl, ControlValues, DeviceOptions, DeviceProperties } from '../device/device.ts';
import { SupervisedDevice } from '../device/supervised.ts';
import type { LibcameraAddon, NativeCamera, NativeFrame, NativeStream, NativeValues } from './addon.ts';
import { cameraNumber } from './camera-number.ts';
import { findNative } from './find-native.ts';
import { controlsOf, nativeValues, valuesIn } from './native-controls.ts';
import { defaultHeight, defaultWidth, parseMode } from './options.ts';
import { sensorOf } from './sensor.ts';

/** One is written, one waits, one is looked at, one is shown; two more for whoever keeps one. */
const buffers = 6;
/** Of a Raspberry Pi: what the kernel's drivers give by themselves is not cached. */
const heaps = ['/dev/dma_heap/vidbuf_cached', '/dev/dma_heap/linux,cma'];
/** A larger step is no gap: the count began anew, or there is none. */
const largestGap = 10_000;
/** What libcamera may take to stop a camera. */
const closeTimeoutMs = 5000;

/** A still that somebody waits for. */
interface Waiting {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A camera through libcamera itself, without a program between. Frames lie in the camera's own buffers: what is read on
 * this thread is read where the camera wrote it, and a buffer goes back to the camera with its frame's last `release()`.
 */
export class NativeLibcameraCamera extends SupervisedDevice {
  protected override readonly takesControls = true;
  readonly #rest: string;
  readonly #addon: LibcameraAddon;
  #controls: ControlValues;
  #camera: NativeCamera | undefined;
  #running: Promise<string> | undefined;
  #lose: ((reason: string) => void) | undefined;
  #number = 0;
  /** Buffers of the present camera that are with us. */
  #lent = 0;
  readonly #starvation = new Starvation(this.uri, () => this.#lent);
  #sequence = -1;
  /** Of the present run. */
  #lastOfDriver: number | undefined;
  /** When the last frame was due that was shown. */
  #lastDueNs = Number.NEGATIVE_INFINITY;
  #values: ReadonlyMap<string, number> = new Map();
  /** Those set here, and not taken back since. */
  #touched: NativeValues = [];
  readonly #stills: Waiting[] = [];

  /** @param rest The camera's number; empty is 0. */
  constructor(uri: string, rest: string, addon: LibcameraAddon, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
    this.#addon = addon;
    this.#controls = options?.controls ?? {};
  }

  override async controls(): Promise<readonly CameraControl[]> {
    return this.#camera ? controlsOf(this.#camera.controls, this.#values) : [];
  }

  override async setControls(values: ControlValues): Promise<void> {
    const camera = this.#camera;
    if (camera) this.#bring(camera, values);
    // One that is away is not asked before it is back.
    this.#controls = values;
  }

  still(): Promise<Frame> {
    const camera = this.#camera;
    if (!camera || this.state !== 'online') return Promise.reject(new InputError(`${this.uri} is ${this.state}`));
    if (!camera.still) {
      return Promise.reject(
        new InputError(`${this.uri} keeps no stream for stills: set libcamera.still to true, which costs memory`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#stills.push({ resolve, reject });
      if (this.#stills.length === 1) camera.askStill();
    });
  }

  protected found(): DeviceProperties {
    const { model, video } = this.#camera!;
    return {
      kind: 'libcamera',
      title: `${model} (libcamera:${this.#number})`,
      format: video.format,
      width: video.width,
      height: video.height,
      fps: this.options.fps,
      colour: video.colour ?? defaultColour(video.width, video.height),
      live: true,
    };
  }

  protected override explain(reason: string): string {
    return /busy/i.test(reason) ? `the camera is used by another program: stop that first; ${reason}` : reason;
  }

  protected async endRun(): Promise<void> {
    this.#lose?.('closed');
  }

  protected override async stop(): Promise<void> {
    await super.stop();
    // One that was closed before a frame came is supervised by nobody.
    await this.#running;
  }

  protected run(): Promise<string> {
    const running = this.#runOnce();
    this.#running = running;
    return running;
  }

  async #runOnce(): Promise<string> {
    const lost = new Promise<string>((resolve) => {
      this.#lose = resolve;
    });
    try {
      const camera = await this.#open();
      this.#camera = camera;
      this.#lastOfDriver = undefined;
      this.#lent = 0;
      this.#watch();
      if (this.closed) this.#lose?.('closed');
      else await camera.start();
      return await lost;
    } catch (error) {
      return messageOf(error);
    } finally {
      this.expectNoFrames();
      await this.#close();
    }
  }

  async #open(): Promise<NativeCamera> {
    this.#number = cameraNumber(this.#rest);
    const found = await findNative(this.#addon);
    const wanted = found[this.#number];
    if (!wanted) {
      const known = found.map(({ model }, index) => `${index} (${model})`).join(', ') || 'none';
      throw new InputError(`there is no camera ${this.#number}: check its ribbon cable; libcamera has ${known}`);
    }
    const { width = defaultWidth, height = defaultHeight, fps, libcamera = {} } = this.options;
    const mode = libcamera.mode === undefined ? undefined : parseMode(libcamera.mode);
    const opened = await this.#addon.open(
      {
        id: wanted.id,
        width: width + (width % 2),
        height: height + (height % 2),
        still: libcamera.still ?? false,
        modeWidth: mode?.width ?? 0,
        modeHeight: mode?.height ?? 0,
        modeBits: mode?.bits ?? 0,
        buffers,
        heaps,
        controls: fps === undefined ? [] : [['FrameDurationLimits', [1e6 / fps, 1e6 / fps]]],
      },
      (event) => (event.kind === 'lost' ? this.#lose?.('the camera was unplugged') : this.#onFrame(event)),
    );
    if (typeof opened === 'string') throw new InputError(opened);
    this.logger.debug(`its buffers come from ${opened.cached ? 'a DMA heap' : 'the camera'}`);
    try {
      this.#touched = [];
      this.#bring(opened, this.#controls);
    } catch (error) {
      // Whoever opens it is told. A camera that comes back as another one is to be seen all the same.
      if (this.state === 'opening') {
        await opened.close();
        throw error;
      }
      this.logger.warn(messageOf(error));
    }
    return opened;
  }

  async #close(): Promise<void> {
    const camera = this.#camera;
    this.#camera = undefined;
    for (const { reject } of this.#stills.splice(0))
      reject(new InputError(`${this.uri} was lost before the still came`));
    // A driver that hangs keeps nobody from closing the device; to open the camera again fails then, and is tried again.
    if (camera) await within(closeTimeoutMs, camera.close(), undefined);
  }

  /** Sets these, and what was set before and is not among them back to the camera's default. */
  #bring(camera: NativeCamera, values: ControlValues): void {
    const wanted = nativeValues(camera.controls, values);
    const names = new Set(wanted.map(([name]) => name));
    const back = this.#touched.flatMap(([name, numbers]): NativeValues => {
      const native = camera.controls.find((control) => control.name === name);
      return native && !names.has(name) ? [[name, numbers.map(() => native.default)]] : [];
    });
    camera.setControls([...back, ...wanted]);
    this.#touched = wanted;
  }

  #onFrame(event: NativeFrame): void {
    const camera = this.#camera;
    // The last ones of a camera that is being closed are given back with it.
    if (!camera) return;
    if (event.corrupt) {
      this.counters.corrupt++;
      if (event.still) camera.giveStillBack();
      camera.giveBack(event.slot);
      return;
    }
    this.frameCame();
    this.#count(event);
    this.#values = valuesIn(event.metadata);
    const info = this.#infoOf(event);
    if (event.still) this.#onStill(camera, info);
    if (this.#isDue(event.capturedNs)) this.#lend(camera, event.slot, info);
    else camera.giveBack(event.slot);
  }

  #lend(camera: NativeCamera, slot: number, info: FrameInfo): void {
    const all = camera.video.buffers.length;
    // A camera whose buffers are all with us has nothing to write to: to begin it anew would only take more memory.
    if (++this.#lent === all) {
      this.expectNoFrames();
      this.#starvation.begin();
    }
    const free = () => {
      camera.giveBack(slot);
      this.#starvation.end();
      if (this.#camera === camera && this.#lent-- === all) this.#watch();
    };
    this.outlet.offer(frameOf(camera.video, slot, info, free));
  }

  #watch(): void {
    this.expectFrames((why) => this.#lose?.(why));
  }

  /** Frames for which the camera had no buffer were dropped as much as those that nobody took. */
  #count({ sequence }: NativeFrame): void {
    const step = this.#lastOfDriver === undefined ? 1 : sequence - this.#lastOfDriver;
    this.#lastOfDriver = sequence;
    const missed = step > 1 && step <= largestGap ? step - 1 : 0;
    this.counters.frames += missed;
    this.counters.dropped += missed;
    this.#sequence += 1 + missed;
  }

  #infoOf(event: NativeFrame): FrameInfo {
    const ageMs = (monotonicNs() - event.capturedNs) / 1e6;
    return {
      sequence: this.#sequence,
      captureTimeNs: event.capturedNs,
      wallTimeMs: Date.now() - ageMs,
      sensor: sensorOf(event.metadata),
    };
  }

  /** The next one is asked for when this one's buffer is back. */
  #onStill(camera: NativeCamera, info: FrameInfo): void {
    const free = () => {
      camera.giveStillBack();
      if (this.#stills.length > 0 && this.#camera === camera) camera.askStill();
    };
    const waiting = this.#stills.shift();
    if (waiting) waiting.resolve(frameOf(camera.still!, 0, info, free));
    else free();
  }

  /** Not every camera keeps to the rate it was asked for. */
  #isDue(capturedNs: number): boolean {
    const { fps } = this.options;
    if (fps === undefined) return true;
    const stepNs = 1e9 / fps;
    // A tenth of slack, or a camera that keeps to it would lose a frame now and then.
    if (capturedNs < this.#lastDueNs + 0.9 * stepNs) return false;
    const dueNs = this.#lastDueNs + stepNs;
    // Of a camera that is slower, or was away, none is owed.
    this.#lastDueNs = capturedNs - dueNs > stepNs ? capturedNs : dueNs;
    return true;
  }
}

function frameOf(stream: NativeStream, slot: number, info: FrameInfo, onFree: () => void): Frame {
  const { format, width, height, colour, strides } = stream;
  const planes = stream.buffers[slot]!.map((data, index) => ({ data, stride: strides[index]! }));
  return new Frame({ ...info, format, width, height, colour, planes }, onFree);
}
