import type { ColourSpace, Plane } from '../../frame/frame.ts';
import type { PixelFormat } from '../../frame/layout.ts';
import type { Letterbox } from '../../frame/letterbox.ts';

/** The pixels of a picture. A `Frame` is one. */
export interface PixelSource {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Plane[];
  /** Used by YUV formats only. */
  readonly colour: ColourSpace;
}

/**
 * How a picture is shrunk. `bilinear` reads two pixels by two for each of the output, as OpenCV's INTER_LINEAR, and skips
 * the rest; `area` averages whole boxes of pixels first where an axis shrinks by 2 or more, so that nothing aliases.
 */
export type Quality = 'bilinear' | 'area';

/** What a network expects in its input tensor. `mean` and `std` are in the order of `channels`, of pixels 0..255. */
export interface PreprocessTarget {
  readonly width: number;
  readonly height: number;
  readonly layout: 'NCHW' | 'NHWC';
  readonly type: 'uint8' | 'float32';
  /** `GRAY`: one channel, the luma of BT.601 as OpenCV's cvtColor has it; its mean and std are the first ones. */
  readonly channels: 'RGB' | 'BGR' | 'GRAY';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly pad: number;
  /**
   * Default: area. The default model finds the same with both where pictures shrink less than twice (AP 0.313 on 64 pictures
   * of COCO), and more with area where they shrink three times (four of those to a picture: AP 0.185, bilinear 0.175). It
   * costs half as much again: 0.10 ms for 1280x720 on a server's core, 0.06 ms bilinear.
   */
  readonly quality?: Quality;
}

/** How many numbers a pixel has in a network's input. */
export const channelsOf = ({ channels }: Pick<PreprocessTarget, 'channels'>): 1 | 3 => (channels === 'GRAY' ? 1 : 3);

/**
 * From a picture to a network's input in one pass: region, resize, colour conversion, channel order, layout and
 * normalisation, without an intermediate picture.
 *
 * Resize: bilinear with half-pixel centres, after the means that the target's quality asks for. Chroma is taken to lie in
 * the middle of its 2x2 pixels; a picture that is not resized has each pixel's nearest chroma, as OpenCV's cvtColor.
 * On noise the result is within 2 levels of exact arithmetic, with means of boxes within 3; all implementations give the
 * same bits.
 */
export interface Preprocessor {
  /**
   * @param out `3 x width x height` values of the target's type, grey `width x height`, owned by the caller. Between two calls with the same
   *   `out` and geometry only the picture's part is written: the padding is still there.
   * @throws RangeError when `out` has another length, the geometry is of another input size or lies outside of the source,
   *   or a plane is too small. TypeError when `out` is of another type.
   */
  run(source: PixelSource, geometry: Letterbox, out: Uint8Array | Float32Array): void;
  /**
   * `run` for each of some regions of one picture: `geometries[i]` goes to `outs[i]`. Nothing is written when one of them
   * throws.
   *
   * @throws RangeError as `run`, and when there are not as many outs as geometries.
   */
  runBatch(source: PixelSource, geometries: readonly Letterbox[], outs: readonly (Uint8Array | Float32Array)[]): void;
}
