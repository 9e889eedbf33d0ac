import { within } from '../../sdk/base/within.ts';
import { type ColourSpace, guessMatrix } from '../../sdk/frame/frame.ts';
import { planeLayout } from '../../sdk/frame/layout.ts';
import { put, StreamError, type StreamFormat, type StreamParser, type StreamSink } from '../stream/stream.ts';
import type { ShowInfo, ShownFrame } from './showinfo.ts';

/** What ffmpeg says of a frame is written before the frame is. */
const timeoutMs = 10_000;

export interface Matrices {
  /** Of all frames, whatever the stream tells. */
  readonly matrix?: ColourSpace['matrix'];
  /** Of streams that do not tell theirs. Default: what is usual for their size. */
  readonly untagged?: ColourSpace['matrix'];
}

/**
 * Reads bare frames, I420 without padding, each of which ffmpeg tells of beside them: its size, its time, its colours. A
 * format begins with the first frame, and again with each that differs from the one before.
 */
export class ShownFrameParser implements StreamParser {
  readonly #sink: StreamSink;
  readonly #info: ShowInfo;
  readonly #matrices: Matrices;
  #format: StreamFormat | undefined;
  #frame: ShownFrame | undefined;
  #wait: Promise<void> | undefined;
  #waitedTooLong = false;
  #buffer: Uint8Array | undefined;
  #bytes = 0;
  #filled = 0;

  constructor(sink: StreamSink, info: ShowInfo, matrices: Matrices = {}) {
    this.#sink = sink;
    this.#info = info;
    this.#matrices = matrices;
  }

  get clean(): boolean {
    return this.#frame === undefined;
  }

  get wait(): Promise<void> | undefined {
    return this.#wait;
  }

  get room(): Uint8Array | undefined {
    return this.#frame && this.#buffer?.subarray(this.#filled);
  }

  write(chunk: Uint8Array, offset: number): number {
    if (!this.#frame && !this.#begin()) return 0;
    const size = Math.min(chunk.length - offset, this.#bytes - this.#filled);
    if (this.#buffer) put(chunk.subarray(offset, offset + size), this.#buffer, this.#filled);
    this.#filled += size;
    if (this.#filled === this.#bytes) {
      const [buffer, { timeNs }] = [this.#buffer, this.#frame!];
      this.#buffer = undefined;
      this.#frame = undefined;
      this.#sink.frame(buffer, timeNs);
    }
    return size;
  }

  abandon(): void {
    if (this.#buffer) this.#sink.giveBack(this.#buffer);
    this.#buffer = undefined;
  }

  /** @returns False: what comes is not known yet, and `wait` for it was begun. */
  #begin(): boolean {
    this.#wait = undefined;
    const frame = this.#info.take();
    if (!frame) {
      if (this.#info.isOver || this.#waitedTooLong) throw new StreamError('ffmpeg gave a frame and said nothing of it');
      this.#wait = within<unknown>(timeoutMs, this.#info.more(), late).then((result) => {
        this.#waitedTooLong = result === late;
      });
      return false;
    }
    const { width, height, fps, source, unlike } = frame;
    if (unlike !== undefined) {
      throw new StreamError(`expected a video in YUV or RGB, got ${unlike}, whose colours would be wrong; convert it`);
    }
    // ffmpeg makes YUV of RGB by BT.601, whatever the size.
    const { matrix, untagged = guessMatrix(source.width, source.height) } = this.#matrices;
    const told = matrix ?? frame.matrix ?? (source.isRgb ? 'bt601' : untagged);
    const colour: ColourSpace = { matrix: told, range: frame.range };
    const format: StreamFormat = { format: 'I420', width, height, fps, colour };
    if (!this.#format || !isSame(format, this.#format)) {
      this.#sink.begin(format);
      this.#format = format;
      this.#bytes = planeLayout('I420', width, height).byteLength;
    }
    this.#frame = frame;
    this.#filled = 0;
    this.#buffer = this.#sink.take();
    return true;
  }
}

const late = Symbol('late');

const isSame = (a: StreamFormat, b: StreamFormat) =>
  a.width === b.width &&
  a.height === b.height &&
  a.colour.matrix === b.colour.matrix &&
  a.colour.range === b.colour.range;
