import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { within } from '../../sdk/base/within.ts';
import { defaultColour, Frame, type FrameInfo } from '../../sdk/frame/frame.ts';
import { Starvation } from '../../sdk/frame/starvation.ts';
import { monotonicNs } from '../device/clock.ts';
import type { CameraControl, ControlValues, DeviceOptions, DeviceProperties } from '../device/device.ts';
import { closed, failed, type Loss } from '../device/loss.ts';
import { assertControlValues } from '../device/options.ts';
import { SupervisedDevice } from '../device/supervised.ts';
import type { LibcameraAddon, NativeCamera, NativeFrame, NativeStream } from './addon.ts';
import { cameraNumber } from './camera-number.ts';
import { findNative } from './find-native.ts';
import { FrameOrder } from './frame-order.ts';
import { defaultHeight, defaultWidth, parseMode } from './options.ts';
import { sensorOf } from './sensor.ts';
import { SetControls } from './set-controls.ts';

/** One is written, one waits, one is in the network, one is shown; two more for programs that keep one. */
const buffers = 6;
/** DMA heaps of a Raspberry Pi: the drivers' own buffers are not cached. */
const heaps = ['/dev/dma_heap/vidbuf_cached', '/dev/dma_heap/linux,cma'];
/** What libcamera may take to stop a camera. */
const closeTimeoutMs = 5000;

/** A still that a caller waits for. */
interface Waiting {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A camera through libcamera itself, without a program in between. Frames are in the camera's own buffers, read in
 * place on this thread; a buffer goes back to the camera with its frame's last `release()`.
 */
export class NativeLibcameraCamera extends SupervisedDevice {
  protected override readonly takesControls = true;
  readonly #rest: string;
  readonly #addon: LibcameraAddon;
  readonly #controls: SetControls;
  #camera: NativeCamera | undefined;
  #running: Promise<Loss> | undefined;
  #lose: ((loss: Loss) => void) | undefined;
  #number = 0;
  /** Buffers of the present camera that are with us. */
  #lent = 0;
  readonly #starvation = new Starvation(this.uri, () => this.#lent);
  readonly #order = new FrameOrder();
  readonly #stills: Waiting[] = [];

  /** @param rest The camera's number; empty is 0. */
  constructor(uri: string, rest: string, addon: LibcameraAddon, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
    this.#addon = addon;
    this.#controls = new SetControls(options?.controls ?? {});
  }

  override async controls(): Promise<readonly CameraControl[]> {
    return this.#camera ? this.#controls.of(this.#camera) : [];
  }

  override async setControls(values: ControlValues): Promise<void> {
    assertControlValues(values);
    this.#controls.set(values, this.#camera);
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

  protected override explain({ reason }: Loss): string {
    return /busy/i.test(reason) ? `the camera is used by another program: stop that first; ${reason}` : reason;
  }

  protected async endRun(): Promise<void> {
    this.#lose?.(closed);
  }

  protected override async stop(): Promise<void> {
    await super.stop();
    // One that was closed before a frame came is supervised by nobody.
    await this.#running;
  }

  protected run(): Promise<Loss> {
    const running = this.#runOnce();
    this.#running = running;
    return running;
  }

  async #runOnce(): Promise<Loss> {
    const lost = new Promise<Loss>((resolve) => {
      this.#lose = resolve;
    });
    try {
      const camera = await this.#open();
      this.#camera = camera;
      this.#order.restart();
      this.#lent = 0;
      this.#watch();
      if (this.closed) this.#lose?.(closed);
      else await camera.start();
      return await lost;
    } catch (error) {
      return failed(error);
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
      (event) =>
        event.kind === 'lost'
          ? this.#lose?.({ kind: 'failed', reason: 'the camera was unplugged' })
          : this.#onFrame(event),
    );
    if (typeof opened === 'string') throw new InputError(opened);
    this.logger.debug(`its buffers come from ${opened.cached ? 'a DMA heap' : 'the camera'}`);
    try {
      this.#controls.begin(opened);
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
    // A hanging driver must not block closing the device; reopening the camera then fails, and is retried.
    if (camera) await within(closeTimeoutMs, camera.close(), undefined);
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
    this.#controls.tell(event.metadata);
    const info = this.#infoOf(event);
    if (event.still) this.#onStill(camera, info);
    if (this.#order.isDue(event.capturedNs, this.options.fps)) this.#lend(camera, event.slot, info);
    else camera.giveBack(event.slot);
  }

  #lend(camera: NativeCamera, slot: number, info: FrameInfo): void {
    const all = camera.video.buffers.length;
    // A camera whose buffers are all in use has nothing to write to: restarting it would only take more memory.
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
    const missed = this.#order.count(sequence);
    this.counters.frames += missed;
    this.counters.dropped += missed;
  }

  #infoOf(event: NativeFrame): FrameInfo {
    const ageMs = (monotonicNs() - event.capturedNs) / 1e6;
    return {
      sequence: this.#order.sequence,
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
}

function frameOf(stream: NativeStream, slot: number, info: FrameInfo, onFree: () => void): Frame {
  const { format, width, height, colour, strides } = stream;
  const planes = stream.buffers[slot]!.map((data, index) => ({ data, stride: strides[index]! }));
  return new Frame({ ...info, format, width, height, colour, planes }, onFree);
}
