import type { Writable } from 'node:stream';
import type { FramePool } from '../../sdk/frame/pool.ts';
import { monotonicNs } from '../device/clock.ts';
import type { DeviceProperties } from '../device/device.ts';
import { closed, failed, type Loss } from '../device/loss.ts';
import { defaultMaxPixels } from '../device/options.ts';
import { SupervisedDevice } from '../device/supervised.ts';
import { Child, type Command } from '../programs/child.ts';
import { PoolFiller } from '../stream/filler.ts';
import { pump, type StreamFormat, type StreamParser, type StreamSink } from '../stream/stream.ts';
import { chooseDecoder, type Encoded } from './choose-video-decoder.ts';
import { plainWords } from './ffmpeg.ts';
import type { DecoderTrial } from './video-decoder-trial.ts';

/** A source that changes its size is begun anew for what takes its video, no more often than this. */
const renewEveryMs = 60_000;

/** How a live source is read at the moment: the program may have been installed, the camera plugged in, since the last time. */
export interface LiveCommand extends Command {
  /** The hardware decoder; if it yields no picture, software takes over. */
  readonly decoder?: DecoderTrial;
  /** What it may take to its first frame, beyond the stall timeout. Default: to connect. */
  readonly startGraceMs?: number;
  /** It writes a stream for `options.video` to descriptor 3. */
  readonly beside?: boolean;
  parser(sink: StreamSink): StreamParser;
  /**
   * Of a program that is fed: writes to its standard input until the source ends, or is to end.
   *
   * @returns Why it ended. It never throws.
   */
  feed?(input: Writable, signal: AbortSignal): Promise<Loss>;
}

/**
 * A live source read through a program that may die, hang, or exit as if all were well. Each of these counts as a lost
 * stream.
 */
export abstract class LiveDevice extends SupervisedDevice {
  readonly #filler = new PoolFiller(
    (buffer, pool) => this.#onFrame(buffer, pool),
    this.options.maxPixels ?? defaultMaxPixels,
  );
  #child: Child | undefined;
  /** One that could not be ended. */
  #stuck: Child | undefined;
  #sequence = 0;
  /** Of the last frame. */
  #known: StreamFormat | undefined;
  /** The hardware decoder yielded no picture where software did. */
  #inSoftware = false;
  #renewedMs = Number.NEGATIVE_INFINITY;
  /** The present run is to end. */
  #ending = false;

  /** @throws InputError when the source cannot be read, with what to do. */
  protected abstract command(): Promise<LiveCommand>;
  /** What the source is, once its stream has begun. */
  protected abstract identity(): Pick<DeviceProperties, 'kind' | 'title'>;

  /** The decoder of a stream; undefined for software. */
  protected async decoderFor(stream: Encoded): Promise<DecoderTrial | undefined> {
    if (this.options.hardwareDecoding === false || this.#inSoftware) return undefined;
    const decoder = await chooseDecoder(stream);
    this.logger.debug(decoder ? `decodes with ${decoder.name}` : 'decodes in software');
    return decoder;
  }

  protected found(): DeviceProperties {
    const { format, width, height, fps, colour } = this.#filler.format!;
    return { ...this.identity(), format, width, height, fps, colour, live: true };
  }

  protected async endRun(): Promise<void> {
    this.#ending = true;
    await this.#child?.stop();
  }

  protected async run(): Promise<Loss> {
    this.#ending = false;
    const { loss, decoder } = await this.#run();
    if (!decoder || this.hasFrames || this.#ending) return loss;
    this.logger.warn(`no picture with ${decoder.name}, decodes in software: ${loss.reason}`);
    this.#inSoftware = true;
    const second = await this.#run();
    // Without a picture either way, it was not the decoder.
    if (!this.hasFrames) this.#inSoftware = false;
    return second.loss;
  }

  /** The stream goes on with another one: a camera that was turned, or set to another size. */
  #become(): void {
    const { width, height } = this.properties;
    const found = this.found();
    this.setProperties(found);
    if (found.width === width && found.height === height) return;
    this.report.becameOther({ width, height }, found);
    this.#renewCopy();
  }

  /** A copy goes on with the header of the stream before: another run has its own. */
  #renewCopy(): void {
    const { video } = this.options;
    // The first frame of a run comes with the run's own header.
    if (!video || !this.#child?.beside || !this.hasFrames) return;
    const now = performance.now();
    // One that changes all the time is read all the same.
    if (now - this.#renewedMs < renewEveryMs) {
      video.end();
      return;
    }
    this.#renewedMs = now;
    video.begin();
    this.pause(async () => {}).catch(() => {});
  }

  async #run(): Promise<{ loss: Loss; decoder?: DecoderTrial }> {
    let command: LiveCommand;
    let child: Child;
    let parser: StreamParser;
    if (this.#stuck?.running) {
      // Otherwise each try would leave one more hanging.
      const reason = `process ${this.#stuck.pid} cannot be ended: its driver hangs; unplug the camera, or restart the board`;
      return { loss: { kind: 'failed', reason } };
    }
    this.#stuck = undefined;
    try {
      command = await this.command();
      // One that cannot be made must leave no program behind.
      parser = command.parser(this.#filler);
      child = await Child.start(command, { writes: command.feed !== undefined, frames: true, beside: command.beside });
    } catch (error) {
      return { loss: failed(error) };
    }
    if (this.#ending) {
      await child.stop(true);
      return { loss: closed };
    }
    this.#child = child;
    this.#copy(child);
    let loss: Loss | undefined;
    this.expectFrames((stall) => {
      loss = stall;
      void child.stop(true);
    }, command.startGraceMs);
    const feeding = new AbortController();
    void child.ended.then(() => feeding.abort());
    const fed = command.feed && this.#feed(child, command.feed, feeding.signal);
    try {
      await pump(child.stdout, parser);
      if (!parser.clean && loss === undefined && !this.#ending) this.counters.corrupt++;
    } catch (error) {
      this.counters.corrupt++;
      loss = failed(error);
      await child.stop(true);
    }
    this.expectNoFrames();
    const how = await child.ended;
    const end = await fed;
    this.#child = undefined;
    if (child.running) this.#stuck = child;
    // Of one that was given nothing, ffmpeg says that it was.
    const isFed = end === undefined || child.stdin!.bytesWritten > 0;
    const said = isFed ? plainWords(child.said, this.options.maxPixels) : '';
    // An exit status of 0 is a lost stream as well: ffmpeg ends so when a camera is unplugged or a server goes away.
    loss ??= end ?? { kind: 'ended', reason: `the stream ended (${how})`, isClean: child.isDone && said === '' };
    return { loss: said ? withWords(loss, said) : loss, decoder: command.decoder };
  }

  #copy({ beside }: Child): void {
    const { video } = this.options;
    if (!beside || !video) return;
    video.begin();
    beside.on('data', (bytes: Buffer) => video.write(bytes));
    // How the program ended says more.
    beside.on('error', () => {});
    beside.once('close', () => video.end());
  }

  /** @returns Why its source ended; undefined where the program was first. */
  async #feed(child: Child, feed: NonNullable<LiveCommand['feed']>, signal: AbortSignal): Promise<Loss | undefined> {
    // How it ended is more useful than EPIPE.
    child.stdin!.on('error', () => {});
    const loss = await feed(child.stdin!, signal);
    if (signal.aborted) return undefined;
    child.stdin!.end();
    return loss;
  }

  #onFrame(buffer: Uint8Array | undefined, pool: FramePool): void {
    const captureTimeNs = monotonicNs();
    if (this.state === 'online' && this.#filler.format !== this.#known) this.#become();
    this.#known = this.#filler.format;
    this.frameCame();
    const sequence = this.#sequence++;
    if (buffer) this.outlet.offer(pool.frame(buffer, { sequence, captureTimeNs, wallTimeMs: Date.now() }));
    else this.counters.dropped++;
  }
}

/** The loss with what the program said of it. */
const withWords = (loss: Loss, words: string): Loss => ({
  ...loss,
  reason: `${loss.reason}: ${words}`,
  said: loss.said === undefined ? words : `${loss.said}: ${words}`,
});
