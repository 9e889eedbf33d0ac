import { assertShape } from '../base/arguments.ts';
import { type ColourSpace, Frame, type FrameInfo, type Plane } from './frame.ts';
import { type PixelFormat, type PlaneLayout, planeLayout } from './layout.ts';
import { Starvation } from './starvation.ts';

interface Slot {
  readonly bytes: Uint8Array;
  readonly planes: readonly Plane[];
}

const mostBuffers = 8;
/** Eight frames of 4K in I420, and some room. */
const mostBytes = 160 * 1024 * 1024;
/** One is filled, one waits, one is in the network, one is shown. */
const fewestBuffers = 4;

/**
 * How many buffers of this size a source has: eight, or as many as fit into 160 MiB, but at least four.
 *
 * @example buffersOf(1920 * 1080 * 1.5); // 8: 25 MB
 */
export function buffersOf(byteLength: number): number {
  return Math.min(mostBuffers, Math.max(fewestBuffers, Math.floor(mostBytes / byteLength)));
}

/**
 * Buffers for the frames of one source. Each is a SharedArrayBuffer, so that a worker reads the pixels where they are.
 *
 * A slot is filled first and becomes a frame after: `const bytes = pool.take()`, write the pixels, then
 * `pool.frame(bytes, info)`. In a steady state no pixel memory is allocated: `allocated` stays constant. When all are
 * in use for five seconds and none comes back, a warning of the process (`OCELLUS_FRAMES_NOT_RELEASED`) says how many
 * frames were not released.
 */
export class FramePool {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly colour?: ColourSpace;
  readonly layout: readonly PlaneLayout[];
  /** Bytes of one frame, with padding. */
  readonly byteLength: number;
  readonly capacity: number;
  readonly #free: Slot[] = [];
  readonly #taken = new Map<Uint8Array, Slot>();
  readonly #onFree: (() => void) | undefined;
  readonly #starvation: Starvation;
  #allocated = 0;

  /**
   * @param options.capacity How many frames may exist at once; `take()` returns undefined beyond it. Default:
   * `buffersOf`
   *   their size.
   * @param options.onFree Called when a frame's buffer has come back, for callers who wait for one.
   */
  constructor(options: {
    format: PixelFormat;
    width: number;
    height: number;
    strides?: readonly number[];
    colour?: ColourSpace;
    capacity?: number;
    onFree?: () => void;
  }) {
    assertShape('FramePool', options, {});
    const { planes, byteLength } = planeLayout(options.format, options.width, options.height, options.strides);
    this.format = options.format;
    this.width = options.width;
    this.height = options.height;
    this.colour = options.colour;
    this.layout = planes;
    this.byteLength = byteLength;
    this.capacity = options.capacity ?? buffersOf(byteLength);
    this.#onFree = options.onFree;
    const source = `${this.width}x${this.height} (${this.format})`;
    this.#starvation = new Starvation(source, () => this.inUse - this.#taken.size);
  }

  /** Buffers allocated so far; at most `capacity`. */
  get allocated(): number {
    return this.#allocated;
  }

  /** Buffers that are filled or in use now. */
  get inUse(): number {
    return this.#allocated - this.#free.length;
  }

  /** A buffer of `byteLength` bytes to fill, or undefined when all are in use (the caller counts a drop). */
  take(): Uint8Array | undefined {
    let slot = this.#free.pop();
    if (!slot) {
      if (this.#allocated >= this.capacity) {
        this.noteWait();
        return undefined;
      }
      const bytes = new Uint8Array(new SharedArrayBuffer(this.byteLength));
      const planes = this.layout.map(({ offset, stride, rows }) => ({
        data: bytes.subarray(offset, offset + stride * rows),
        stride,
      }));
      slot = { bytes, planes };
      this.#allocated++;
    }
    this.#taken.set(slot.bytes, slot);
    return slot.bytes;
  }

  /** Whether somebody waits for a buffer while all are in use. */
  noteWait(): void {
    this.#starvation.begin();
  }

  /** Makes a frame of a buffer from `take()`; the buffer comes back with the frame's last `release()`. */
  frame(bytes: Uint8Array, info: FrameInfo): Frame {
    assertShape('FramePool: info', info, {});
    const slot = this.#claim(bytes);
    return new Frame(
      {
        colour: this.colour,
        ...info,
        format: this.format,
        width: this.width,
        height: this.height,
        planes: slot.planes,
      },
      () => {
        this.#takeBack(slot);
        this.#onFree?.();
      },
    );
  }

  /** Returns a buffer to the pool that did not become a frame. */
  giveBack(bytes: Uint8Array): void {
    this.#takeBack(this.#claim(bytes));
  }

  #takeBack(slot: Slot): void {
    this.#free.push(slot);
    this.#starvation.end();
  }

  #claim(bytes: Uint8Array): Slot {
    const slot = this.#taken.get(bytes);
    if (!slot) throw new Error('expected a buffer from take() that was not used yet, got another one');
    this.#taken.delete(bytes);
    return slot;
  }
}
