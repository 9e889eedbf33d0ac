import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { FramePool } from '../../sdk/frame/pool.ts';
import { heicAdvice, isHeic } from '../../sdk/picture/heic.ts';
import { headOf } from '../../sdk/picture/picture-kinds.ts';
import { DeviceBase } from '../device/base.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import { LossReport } from '../device/loss-report.ts';
import { defaultMaxPixels } from '../device/options.ts';
import { Presenter } from '../device/presenter.ts';
import { chooseDecoder } from '../ffmpeg/choose-video-decoder.ts';
import { atMost, ffmpegCommand, plainWords } from '../ffmpeg/ffmpeg.ts';
import { Child } from '../programs/child.ts';
import { Watchdog } from '../programs/watchdog.ts';
import { BufferWait } from '../stream/buffers.ts';
import { PoolFiller } from '../stream/filler.ts';
import { pump, type StreamFormat, type StreamParser } from '../stream/stream.ts';
import { probeFile, type VideoStream } from './probe.ts';
import { Timeline } from './timeline.ts';

/** Of HD and wider colours, which frames do not have: they are converted. */
const wideMatrices: ReadonlySet<string> = new Set(['bt2020nc', 'bt2020c', 'smpte240m']);
/** For the first frame of a hardware decoder: a driver may hang. */
const hardwareTimeoutMs = 10_000;

/** A video file, decoded by ffmpeg, which blocks on the pipe until the next frame is due. */
export class VideoFile extends DeviceBase {
  readonly #path: string;
  readonly #report = new LossReport(this.logger);
  #child: Child | undefined;
  #presenter: Presenter | undefined;
  #reading: Promise<void> | undefined;
  #index = 0;
  #sequence = 0;
  /** While it is pending, nothing is read from the pipe. */
  #busy: Promise<void> | undefined;
  #buffers: BufferWait | undefined;

  /** @param path Absolute. */
  constructor(uri: string, path: string, options?: DeviceOptions) {
    super(uri, options);
    this.#path = path;
  }

  protected async start(): Promise<DeviceProperties> {
    const { loop, speed } = this.options;
    this.#presenter = new Presenter(this.outlet, speed);
    const buffers = new BufferWait();
    this.#buffers = buffers;
    this.#index = 0;
    this.#busy = undefined;
    if (isHeic(await headOf(this.#path).catch(() => new Uint8Array())))
      throw new InputError(`file: ${this.#path} is no video: ${heicAdvice}`);
    // A playlist disguised as a video must not make ffmpeg connect to other machines.
    const input = ['-protocol_whitelist', 'file'];
    // With its protocol in front, a name with a colon in it is not taken for a URL.
    const url = `file:${this.#path}`;
    const contents = await probeFile(input, url);
    this.assertOpening();
    const video = contents?.video;
    if (contents && !video) {
      throw new InputError(`file: ${this.#path} holds no video, but ${contents.others.join(', ')}`);
    }
    const inSoftware = [...input, ...(loop ? ['-stream_loop', '-1'] : [])];
    // At `max` a file has to give the same frames on all machines.
    const mayUseHardware = this.options.hardwareDecoding !== false && speed !== 'max';
    const decoder = mayUseHardware ? await chooseDecoder({ input, url, codec: video?.codec }) : undefined;
    this.logger.debug(decoder ? `decodes with ${decoder.name}` : 'decodes in software');
    const from = { url, video, buffers };
    if (decoder) {
      const { format, problem } = await this.#begin([...decoder.input, ...inSoftware], from, hardwareTimeoutMs);
      if (format) return this.#describe(format);
      this.logger.warn(`no picture with ${decoder.name}, decodes in software: ${problem}`);
    }
    const { format, problem } = await this.#begin(inSoftware, from);
    if (!format) throw new InputError(`file: no video can be read from ${this.#path}; ffmpeg says: ${problem}`);
    return this.#describe(format);
  }

  #describe(format: StreamFormat): DeviceProperties {
    const { fps } = this.options;
    const rate = format.fps !== undefined && fps !== undefined ? Math.min(format.fps, fps) : format.fps;
    return { ...format, fps: rate, kind: 'file', title: this.#path, live: false };
  }

  /**
   * Runs ffmpeg until its first frame is there.
   *
   * @param timeoutMs It is ended if the first frame takes longer.
   * @returns What the frames are, or why none came.
   */
  async #begin(
    input: readonly string[],
    { url, video, buffers }: { url: string; video: VideoStream | undefined; buffers: BufferWait },
    timeoutMs?: number,
  ): Promise<{ format?: StreamFormat; problem?: string }> {
    const { width, height, maxPixels, fps } = this.options;
    const matrix = wideMatrices.has(video?.colourSpace ?? '') ? 'bt709' : undefined;
    const command = ffmpegCommand({
      ...{ input, url, stream: video?.index, matrix },
      ...{ width, height, maxPixels, filters: atMost(fps) },
    });
    const child = await Child.start(command, { frames: true });
    this.#child = child;
    this.assertOpening();

    let seen = false;
    let onFirst = () => {};
    const first = new Promise<void>((resolve) => {
      onFirst = resolve;
    });
    const timeline = new Timeline();
    const filler = new PoolFiller(
      (buffer, pool, timeNs) => {
        const format = filler.format!;
        if (seen && this.state === 'online') this.#become(format);
        seen = true;
        this.#busy = this.#present(buffer, pool, timeline.next(timeNs, format.fps));
        onFirst();
      },
      this.options.maxPixels ?? defaultMaxPixels,
      buffers.onFree,
    );
    let refusal: string | undefined;
    this.#reading = this.#read(child, command.parser(filler), (why) => {
      refusal = why;
    });
    const watchdog = new Watchdog(() => void child.stop(true));
    if (timeoutMs !== undefined) watchdog.arm(timeoutMs);
    await Promise.race([first, this.#reading]);
    watchdog.stop();
    this.assertOpening();
    const { format } = filler;
    if (format && seen) return { format };
    // What we refuse ends the program, and what it says of that is no cause.
    return { problem: refusal ?? (plainWords(child.said, maxPixels) || (await child.ended)) };
  }

  protected override read(): void {
    this.#presenter?.begin();
  }

  protected async stop(): Promise<void> {
    this.#presenter?.close();
    this.#buffers?.close();
    await this.#child?.stop();
    await this.#reading;
    this.#child = undefined;
  }

  /** A video may go on in another size, or turned. */
  #become(format: StreamFormat): void {
    const { width, height } = this.properties;
    if (format.width === width && format.height === height) return;
    this.setProperties(this.#describe(format));
    this.#report.becameOther({ width, height }, format);
  }

  /** Reads all frames, then reports the end of the file. */
  async #read(child: Child, parser: StreamParser, onRefusal: (why: string) => void): Promise<void> {
    try {
      await pump(child.stdout, parser, () => this.#busy);
      await this.#busy;
      // Only a program that was killed, or that closes now, stops in the middle of a frame.
      if (!parser.clean && this.state === 'online') this.counters.corrupt++;
    } catch (error) {
      this.counters.corrupt++;
      this.setError(messageOf(error));
      onRefusal(messageOf(error));
      await child.stop(true);
    }
    if (this.state !== 'online') return;
    const how = await child.ended;
    const said = plainWords(child.said, this.options.maxPixels);
    if (how !== 'exit status 0' || said) {
      this.setError(`ffmpeg: ${said || how}`);
      this.logger.warn(`the video ended with an error after ${this.#index} frames: ${said || how}`);
    }
    this.outlet.end();
    this.setState('ended');
  }

  async #present(buffer: Uint8Array | undefined, pool: FramePool, timeNs: number): Promise<void> {
    this.#index++;
    this.counters.frames++;
    if (!buffer) this.counters.dropped++;
    const sequence = this.#sequence++;
    let used = false;
    await this.#presenter!.present(timeNs, (times) => {
      used = true;
      return buffer && pool.frame(buffer, { sequence, ...times });
    });
    if (buffer && !used) pool.giveBack(buffer);
    if (this.options.speed === 'max') await this.#buffers!.until(pool);
    this.#busy = undefined;
  }
}
