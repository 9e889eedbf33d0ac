import type { ColourSpace } from '../../sdk/frame/frame.ts';
import type { StderrListener } from '../programs/child.ts';

/** Names of the two filters that report each frame: as decoded, and as written. */
export const showinfoIn = 'showinfo@in';
export const showinfoOut = 'showinfo@out';

/** ffmpeg's report of a frame that it writes. */
export interface ShownFrame {
  readonly width: number;
  readonly height: number;
  /** Since the stream's begin; undefined where the stream does not tell it. */
  readonly timeNs?: number;
  /** Frames a second, as far as the stream tells. */
  readonly fps?: number;
  /** As the stream has it; undefined where it does not tell, or tells one that is not known here. */
  readonly matrix?: ColourSpace['matrix'];
  readonly range: ColourSpace['range'];
  /** The colours of the stream, where they are none that a matrix of ours makes RGB of: `ycgco`. */
  readonly unlike?: string;
  /** As it was decoded, before it was scaled. */
  readonly source: { readonly width: number; readonly height: number; readonly isRgb: boolean };
}

/** More than ffmpeg's reports can be ahead of its frames. */
const mostWaiting = 10_000;
/** `[h264 @ 0x55] [error] no frame!`: what it is of, how bad it is, and what it says. */
const message = /^(?:\[[^\]]*\] )*?\[(panic|fatal|error|warning|info|verbose|debug|trace)\] ?(.*)$/;
const rgb = /^(rgb|bgr|gbr|argb|abgr|rgba|bgra|0rgb|0bgr|x2rgb|x2bgr|pal8)/;
const matrices: Readonly<Record<string, ColourSpace['matrix']>> = {
  bt709: 'bt709',
  smpte240m: 'bt709',
  // What has wider colours is HD as well: its luma is within a few levels of this one's.
  bt2020nc: 'bt709',
  bt2020c: 'bt709',
  smpte170m: 'bt601',
  bt470bg: 'bt601',
  fcc: 'bt601',
};
/** Red, green and blue are mixed otherwise than in any YUV: as that, the picture would have wrong colours. */
const unlikeYuv: ReadonlySet<string> = new Set(['ycgco', 'ycgco-re', 'ycgco-ro', 'ictcp', 'ipt-c2', 'smpte2085']);

/**
 * Reads the reports of the filter showinfo from ffmpeg's log (`-loglevel repeat+level+info`): raw frames carry no
 * metadata, and size, time and colour may change with each. Other lines are passed on if they are errors.
 */
export class ShowInfo implements StderrListener {
  readonly #frames: ShownFrame[] = [];
  #source: ShownFrame['source'] = { width: 0, height: 0, isRgb: false };
  /** Its colour comes in the next line. */
  #pending: ShownFrame | undefined;
  #last: ShownFrame | undefined;
  #count = 0;
  #base: { num: number; den: number } | undefined;
  #fps: number | undefined;
  #isOver = false;
  #wake: (() => void) | undefined;

  /** The next frame that is written; undefined when nothing is known of it yet. */
  take(): ShownFrame | undefined {
    return this.#frames.shift();
  }

  /** Nothing more will be told. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when there is something to take, or nothing more comes. */
  more(): Promise<void> {
    if (this.#frames.length > 0 || this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  line(text: string): string | undefined {
    const [, level, said = ''] = message.exec(text) ?? [];
    if (level === undefined) return text;
    // The name stands in front of what it says, wherever another thread of ffmpeg has cut in.
    if (text.includes(`[${showinfoOut} @`)) this.#onOut(said);
    else if (text.includes(`[${showinfoIn} @`)) this.#onIn(said);
    // Of two frames of the same time: bare frames have none.
    if (/non.monoton/.test(said)) return undefined;
    return level === 'error' || level === 'fatal' || level === 'panic' ? said : undefined;
  }

  end(): void {
    this.#settle();
    this.#isOver = true;
    this.#notify();
  }

  #onIn(said: string): void {
    const frame = frameIn(said);
    if (frame) this.#source = { width: frame.width, height: frame.height, isRgb: rgb.test(frame.format) };
  }

  #onOut(said: string): void {
    const config = /^config in time_base: (\d+)\/(\d+), frame_rate: (\d+)\/(\d+)/.exec(said);
    if (config) {
      const [num, den, frames, seconds] = config.slice(1).map(Number) as [number, number, number, number];
      this.#settle();
      this.#base = num > 0 && den > 0 ? { num, den } : undefined;
      this.#fps = frames > 0 && seconds > 0 && frames / seconds <= mostFps ? frames / seconds : undefined;
      this.#count = 0;
      return;
    }
    const frame = frameIn(said);
    if (frame) this.#begin(frame);
    else if (said.startsWith('color_range:')) this.#settle(colourIn(said));
  }

  #begin({ number, pts, width, height }: FrameLine): void {
    this.#settle();
    // A line that another thread's words have spoilt: its frame is written all the same.
    const missed = this.#last ? Math.min(number - this.#count, mostWaiting) : 0;
    for (let i = 0; i < missed; i++) this.#push({ ...this.#last!, timeNs: undefined });
    this.#count = number + 1;
    const { num, den } = this.#base ?? { num: 0, den: 1 };
    const timeNs = this.#base && pts !== undefined ? Math.round((pts * num * 1e9) / den) : undefined;
    const { matrix, range = 'limited' } = this.#last ?? {};
    this.#pending = { width, height, timeNs, fps: this.#fps, matrix, range, source: this.#source };
  }

  #settle(colour?: Pick<ShownFrame, 'matrix' | 'range' | 'unlike'>): void {
    const frame = this.#pending;
    this.#pending = undefined;
    if (frame) this.#push({ ...frame, ...colour });
  }

  #push(frame: ShownFrame): void {
    this.#last = frame;
    if (this.#frames.length < mostWaiting) this.#frames.push(frame);
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** ffmpeg guesses such rates for streams that state none. */
const mostFps = 500;

interface FrameLine {
  readonly number: number;
  readonly pts: number | undefined;
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/** `n:   0 pts:      0 pts_time:0       pos:       48 fmt:yuv420p sar:4/3 s:320x240 i:P iskey:1 type:I` */
function frameIn(said: string): FrameLine | undefined {
  const [, number, pts] = /^n: *(\d+) pts: *(-?\d+|NOPTS) /.exec(said) ?? [];
  const [, format] = / fmt:(\S+) /.exec(said) ?? [];
  const [, width, height] = / s:(\d+)x(\d+) /.exec(said) ?? [];
  if (number === undefined || format === undefined || width === undefined) return undefined;
  return {
    number: Number(number),
    pts: pts === 'NOPTS' ? undefined : Number(pts),
    format,
    width: Number(width),
    height: Number(height),
  };
}

/** `color_range:tv color_space:bt709 color_primaries:bt709 color_trc:bt709` */
function colourIn(said: string): Pick<ShownFrame, 'matrix' | 'range' | 'unlike'> {
  const [, range] = /^color_range:(\S+)/.exec(said) ?? [];
  const [, space] = / color_space:(\S+)/.exec(said) ?? [];
  return {
    matrix: space === undefined ? undefined : matrices[space],
    range: range === 'pc' ? 'full' : 'limited',
    ...(space !== undefined && unlikeYuv.has(space) && { unlike: space }),
  };
}
