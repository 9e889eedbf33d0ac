import type { VideoSink } from '../../devices/device/device.ts';
import { bareFrames } from '../../devices/recording/codec.ts';
import { Encoder } from '../../devices/recording/encoder.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Frame } from '../frame/frame.ts';
import { FragmentReader } from './fragments.ts';
import { chooseEncoder, encodeCommand, encodedFps } from './video-encoder.ts';

type Shape = Pick<Frame, 'format' | 'width' | 'height'>;

export interface FrameVideoOptions {
  /** The processor may encode where no hardware does. */
  readonly software: boolean;
  readonly sink: VideoSink;
  readonly logger: Logger;
}

/** After it failed. */
const againMs = 30_000;
const everyMs = 1000 / encodedFps;

/** Encodes a camera's frames, those that it has time for. */
export class FrameVideo {
  readonly #options: FrameVideoOptions;
  /** Of the present encoder. */
  reader = new FragmentReader();
  #encoder: Encoder | undefined;
  /** What the frames of the present encoder are. */
  #shape: Shape | undefined;
  #isBusy = false;
  #working: Promise<void> = Promise.resolve();
  #dueMs = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;
  #needsSoftware = false;

  constructor(options: FrameVideoOptions) {
    this.#options = options;
  }

  /** Why nothing is encoded; undefined: it is, or nothing was to be yet. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** No hardware encodes, and the processor may not. */
  get needsSoftware(): boolean {
    return this.#needsSoftware;
  }

  /** The frame is borrowed until this returns. */
  see(frame: Frame): void {
    const now = performance.now();
    // Cameras are not exact.
    if (this.#isBusy || now < this.#dueMs - everyMs / 10) return;
    this.#dueMs = Math.max(this.#dueMs + everyMs, now);
    this.#isBusy = true;
    const { format, width, height } = frame;
    const isOther = this.#shape?.format !== format || this.#shape.width !== width || this.#shape.height !== height;
    const work = this.#encoder && !isOther ? this.#encoder.write(frame) : this.#begin({ format, width, height });
    this.#working = work
      .catch((error: unknown) => this.#fail(messageOf(error)))
      .finally(() => {
        this.#isBusy = false;
      });
  }

  /** The camera sends its own, or none is wanted. */
  async stop(): Promise<void> {
    this.#problem = undefined;
    this.#needsSoftware = false;
    if (!this.#encoder && !this.#isBusy) return;
    await this.#working;
    await this.#end();
  }

  async #end(): Promise<void> {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (!encoder) return;
    await encoder.end().catch(() => {});
    this.#options.sink.end();
  }

  async #begin(shape: Shape): Promise<void> {
    await this.#end();
    this.#shape = shape;
    this.#encoder = await this.#start(shape);
  }

  /** @returns Undefined where nothing encodes. */
  async #start(shape: Shape): Promise<Encoder | undefined> {
    const { software, sink, logger } = this.#options;
    const way = await chooseEncoder(software);
    this.#needsSoftware = !way && !software;
    if (!way) {
      const advice = software ? 'install ffmpeg with libx264' : 'history.clips.software allows the processor to encode';
      this.#fail(`the camera sends no video that can be kept, and no encoder works here: ${advice}`);
      return undefined;
    }
    logger.info(`clips: encodes with ${way.name}`);
    this.#problem = undefined;
    this.reader = new FragmentReader();
    sink.begin();
    const input = [...bareFrames(shape), '-use_wallclock_as_timestamps', '1', '-i', 'pipe:0'];
    return Encoder.start(encodeCommand(way, input), shape, undefined, (bytes) => sink.write(bytes));
  }

  #fail(problem: string): void {
    this.#encoder = undefined;
    this.#dueMs = performance.now() + againMs;
    if (problem !== this.#problem) this.#options.logger.warn(`clips: ${problem}`);
    this.#problem = problem;
  }
}
