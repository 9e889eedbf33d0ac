import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pace } from '../../../sdk/base/pace.ts';
import { monotonicNs } from '../../device/clock.ts';
import type { DeviceOptions, DeviceProperties } from '../../device/device.ts';
import { failed, type Loss } from '../../device/loss.ts';
import { defaultPollFps } from '../../device/options.ts';
import { defaultStartGraceMs } from '../../device/supervised.ts';
import { ffmpegCommand } from '../../ffmpeg/ffmpeg.ts';
import type { LiveCommand } from '../../ffmpeg/live.ts';
import { NetworkCamera } from '../network.ts';
import { JpegFinder } from './jpegs.ts';
import { SameWatch } from './same-watch.ts';
import { CameraServer, HttpRefusal, NoAnswer } from './server.ts';
import { headBytes, inPlaceOfJpegs, leastHeadBytes, otherMedium, whatCame } from './what-came.ts';

/** After this many other bytes it is not a stream. */
const mostWithoutJpeg = 8 * 1024 * 1024;
/** A page or a message may end late or never. */
const longestTextMs = 2000;
/** Of a camera that is asked for each picture: one answer may be missing, or broken. */
const mostFailures = 3;
const failurePauseMs = 1000;
/** A server that wants a longer rest is a camera that is away. */
const mostRestMs = 5000;

const ended: Loss = { kind: 'ended', reason: 'the camera ended the stream' };

/** How an answer ended. */
interface Answer {
  readonly jpegs: number;
  /** It was one picture: the next one is to be asked for. */
  readonly isStill: boolean;
  /** Why no more comes of it. */
  readonly loss: Loss;
}

/**
 * A network camera that sends JPEGs over HTTP: one after the other in one answer (multipart/x-mixed-replace), or one each time
 * it is asked. What it sends is read here, in all the forms that cameras have; ffmpeg decodes the pictures.
 */
export class HttpCamera extends NetworkCamera {
  readonly #same = new SameWatch(this.logger);
  /** Pictures a second that it is asked for, where it gives one at a time. */
  readonly #pollFps: number;
  #isPolled = false;
  /** Before this, in terms of `performance.now()`, the server does not want to be asked. */
  #restsUntilMs = 0;

  /** @param url `http://` or `https://`, with the user's name and password if it wants them. */
  constructor(url: string, options: DeviceOptions = {}) {
    super('http', url, options);
    const { pollFps = defaultPollFps, fps = pollFps } = options;
    this.#pollFps = Math.min(pollFps, fps);
  }

  protected async command(): Promise<LiveCommand> {
    this.assertUrl();
    const { width, height, maxPixels } = this.options;
    return {
      ...ffmpegCommand({
        input: [
          // Nothing but what it is given here.
          ...['-f', 'mpjpeg', '-protocol_whitelist', 'pipe'],
          // The pictures have no times of their own.
          ...['-use_wallclock_as_timestamps', '1', '-flags', 'low_delay'],
          // One picture tells all there is to know of the stream.
          ...['-analyzeduration', '0', '-probesize', '32'],
        ],
        url: 'pipe:0',
        width,
        height,
        maxPixels,
      }),
      feed: (input, signal) => this.#feed(input, signal),
      startGraceMs: defaultStartGraceMs + this.#restMs,
    };
  }

  protected override found(): DeviceProperties {
    return { ...super.found(), ...(this.#isPolled && { fps: this.#pollFps }) };
  }

  /** A camera that is asked for a picture less often than that is none that hangs. */
  protected override get slowestFps(): number | undefined {
    return this.#isPolled ? this.#pollFps : super.slowestFps;
  }

  get #restMs(): number {
    return Math.max(0, this.#restsUntilMs - performance.now());
  }

  /** @returns Why there are no more pictures. */
  async #feed(input: Writable, signal: AbortSignal): Promise<Loss> {
    const server = new CameraServer(this.url);
    try {
      await sleep(this.#restMs, undefined, { signal });
      return await this.#read(server, this.#writer(input), signal);
    } catch (error) {
      return lossOf(error);
    } finally {
      server.close();
    }
  }

  /** Reads a stream to its end, or asks for one picture after the other. */
  async #read(server: CameraServer, give: (jpeg: Buffer) => void, signal: AbortSignal): Promise<Loss> {
    const periodMs = 1000 / this.#pollFps;
    let failures = 0;
    for (let isFirst = true; ; isFirst = false) {
      const beganMs = performance.now();
      let failure: Loss | undefined;
      try {
        const { jpegs, isStill, loss } = await this.#forward(await server.get(signal), give);
        if (jpegs > 0 && !isStill) return loss;
        if (jpegs === 0) failure = loss;
      } catch (error) {
        const { status, retryAfterMs = 0 } = error instanceof HttpRefusal ? error : {};
        if (retryAfterMs > 0) this.#restsUntilMs = performance.now() + retryAfterMs;
        // A password that is refused is not tried again and again: cameras lock users out for that.
        const isFinal = status === 401 || status === 403 || retryAfterMs > mostRestMs;
        failure = lossOf(error);
        if (isFinal || signal.aborted) return failure;
      }
      failures = failure === undefined ? 0 : failures + 1;
      if (failure !== undefined && (isFirst || failures >= mostFailures)) return failure;
      if (failure !== undefined) this.logger.debug(`a picture is missing: ${failure.reason}`);
      const pauseMs = failure === undefined ? periodMs : Math.max(periodMs, failurePauseMs, this.#restMs);
      await sleep(Math.max(0, beganMs + pauseMs - performance.now()), undefined, { signal });
    }
  }

  /** Feeds each wanted picture to ffmpeg, only the newest ones when it is slower than the camera. */
  #writer(input: Writable): (jpeg: Buffer) => void {
    const { fps } = this.options;
    // Before they are decoded: each stands alone.
    const pace = fps === undefined ? undefined : new Pace(fps);
    let isBusy = false;
    return (jpeg) => {
      this.#same.saw(jpeg);
      if (pace?.takes(monotonicNs()) === false) return;
      if (isBusy) {
        this.counters.frames++;
        this.counters.dropped++;
        return;
      }
      input.write(`--jpeg\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
      input.write(jpeg);
      isBusy = !input.write('\r\n');
      if (isBusy) {
        input.once('drain', () => {
          isBusy = false;
        });
      }
    };
  }

  #forward(response: IncomingMessage, give: (jpeg: Buffer) => void): Promise<Answer> {
    const { 'content-type': type = '', 'content-length': length, 'transfer-encoding': coding } = response.headers;
    const isMultipart = /^\s*multipart/i.test(type);
    const isText = /^\s*(text|application\/(json|xml|xhtml))/i.test(type);
    let head = Buffer.alloc(0);
    const other = (): Loss => ({ kind: 'failed', reason: inPlaceOfJpegs(whatCame(type, head)) });
    let jpegs = 0;
    let bytes = 0;
    const finder = new JpegFinder((jpeg) => {
      // The first one has to be whole before it is known whether others follow it.
      if (++jpegs === 1 && !isMultipart && !this.hasFrames) this.#isPolled = length !== undefined;
      give(jpeg);
    });
    return new Promise((resolve) => {
      let isOver = false;
      const finish = (loss: Loss, isWhole = false) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(patience);
        // Its length was told, so a missing end mark is just that.
        if (isWhole && !isMultipart && jpegs === 0 && (length !== undefined || coding !== undefined)) finder.end();
        this.counters.corrupt += finder.takeDropped();
        const isStill = isWhole && !isMultipart && jpegs === 1;
        if (jpegs > 0) this.#isPolled = isStill;
        resolve({ jpegs, isStill, loss });
      };
      const leave = (loss: Loss) => {
        response.destroy();
        finish(loss);
      };
      const patience = isText ? setTimeout(() => leave(other()), longestTextMs) : undefined;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
        // A picture within a video, such as its cover, is none of a camera's.
        const isOther = jpegs === 0 && !isMultipart && head.length >= leastHeadBytes && otherMedium(head) !== undefined;
        if (isOther) return leave(other());
        if (!isText) {
          finder.write(chunk);
          this.counters.corrupt += finder.takeDropped();
        }
        if (jpegs === 0 && bytes >= (isText ? headBytes : mostWithoutJpeg)) leave(other());
      });
      response.once('error', (error) => finish(failed(error)));
      response.once('close', () => finish(jpegs > 0 ? ended : other(), response.complete));
    });
  }
}

function lossOf(error: unknown): Loss {
  const loss = failed(error);
  const said = loss.reason;
  if (error instanceof NoAnswer) return { ...loss, said, cause: 'no answer' };
  if (!(error instanceof HttpRefusal)) return loss;
  const { status, isElsewhere } = error;
  return {
    ...loss,
    said,
    ...(status === 401 && !isElsewhere && { cause: 'login' }),
    ...(status === 404 && { cause: 'path' }),
  };
}
