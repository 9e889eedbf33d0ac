import { fstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { InputError } from '../../sdk/base/errors.ts';
import { expandHome } from '../../sdk/base/home.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import type { Loss } from '../device/loss.ts';
import { atMost, ffmpegCommand } from '../ffmpeg/ffmpeg.ts';
import { type LiveCommand, LiveDevice } from '../ffmpeg/live.ts';

/**
 * What may come through a pipe: video, from its begin or from somewhere on. No playlist, nor anything else that names other
 * files and addresses.
 */
const formats =
  'mjpeg,jpeg_pipe,mpjpeg,yuv4mpegpipe,h264,hevc,mpegts,mpeg,mpegvideo,m4v,obu,ivf,matroska,webm,mov,mp4,flv,avi,nut';

/** Pipes that are read: two readers of one would take each other's bytes. */
const taken = new Set<string>();

/**
 * Video that a program writes to a pipe, read by ffmpeg: this process' standard input, which is over when its writer ends, or a
 * named pipe, which waits for the next one.
 */
export class PipeCamera extends LiveDevice {
  readonly #rest: string;
  #key: string | undefined;
  #isNamed = false;
  #isOver = false;

  /** @param rest The path of a named pipe; empty, `-` or `/dev/stdin` for standard input. */
  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
  }

  protected async command(): Promise<LiveCommand> {
    const path = this.#take();
    const { width, height, maxPixels, fps } = this.options;
    const input = [
      ...['-protocol_whitelist', 'file', '-format_whitelist', formats],
      // Bare pictures and H.264 have no times of their own; what has, begins at any. Without `-flags low_delay`: with it MPEG-2
      // and MPEG-4 come out as they were coded, each picture between two others after both; with one thread H.264 gains nothing.
      ...['-use_wallclock_as_timestamps', '1'],
      // Enough for the headers of one picture; the default reads five seconds before the first frame.
      ...['-analyzeduration', '1000000', '-probesize', '500000'],
    ];
    // Always in software: to know what it is, a part of it would have to be read, and be missing afterwards.
    return ffmpegCommand({ input, url: `file:${path}`, filters: atMost(fps), width, height, maxPixels });
  }

  protected identity(): Pick<DeviceProperties, 'kind' | 'title'> {
    return { kind: 'pipe', title: this.#isStandardInput ? 'standard input' : this.#rest };
  }

  protected override async run(): Promise<Loss> {
    const loss = await super.run();
    // Not one that was ended here, because it hung, or was too large.
    this.#isOver = !this.#isNamed && loss.kind === 'ended';
    return loss;
  }

  protected override get isOver(): boolean {
    return this.#isOver;
  }

  protected override async stop(): Promise<void> {
    await super.stop();
    this.#letGo();
  }

  protected override explain({ kind, reason, said = '' }: Loss): string {
    if (kind === 'stalled') {
      return `nothing comes through the pipe that shows a picture: is the program that writes to it running? ${reason}`;
    }
    if (/Invalid data|not on whitelist|does not contain any stream|matches no streams/i.test(said)) {
      return `expected MJPEG, YUV4MPEG (.y4m), H.264, H.265, MPEG-TS, Matroska or fragmented MP4; bare frames need a size, which YUV4MPEG has; ${reason}`;
    }
    return reason;
  }

  get #isStandardInput(): boolean {
    return this.#rest === '' || this.#rest === '-' || this.#rest === '/dev/stdin';
  }

  /** @returns The path that ffmpeg opens. @throws InputError when it is no pipe, or is read already. */
  #take(): string {
    const { path, stats } = this.#isStandardInput ? standardInput() : namedPipe(this.#rest);
    // What has no name cannot be opened by its next writer.
    this.#isNamed = !path.startsWith('/proc/');
    this.#hold(`${stats.dev}:${stats.ino}`);
    return path;
  }

  #hold(key: string): void {
    if (key === this.#key) return;
    if (taken.has(key)) throw new InputError('this pipe is read by another camera already: each needs its own');
    this.#letGo();
    taken.add(key);
    this.#key = key;
  }

  #letGo(): void {
    if (this.#key !== undefined) taken.delete(this.#key);
    this.#key = undefined;
  }
}

/** Another process opens it by this path, whoever it was inherited from. */
const descriptor = (number: number | string) => `/proc/${process.pid}/fd/${number}`;

function standardInput(): { path: string; stats: Stats } {
  const how = 'pipe a video into it, such as: rpicam-vid -t 0 --codec mjpeg -o - | ocellus run --source -';
  if (isatty(0)) throw new InputError(`expected a video on standard input, which is this terminal; ${how}`);
  const stats = fstatSync(0);
  if (!stats.isFIFO() && !stats.isFile()) {
    const what = stats.isSocket() ? 'a socket' : 'nothing that can be read';
    throw new InputError(`expected a video on standard input, which is ${what}; ${how}`);
  }
  return { path: descriptor(0), stats };
}

function namedPipe(rest: string): { path: string; stats: Stats } {
  const path = resolve(expandHome(rest));
  // A shell's <(…), which no other process sees under this name.
  const [, inherited] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new InputError(`pipe: ${path} does not exist; make it: mkfifo ${path}`);
  if (!stats.isFIFO()) throw new InputError(`pipe: expected a named pipe, but ${path} is none; a file is file:${path}`);
  return { path: inherited === undefined ? realpathSync(path) : descriptor(inherited), stats };
}
