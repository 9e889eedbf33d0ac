import { planeLayout } from '../../sdk/frame/layout.ts';
import { put, type StreamFormat, type StreamParser, type StreamSink } from './stream.ts';

/** Reads a stream that is nothing but the bytes of one frame after the other, padding included. */
export class RawParser implements StreamParser {
  readonly #sink: StreamSink;
  readonly #frameBytes: number;
  #buffer: Uint8Array | undefined;
  #filled = 0;

  /** @param format With the strides the frames have. */
  constructor(sink: StreamSink, format: StreamFormat) {
    this.#sink = sink;
    this.#frameBytes = planeLayout(format.format, format.width, format.height, format.strides).byteLength;
    sink.begin(format);
  }

  get clean(): boolean {
    return this.#filled === 0;
  }

  get room(): Uint8Array | undefined {
    return this.#filled === 0 ? undefined : this.#buffer?.subarray(this.#filled);
  }

  write(chunk: Uint8Array, offset: number): number {
    if (this.#filled === 0) this.#buffer = this.#sink.take();
    const size = Math.min(chunk.length - offset, this.#frameBytes - this.#filled);
    if (this.#buffer) put(chunk.subarray(offset, offset + size), this.#buffer, this.#filled);
    this.#filled += size;
    if (this.#filled === this.#frameBytes) {
      const buffer = this.#buffer;
      this.#buffer = undefined;
      this.#filled = 0;
      this.#sink.frame(buffer);
    }
    return size;
  }

  abandon(): void {
    if (this.#buffer) this.#sink.giveBack(this.#buffer);
    this.#buffer = undefined;
  }
}
