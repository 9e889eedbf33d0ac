import type { Letterbox } from '../../core/letterbox.ts';
import type { ColourSpace, Plane } from '../../frame/frame.ts';
import type { PixelFormat } from '../../frame/layout.ts';

/** The pixels of a picture. A `Frame` is one. */
export interface PixelSource {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Plane[];
  /** Used by YUV formats only. */
  readonly colour: ColourSpace;
}

/** What a network wants in its input tensor. `mean` and `std` are in the order of `channels`, of pixels 0..255. */
export interface PreprocessTarget {
  readonly width: number;
  readonly height: number;
  readonly layout: 'NCHW' | 'NHWC';
  readonly type: 'uint8' | 'float32';
  readonly channels: 'RGB' | 'BGR';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly pad: number;
}

/**
 * From a picture to a network's input in one pass: region, resize, colour conversion, channel order, layout and
 * normalisation, without an intermediate picture.
 *
 * Resize: bilinear with half-pixel centres, as OpenCV's INTER_LINEAR; an axis that shrinks by 2 or more is averaged
 * over whole boxes of pixels first, so nothing aliases. Chroma is taken to lie in the middle of its 2x2 pixels;
 * where luma is not blended at all (a picture in its own size), chroma is the nearest.
 */
export interface Preprocessor {
  /**
   * @param out `3 x width x height` values of the target's type, owned by the caller. Between two calls with the same
   *   `out` and geometry only the picture's part is written: the padding is still there.
   * @throws RangeError when `out` has another length or the geometry is of another input size.
   */
  run(source: PixelSource, geometry: Letterbox, out: Uint8Array | Float32Array): void;
}
