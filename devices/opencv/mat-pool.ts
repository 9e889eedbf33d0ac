import { FramePool } from '../../sdk/frame/pool.ts';
import { loadOpenCv } from '../../sdk/opencv-bindings/load.ts';
import type { Mat } from '../../sdk/opencv-bindings/types.ts';
import type { DeviceOptions } from '../device/device.ts';
import { assertPixels } from '../device/options.ts';
import type { ScannedVideo } from '../file/scan.ts';

/** Copies OpenCV's pictures into buffers of a pool, scaled to the size that is asked for. */
export class MatPool {
  readonly #options: Pick<DeviceOptions, 'width' | 'height' | 'maxPixels'>;
  readonly #video: Pick<ScannedVideo, 'aspect' | 'rotation'> | undefined;
  readonly #onFree: () => void;
  #pool: FramePool | undefined;

  /**
   * @param video What is known of the file; undefined: a camera, which was asked for the size and gives what it can.
   * @param onFree Called when a buffer has come back.
   */
  constructor(
    options: Pick<DeviceOptions, 'width' | 'height' | 'maxPixels'>,
    video: Pick<ScannedVideo, 'aspect' | 'rotation'> | undefined,
    onFree: () => void,
  ) {
    this.#options = options;
    this.#video = video;
    this.#onFree = onFree;
  }

  /** Of the frame that a picture becomes: those of files are scaled in proportion, with square pixels. */
  sizeOf({ cols, rows }: Mat): { width: number; height: number } {
    if (!this.#video) return { width: cols, height: rows };
    const { width, height } = this.#options;
    // Square pixels: the smaller side grows.
    const { aspect = 1, rotation = 0 } = this.#video;
    const pixel = rotation % 180 === 0 ? aspect : 1 / aspect;
    const own = { width: Math.round(cols * Math.max(1, pixel)), height: Math.round(rows / Math.min(1, pixel)) };
    const ratio = (cols * pixel) / rows;
    if (width === undefined && height === undefined) return own;
    const wide = Math.min(width ?? Number.POSITIVE_INFINITY, (height ?? Number.POSITIVE_INFINITY) * ratio);
    return { width: Math.max(1, Math.round(wide)), height: Math.max(1, Math.round(wide / ratio)) };
  }

  /** @returns The pool for pictures like this one, and a copy of its pixels; no bytes when all buffers are in use. */
  copyOf(mat: Mat): { readonly pool: FramePool; readonly bytes: Uint8Array | undefined } {
    const pool = this.#poolFor(mat);
    const bytes = pool.take();
    if (bytes) copyInto(bytes, pool, mat);
    return { pool, bytes };
  }

  #poolFor(mat: Mat): FramePool {
    const { width, height } = this.sizeOf(mat);
    assertPixels({ width, height }, this.#options.maxPixels);
    if (this.#pool?.width !== width || this.#pool.height !== height) {
      this.#pool = new FramePool({ format: 'BGR24', width, height, onFree: this.#onFree });
    }
    return this.#pool;
  }
}

function copyInto(bytes: Uint8Array, { width, height }: FramePool, mat: Mat): void {
  const cv = loadOpenCv();
  const scaled = width === mat.cols && height === mat.rows ? mat : mat.resize(height, width, 0, 0, cv.INTER_AREA);
  const target = new cv.Mat(height, width, cv.CV_8UC3!, bytes);
  scaled.copyTo(target).release();
  target.release();
  if (scaled !== mat) scaled.release();
}
