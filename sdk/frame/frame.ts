import { assertShape, shown } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import { assertSize, assertStride, type PixelFormat, planeSizes } from './layout.ts';

/** One plane of pixels: `data` starts at the first row, rows are `stride` bytes apart. */
export interface Plane {
  readonly data: Uint8Array;
  readonly stride: number;
}

/**
 * How YUV converts to RGB. SD video is BT.601, HD video BT.709; cameras use limited range (16..235) unless they say
 * otherwise.
 */
export interface ColourSpace {
  readonly matrix: 'bt601' | 'bt709';
  readonly range: 'limited' | 'full';
}

/** How a sensor took a frame, as far as its driver tells. */
export interface SensorReading {
  readonly exposureUs?: number;
  readonly analogueGain?: number;
  readonly digitalGain?: number;
  /** An estimate of how bright the scene is. */
  readonly lux?: number;
  /** Colour temperature of the assumed white point, in kelvin. */
  readonly colourTemperature?: number;
  /** Dioptres: 0 is far away, 10 is 10 cm. */
  readonly lensPosition?: number;
  /** Figure of merit of the focus: higher is sharper, within the same scene. */
  readonly focus?: number;
  /** Degrees Celsius. */
  readonly temperature?: number;
}

/** What is known of a frame besides its pixels. */
export interface FrameInfo {
  /** Counts the frames of one source from 0; a gap is a dropped frame. */
  readonly sequence: number;
  /** Monotonic capture time in ns (exact up to 104 days, then to 2 ns). Only differences mean something. */
  readonly captureTimeNs: number;
  /**
   * Wall-clock time of the capture in ms since 1970, for display: the clock may be set between two frames, so no
   * decision uses it. Media time in ms for a file read as fast as possible.
   */
  readonly wallTimeMs: number;
  readonly colour?: ColourSpace;
  /** Name of the picture, if it has one (a file in a folder). */
  readonly name?: string;
  readonly sensor?: SensorReading;
}

/** What a frame is made of: its format, its size in pixels, and its planes, which are used as they are, not copied. */
export interface FrameInit extends FrameInfo {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Plane[];
}

/** The default matrix of video of this size: that of HD from 1280 columns or 720 rows on. */
export function guessMatrix(width: number, height: number): ColourSpace['matrix'] {
  return width >= 1280 || height >= 720 ? 'bt709' : 'bt601';
}

/** The default colour space of video of this size. */
export function defaultColour(width: number, height: number): ColourSpace {
  return guessMatrix(width, height) === 'bt709' ? bt709 : bt601;
}
const bt601: ColourSpace = { matrix: 'bt601', range: 'limited' };
const bt709: ColourSpace = { matrix: 'bt709', range: 'limited' };

/**
 * A picture with its time, reference-counted. Its pixels are square: devices resample others first, so that boxes,
 * zones and pictures need not care.
 *
 * A frame from `device.frames()` comes with one reference, which you give back with `release()`. To keep it longer,
 * `acquire()` another. After the last `release()` the pixels belong to the pool again, and reading `planes` throws
 * rather than showing another frame's pixels.
 *
 * @example
 * for await (const frame of device.frames()) {
 *   console.log(frame.format, frame.width, frame.height, frame.planes[0]?.stride);
 *   frame.release();
 * }
 *
 * @example
 * // TypeScript 5.2 and newer releases it
 * for await (using frame of device.frames()) console.log(frame.width);
 */
export class Frame implements FrameInfo {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly sequence: number;
  readonly captureTimeNs: number;
  readonly wallTimeMs: number;
  readonly colour: ColourSpace;
  readonly name?: string;
  readonly sensor?: SensorReading;
  readonly #planes: readonly Plane[];
  readonly #onFree?: () => void;
  #references = 1;

  /**
   * @param onFree Called once, when the last reference is released.
   * @throws RangeError when a plane is too small for the size and the stride, naming the plane and both numbers.
   */
  constructor(init: FrameInit, onFree?: () => void) {
    assertShape('Frame', init, { planes: 'list', sequence: 'finite', captureTimeNs: 'finite', wallTimeMs: 'finite' });
    assertSize(init.width, init.height);
    const sizes = planeSizes(init.format, init.width, init.height);
    if (init.planes.length !== sizes.length) {
      throw new RangeError(`planes of a ${init.format} frame: expected ${sizes.length}, got ${init.planes.length}`);
    }
    sizes.forEach(({ rowBytes, rows }, index) => {
      assertShape(`Frame: plane ${index}`, init.planes[index], { data: 'bytes' });
      const { data, stride } = init.planes[index]!;
      assertStride(index, stride, rowBytes);
      const needed = stride * (rows - 1) + rowBytes;
      if (data.length < needed) {
        throw new RangeError(
          `plane ${index} of a ${init.width}x${init.height} ${init.format} frame: expected at least ${needed} bytes, got ${data.length}`,
        );
      }
    });
    this.format = init.format;
    this.width = init.width;
    this.height = init.height;
    this.sequence = init.sequence;
    this.captureTimeNs = init.captureTimeNs;
    this.wallTimeMs = init.wallTimeMs;
    this.colour = init.colour ?? defaultColour(init.width, init.height);
    this.name = init.name;
    this.sensor = init.sensor;
    this.#planes = init.planes;
    this.#onFree = onFree;
  }

  /** @throws Error after the last `release()`. */
  get planes(): readonly Plane[] {
    if (this.#references === 0) {
      throw new Error(`frame ${this.sequence} was released: call acquire() before release() to keep its pixels`);
    }
    return this.#planes;
  }

  /** How many owners the frame has; 0 after the last `release()`. */
  get references(): number {
    return this.#references;
  }

  /** Adds an owner. Each `acquire()` needs one `release()`. */
  acquire(): this {
    if (this.#references === 0) throw new Error(`frame ${this.sequence} was released and cannot be acquired again`);
    this.#references++;
    return this;
  }

  /** Releases one reference. @throws Error when it was released already. */
  release(): void {
    if (this.#references === 0) throw new Error(`frame ${this.sequence} was released more often than acquired`);
    if (--this.#references === 0) this.#onFree?.();
  }

  /** `release()`, for `using frame = …`. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** @throws InputError unless it is a frame; one from another copy of this package will do. */
export function assertFrame(what: string, value: unknown): asserts value is Frame {
  if (typeof (value as Frame | undefined)?.acquire === 'function') return;
  const hint = typeof value === 'string' || value instanceof Uint8Array ? '; readPicture() makes one of a picture' : '';
  throw new InputError(`${what}: expected a Frame, got ${shown(value)}${hint}`);
}
