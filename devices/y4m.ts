import type { ColourSpace } from '../sdk/frame/frame.ts';
import { defaultColour } from '../sdk/frame/frame.ts';
import { maxSide, planeLayout } from '../sdk/frame/layout.ts';
import { StreamError, type StreamFormat, type StreamParser, type StreamSink } from './stream.ts';

/** The longest stream or frame header that is read; ffmpeg's are under 100 bytes. */
const maxHeaderBytes = 512;
const newline = 0x0a;
const latin1 = new TextDecoder('latin1');

/**
 * Reads a YUV4MPEG2 stream (8 bit 4:2:0) piece by piece and copies each chunk straight into the frame's buffer.
 *
 * Strict: a stream that does not follow the format by the letter throws `StreamError`, because after one wrong byte
 * everything that follows would be shifted.
 *
 * @see https://wiki.multimedia.cx/index.php/YUV4MPEG2
 */
export class Y4mParser implements StreamParser {
  readonly #sink: StreamSink;
  readonly #matrix: ColourSpace['matrix'] | undefined;
  #reading: 'stream header' | 'frame header' | 'pixels' = 'stream header';
  readonly #header = new Uint8Array(maxHeaderBytes);
  #headerBytes = 0;
  #frameBytes = 0;
  #buffer: Uint8Array | undefined;
  #filled = 0;

  /** @param matrix Of the source; the header cannot say it. Default: what is usual for the size. */
  constructor(sink: StreamSink, matrix?: ColourSpace['matrix']) {
    this.#sink = sink;
    this.#matrix = matrix;
  }

  get clean(): boolean {
    return this.#reading === 'frame header' && this.#headerBytes === 0;
  }

  write(chunk: Uint8Array, offset: number): number {
    const begin = offset;
    while (offset < chunk.length) {
      if (this.#reading === 'pixels') {
        const size = Math.min(chunk.length - offset, this.#frameBytes - this.#filled);
        this.#buffer?.set(chunk.subarray(offset, offset + size), this.#filled);
        this.#filled += size;
        offset += size;
        if (this.#filled === this.#frameBytes) {
          const buffer = this.#buffer;
          this.#buffer = undefined;
          this.#reading = 'frame header';
          this.#sink.frame(buffer);
          break;
        }
      } else {
        offset = this.#readHeader(chunk, offset);
      }
    }
    return offset - begin;
  }

  abandon(): void {
    if (this.#buffer) this.#sink.giveBack(this.#buffer);
    this.#buffer = undefined;
  }

  #readHeader(chunk: Uint8Array, offset: number): number {
    const end = chunk.indexOf(newline, offset);
    const stop = end < 0 ? chunk.length : end;
    if (this.#headerBytes + stop - offset > maxHeaderBytes) {
      throw new StreamError(`YUV4MPEG2 ${this.#reading}: expected at most ${maxHeaderBytes} bytes, got more`);
    }
    this.#header.set(chunk.subarray(offset, stop), this.#headerBytes);
    this.#headerBytes += stop - offset;
    if (end < 0) return stop;
    const text = latin1.decode(this.#header.subarray(0, this.#headerBytes));
    this.#headerBytes = 0;
    if (this.#reading === 'stream header') {
      const header = parseY4mHeader(text);
      const matrix = this.#matrix ?? header.colour.matrix;
      const format = { ...header, colour: { ...header.colour, matrix } };
      this.#frameBytes = planeLayout(format.format, format.width, format.height).byteLength;
      this.#sink.begin(format);
      this.#reading = 'frame header';
    } else {
      if (text !== 'FRAME' && !text.startsWith('FRAME ')) {
        throw new StreamError(`YUV4MPEG2 stream: expected a line FRAME, got ${JSON.stringify(text.slice(0, 40))}`);
      }
      this.#filled = 0;
      this.#buffer = this.#sink.take();
      this.#reading = 'pixels';
    }
    return end + 1;
  }
}

/** @throws StreamError when it is not the header of an 8 bit 4:2:0 stream of a possible size. */
export function parseY4mHeader(text: string): StreamFormat {
  const [magic, ...fields] = text.split(' ');
  if (magic !== 'YUV4MPEG2') {
    throw new StreamError(`expected a YUV4MPEG2 stream, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  const value = (letter: string) => fields.find((field) => field.startsWith(letter))?.slice(1) ?? '';
  const size = (letter: string, name: string): number => {
    const digits = value(letter);
    const pixels = /^\d{1,6}$/.test(digits) ? Number(digits) : 0;
    if (pixels < 1 || pixels > maxSide) {
      throw new StreamError(`YUV4MPEG2 ${name}: expected 1 to ${maxSide} pixels, got "${digits}"`);
    }
    return pixels;
  };
  const width = size('W', 'width');
  const height = size('H', 'height');
  // 4:2:0 differs only in where the chroma samples lie; 16 bit and other samplings would be another layout.
  const sampling = value('C') || '420';
  if (!['420', '420jpeg', '420mpeg2', '420paldv'].includes(sampling)) {
    throw new StreamError(
      `YUV4MPEG2 sampling: expected 8 bit 4:2:0 (420, 420jpeg, 420mpeg2, 420paldv), got ${sampling}`,
    );
  }
  const rate = /^(\d+):(\d+)$/.exec(value('F'));
  const fps = rate && Number(rate[2]) > 0 ? Number(rate[1]) / Number(rate[2]) : 0;
  const colour: ColourSpace = {
    matrix: defaultColour(height).matrix,
    range: fields.includes('XCOLORRANGE=FULL') ? 'full' : 'limited',
  };
  return { format: 'I420', width, height, fps: fps > 0 ? fps : undefined, colour };
}
