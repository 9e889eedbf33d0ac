import { planeLayout } from '../../sdk/frame/layout.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import { assertPixels } from '../device/options.ts';
import type { StreamFormat, StreamSink } from './stream.ts';

/** Keeps the pool that fits a stream's format and hands its buffers to the parser, each frame to `onFrame`. */
export class PoolFiller implements StreamSink {
  format: StreamFormat | undefined;
  #pool: FramePool | undefined;
  readonly #onFrame: (buffer: Uint8Array | undefined, pool: FramePool, timeNs?: number) => void;
  readonly #maxPixels: number;
  readonly #onFree: (() => void) | undefined;

  /**
   * @param onFrame Gets each complete frame's buffer and its pool; the buffer is undefined when none was free.
   * @param maxPixels Of a frame.
   * @param onFree Called whenever a frame's buffer comes back.
   */
  constructor(
    onFrame: (buffer: Uint8Array | undefined, pool: FramePool, timeNs?: number) => void,
    maxPixels: number,
    onFree?: () => void,
  ) {
    this.#onFrame = onFrame;
    this.#maxPixels = maxPixels;
    this.#onFree = onFree;
  }

  get pool(): FramePool | undefined {
    return this.#pool;
  }

  /** @throws StreamError when its frames are too large. */
  begin(format: StreamFormat): void {
    assertPixels(format, this.#maxPixels);
    this.format = format;
    const pool = this.#pool;
    const { planes } = planeLayout(format.format, format.width, format.height, format.strides);
    const fits =
      pool?.format === format.format &&
      pool.width === format.width &&
      pool.height === format.height &&
      pool.layout.every(({ stride }, index) => stride === planes[index]!.stride);
    if (!fits) this.#pool = new FramePool({ ...format, onFree: this.#onFree });
  }

  take(): Uint8Array | undefined {
    return this.#pool!.take();
  }

  frame(buffer: Uint8Array | undefined, timeNs?: number): void {
    this.#onFrame(buffer, this.#pool!, timeNs);
  }

  giveBack(buffer: Uint8Array): void {
    this.#pool!.giveBack(buffer);
  }
}
