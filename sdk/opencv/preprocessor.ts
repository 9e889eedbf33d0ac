import type { Frame } from '../frame/frame.ts';
import type { Letterbox } from '../frame/letterbox.ts';
import { biasOf, scaleOf } from '../kernels/preprocess/normalise.ts';
import type { PreprocessTarget } from '../kernels/preprocess/preprocess.ts';
import { loadOpenCv } from '../opencv-bindings/load.ts';
import type { Mat } from '../opencv-bindings/types.ts';
import { toMat } from './mat.ts';

/**
 * From a frame to a network's input with OpenCV's resize: what the kernels do in one pass, step by step, for a program whose
 * own steps lie between, and to compare with. YUV is converted by the kernels, which know the frame's colour space.
 *
 * Measured on a photograph, in levels of a pixel: each value is within 1 of the kernels' for RGB (mean 0.1); within 8 for YUV
 * (mean 0.2), of which the kernels resize the planes and this the colours. Where an axis shrinks by 2 or more with the
 * quality `area` (the default), INTER_AREA weighs every pixel and the kernels whole boxes of them: on edges the two are up to 25
 * levels apart (mean 1.3).
 *
 * @example
 * const preprocessor = new OpenCvPreprocessor(model.card.input);
 * const input = new Float32Array(3 * 416 * 416);
 * preprocessor.run(frame, letterboxGeometry(frame, model.card.input), input);
 */
export class OpenCvPreprocessor {
  readonly #target: PreprocessTarget;

  /** @param target A card's `input`. */
  constructor(target: PreprocessTarget) {
    this.#target = target;
  }

  /**
   * @param out `3 x width x height` values of the target's type; all are written.
   * @throws RangeError when `out` has another length or the geometry is of another size; TypeError for another type.
   */
  run(frame: Frame, geometry: Letterbox, out: Uint8Array | Float32Array): void {
    const { width, height, type, layout, channels } = this.#target;
    const wanted = type === 'uint8' ? Uint8Array : Float32Array;
    if (!(out instanceof wanted)) throw new TypeError(`out: expected a ${wanted.name} for the type ${type}`);
    if (out.length !== 3 * width * height) {
      throw new RangeError(`out: expected ${3 * width * height} values for ${width}x${height}, got ${out.length}`);
    }
    if (geometry.inputWidth !== width || geometry.inputHeight !== height) {
      throw new RangeError(
        `geometry: expected an input of ${width}x${height}, got ${geometry.inputWidth}x${geometry.inputHeight}`,
      );
    }
    const bgr = this.#resized(frame, geometry).splitChannels();
    const planes = (channels === 'BGR' ? bgr : bgr.toReversed()).map((plane, i) => this.#normalised(plane, i));
    this.#pad(out);
    if (layout === 'NCHW') {
      planes.forEach((plane, i) => {
        const size = width * height;
        this.#place(plane, out.subarray(i * size, (i + 1) * size), geometry, 1);
        plane.release();
      });
      return;
    }
    const merged = new (loadOpenCv().Mat)(planes);
    for (const plane of planes) plane.release();
    this.#place(merged, out, geometry, 3);
    merged.release();
  }

  #resized(frame: Frame, { width, height, region }: Letterbox): Mat {
    const cv = loadOpenCv();
    const { quality = 'area' } = this.#target;
    const shrinks = region.width >= 2 * width || region.height >= 2 * height;
    const how = quality === 'area' && shrinks ? cv.INTER_AREA : cv.INTER_LINEAR;
    const whole = toMat(frame);
    const seen = whole.getRegion(new cv.Rect(region.x, region.y, region.width, region.height));
    const resized = seen.resize(height, width, 0, 0, how);
    seen.release();
    whole.release();
    return resized;
  }

  /** One channel as the network wants it. Takes over the plane. */
  #normalised(plane: Mat, channel: number): Mat {
    const { type, mean, std } = this.#target;
    if (type === 'uint8') return plane;
    const floats = plane.convertTo(loadOpenCv().CV_32F!, scaleOf(std[channel]!), biasOf(mean[channel]!, std[channel]!));
    plane.release();
    return floats;
  }

  #pad(out: Uint8Array | Float32Array): void {
    const { width, height, type, layout, mean, std, pad } = this.#target;
    const grey = [0, 1, 2].map((i) => (type === 'uint8' ? pad : pad * scaleOf(std[i]!) + biasOf(mean[i]!, std[i]!)));
    if (grey.every((value) => value === grey[0])) out.fill(grey[0]!);
    else if (layout === 'NHWC') for (let i = 0; i < out.length; i++) out[i] = grey[i % 3]!;
    else for (let i = 0; i < 3; i++) out.fill(grey[i]!, i * width * height, (i + 1) * width * height);
  }

  /** Copies the picture to its place among the padding. */
  #place(picture: Mat, out: Uint8Array | Float32Array, { left, top, width, height }: Letterbox, channels: 1 | 3): void {
    const cv = loadOpenCv();
    const depth = out instanceof Uint8Array ? 'CV_8U' : 'CV_32F';
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    const input = new cv.Mat(this.#target.height, this.#target.width, cv[`${depth}C${channels}`]!, bytes);
    const place = input.getRegion(new cv.Rect(left, top, width, height));
    picture.copyTo(place).release();
    place.release();
    input.release();
  }
}
