import { Backoff } from '../../sdk/base/backoff.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { Nap } from '../../sdk/base/nap.ts';
import { within } from '../../sdk/base/within.ts';
import { defaultColour } from '../../sdk/frame/frame.ts';
import { loadOpenCv } from '../../sdk/opencv-bindings/load.ts';
import type { Mat, VideoCapture } from '../../sdk/opencv-bindings/types.ts';
import { DeviceBase } from '../device/base.ts';
import { monotonicNs } from '../device/clock.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import { LossReport } from '../device/loss-report.ts';
import { Presenter } from '../device/presenter.ts';
import { filePath } from '../file/path.ts';
import { type ScannedVideo, scanVideo } from '../file/scan.ts';
import { Timeline } from '../file/timeline.ts';
import { Watchdog } from '../programs/watchdog.ts';
import { BufferWait } from '../stream/buffers.ts';
import { MatPool } from './mat-pool.ts';

/** For a file that states no rate, or one that cannot be. */
const defaultFps = 25;
const maxFps = 1000;
const defaultStallTimeoutMs = 10_000;
/** How long the current read may take. */
const closeTimeoutMs = 5000;

/** CAP_PROP_ORIENTATION_AUTO, which the bindings do not name. */
const orientationAuto = 49;

/** A camera's number, or a file's path. */
type Source = number | string;

/**
 * What OpenCV's VideoCapture reads: a camera by number, or a video file. Frames are `BGR24`. Each read runs on a thread of the
 * pool, one at a time. Opening blocks the main thread, since the bindings know no other way: that is why network streams,
 * which may take half a minute to fail, are left to `rtsp:`.
 */
export class OpenCvCapture extends DeviceBase {
  readonly #rest: string;
  readonly #backoff = new Backoff();
  readonly #report = new LossReport(this.logger);
  #capture: VideoCapture | undefined;
  #presenter: Presenter | undefined;
  #buffers: BufferWait | undefined;
  #pool: MatPool | undefined;
  #reading: Promise<void> | undefined;
  #sequence = 0;
  readonly #nap = new Nap();
  /** Of a file: what OpenCV itself does not tell, or tells otherwise from version to version. */
  #scanned: ScannedVideo | undefined;

  /** @param rest A number (default 0), or a path. */
  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
  }

  protected async start(): Promise<DeviceProperties> {
    const source = sourceOf(this.#rest);
    this.#scanned = typeof source === 'string' ? await this.#scan(source) : undefined;
    this.assertOpening();
    this.#capture = this.#openCapture(source);
    this.#buffers = new BufferWait();
    this.#pool = new MatPool(this.options, this.#scanned, this.#buffers.onFree);
    const isLive = typeof source === 'number';
    this.#presenter = isLive ? undefined : new Presenter(this.outlet, this.options.speed);
    const first = this.#readOne();
    // A close() meanwhile waits for it.
    this.#reading = first.then(
      () => {},
      () => {},
    );
    const mat = await first;
    if (!mat || this.closed) {
      mat?.release();
      this.assertOpening();
      throw new InputError(`${this.uri}: it was opened, but gives no frame`);
    }
    const { width, height } = this.#pool.sizeOf(mat);
    const fps = this.#fps();
    this.#reading = isLive ? this.#readLive(source, mat) : this.#readFile(source, mat, fps ?? defaultFps);
    return {
      kind: 'opencv',
      title: isLive ? `camera ${source} (OpenCV)` : source,
      format: 'BGR24',
      width,
      height,
      fps,
      colour: defaultColour(width, height),
      live: isLive,
    };
  }

  protected override read(): void {
    this.#presenter?.begin();
  }

  protected async stop(): Promise<void> {
    this.#presenter?.close();
    this.#buffers?.close();
    this.#nap.wake();
    this.#report.stop();
    const capture = this.#capture;
    const reading = this.#reading;
    this.#capture = undefined;
    // A read that is under way must end before its capture does; one that hangs in a driver keeps its capture.
    const released = (async () => {
      await reading;
      capture?.release();
    })();
    await within(closeTimeoutMs, released, undefined);
  }

  /** @throws InputError when OpenCV would show it wrongly. */
  async #scan(path: string): Promise<ScannedVideo> {
    let scanned: ScannedVideo;
    try {
      scanned = await scanVideo(path);
    } catch (error) {
      throw new InputError(`${this.uri}: OpenCV cannot open it: ${messageOf(error)}`);
    }
    const { container, sizes } = scanned;
    if (/^image2|_pipe$/.test(container)) {
      throw new InputError(`${this.uri} is a picture: file:${path} reads it, turned as its EXIF data says`);
    }
    if (sizes.length > 1) {
      throw new InputError(
        `${this.uri} changes the size of its picture (${sizes.slice(0, 4).join(', ')}), which OpenCV does not notice: file:${path} reads it`,
      );
    }
    return scanned;
  }

  #openCapture(source: Source): VideoCapture {
    const cv = loadOpenCv();
    const { width, height, fps } = this.options;
    try {
      if (typeof source === 'number') {
        const capture = new cv.VideoCapture(source, cv.CAP_V4L2!);
        if (width !== undefined) capture.set(cv.CAP_PROP_FRAME_WIDTH!, width);
        if (height !== undefined) capture.set(cv.CAP_PROP_FRAME_HEIGHT!, height);
        if (fps !== undefined) capture.set(cv.CAP_PROP_FPS!, fps);
        return capture;
      }
      // With a backend that is named nothing else is tried: to another one a name may be a pipeline to run.
      // A playlist that poses as a video may not make it call other machines.
      const capture = withEnvironment(
        'OPENCV_FFMPEG_CAPTURE_OPTIONS',
        'protocol_whitelist;file',
        () => new cv.VideoCapture(source, cv.CAP_FFMPEG!),
      );
      // OpenCV 4.6 turns to the wrong side, others turn rightly, or not at all.
      capture.set(orientationAuto, 0);
      return capture;
    } catch {
      throw new InputError(`${this.uri}: OpenCV cannot open it; is it there, is it a video, is it used elsewhere?`);
    }
  }

  /** @returns Undefined at the end, and when the source is lost. */
  async #readOne(): Promise<Mat | undefined> {
    const capture = this.#capture!;
    const mat = await new Promise<Mat>((resolve, reject) => {
      capture.readAsync((error, result) => (error ? reject(new Error(messageOf(error))) : resolve(result)));
    });
    if (mat.rows === 0) {
      mat.release();
      return undefined;
    }
    const { rotation = 0 } = this.#scanned ?? {};
    if (rotation === 0) return mat;
    const cv = loadOpenCv();
    const turns = { 90: cv.ROTATE_90_CLOCKWISE, 180: cv.ROTATE_180, 270: cv.ROTATE_90_COUNTERCLOCKWISE };
    const turned = mat.rotate(turns[rotation]!);
    mat.release();
    return turned;
  }

  async #readFile(source: Source, first: Mat, fps: number): Promise<void> {
    const stepNs = 1e9 / fps;
    const { timesMs = [], problem } = this.#scanned ?? {};
    // In a loop the first frame comes a frame's length after the last.
    const lengthNs = (timesMs.at(-1) ?? 0) * 1e6 + stepNs;
    let round = 0;
    const timeline = new Timeline();
    const leastNs = this.options.fps === undefined ? 0 : 1e9 / this.options.fps;
    let shownNs = Number.NEGATIVE_INFINITY;
    // Whoever opened it is told of a first frame that fails.
    await new Promise(setImmediate);
    let mat: Mat | undefined = first;
    try {
      for (let index = 0; !this.closed; index++) {
        if (!mat) {
          if (!this.options.loop) break;
          round++;
          index = 0;
          this.#capture!.release();
          this.#capture = this.#openCapture(source);
          mat = await this.#readOne();
          if (!mat) throw new Error('its first frame cannot be read again');
        }
        // Some files have a time for each frame, some for none.
        const timeMs = timesMs[index];
        const timeNs = timeMs === undefined ? undefined : round * lengthNs + Math.round(timeMs * 1e3) * 1e3;
        const mediaNs = timeline.next(timeNs, fps);
        // Half a frame of slack, or rounding would cost every second one.
        if (mediaNs - shownNs >= leastNs - stepNs / 2) {
          shownNs = mediaNs;
          await this.#present(mat, mediaNs);
        }
        mat.release();
        mat = this.closed ? undefined : await this.#readOne();
      }
    } catch (error) {
      this.setError(messageOf(error));
      this.logger.warn(`the video ended with an error: ${messageOf(error)}`);
    }
    mat?.release();
    if (this.closed) return;
    // OpenCV ends at a file's end and where it is cut off alike.
    if (problem !== undefined && this.health.lastError === undefined) {
      this.setError(`ffprobe: ${problem}`);
      this.logger.warn(`the video ended with an error after ${this.health.frames} frames: ${problem}`);
    }
    this.outlet.end();
    this.setState('ended');
  }

  async #present(mat: Mat, mediaNs: number): Promise<void> {
    this.counters.frames++;
    const { pool, bytes } = this.#pool!.copyOf(mat);
    if (!bytes) this.counters.dropped++;
    const sequence = this.#sequence++;
    let used = false;
    await this.#presenter!.present(mediaNs, (times) => {
      used = true;
      return bytes && pool.frame(bytes, { sequence, ...times });
    });
    if (bytes && !used) pool.giveBack(bytes);
    if (this.options.speed === 'max') await this.#buffers!.until(pool);
  }

  async #readLive(source: Source, first: Mat): Promise<void> {
    const stallTimeoutMs = this.options.stallTimeoutMs ?? defaultStallTimeoutMs;
    const watchdog = new Watchdog((ms) => {
      this.countStall();
      this.#lose(`no frame for ${(ms / 1000).toFixed(1)} s`);
    });
    await new Promise(setImmediate);
    let mat: Mat | undefined = first;
    while (!this.closed) {
      watchdog.arm(stallTimeoutMs);
      try {
        mat ??= await this.#readOne();
        if (!mat) throw new Error('the stream ended');
        if (!this.closed) this.#offer(mat);
        mat.release();
        mat = undefined;
      } catch (error) {
        watchdog.stop();
        this.#lose(messageOf(error));
        await this.#reopen(source);
      }
    }
    watchdog.stop();
    mat?.release();
  }

  #offer(mat: Mat): void {
    const captureTimeNs = monotonicNs();
    this.counters.frames++;
    const sequence = this.#sequence++;
    const { pool, bytes } = this.#pool!.copyOf(mat);
    if (bytes) this.outlet.offer(pool.frame(bytes, { sequence, captureTimeNs, wallTimeMs: Date.now() }));
    else this.counters.dropped++;
    if (this.state !== 'offline') return;
    this.#report.came();
    this.setState('online');
  }

  #lose(reason: string): void {
    if (this.closed) return;
    this.setError(reason);
    this.setState('offline');
    // One frame and no more is no reason to try sooner.
    if (this.#report.isHealthy) this.#backoff.reset();
    this.#report.lost(reason);
  }

  /** Waits, reopens; if that fails, the next read fails and it starts over. */
  async #reopen(source: Source): Promise<void> {
    // Whoever closed it releases it.
    if (this.closed) return;
    this.#capture!.release();
    for (;;) {
      await this.#nap.sleep(this.#backoff.next());
      if (this.closed) return;
      this.countRestart();
      try {
        this.#capture = this.#openCapture(source);
        return;
      } catch (error) {
        this.setError(messageOf(error));
      }
    }
  }

  #fps(): number | undefined {
    const fps = this.#capture!.get(loadOpenCv().CAP_PROP_FPS!);
    return fps > 0 && fps <= maxFps ? fps : undefined;
  }
}

/** @throws InputError when it is neither a number nor a file that exists. */
function sourceOf(rest: string): Source {
  if (/^\d{0,3}$/.test(rest)) return Number(rest);
  if (/^[a-z]+:\/\//i.test(rest)) {
    throw new InputError(`opencv: expected a camera's number or a video's path, got a URL; network cameras are rtsp:`);
  }
  const { path, isFolder } = filePath(rest);
  if (isFolder)
    throw new InputError(`opencv: expected a video, got the folder ${path}; file:${rest} reads its pictures`);
  return path;
}

function withEnvironment<T>(name: string, value: string, work: () => T): T {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
