import { Frame, type FrameInfo, type Plane } from '../frame/frame.ts';
import type { PixelFormat } from '../frame/layout.ts';
import { FramePool } from '../frame/pool.ts';
import { kernels } from '../kernels/kernels.ts';
import type { Preprocessor } from '../kernels/preprocess/preprocess.ts';
import { loadOpenCv } from '../opencv-bindings/load.ts';
import type { Mat } from '../opencv-bindings/types.ts';
import { lend, lentFrom } from './lending.ts';

/** How a frame becomes a `Mat`. */
export interface ToMatOptions {
  /** `BGR` (default): three channels in OpenCV's order. `GRAY`: one, the brightness. */
  channels?: 'BGR' | 'GRAY';
  /** Copy the pixels, so that drawing on the Mat does not change the frame. Default false. */
  copy?: boolean;
}

/**
 * A frame as `CV_8UC3` (BGR) or `CV_8UC1` (GRAY).
 *
 * If the frame has such pixels already, the Mat shares them, nothing is copied, and drawing on the Mat draws on the
 * frame: BGR of `BGR24`; GRAY of `GRAY8`, `I420` and `NV12` (their luma, 16..235 in limited range). Else the pixels are
 * converted once. The Mat holds a reference to the frame until `release()`; after it, its methods throw. Views of it
 * (`getRegion`, `row`, …) hold one of their own. One that is forgotten gives the frame back when it is collected.
 *
 * @throws Error when the frame was released, or when 32 Mats of its size are still in use.
 *
 * @example
 * const mat = toMat(frame);
 * const edges = mat.cvtColor(cv.COLOR_BGR2GRAY);
 * mat.release();
 */
export function toMat(frame: Frame, options: ToMatOptions = {}): Mat {
  const { channels = 'BGR', copy = false } = options;
  const mat = channels === 'GRAY' ? grey(frame) : colour(frame);
  // Converted pixels are the Mat's own already.
  return copy && lentFrom(mat)?.frame === frame ? release(mat, mat.copy()) : mat;
}

function colour(frame: Frame): Mat {
  if (frame.format === 'BGR24') return over(frame, 'BGR24', frame.planes[0]!);
  const converted = convert(frame);
  const mat = over(converted, 'BGR24', converted.planes[0]!);
  converted.release();
  return mat;
}

function grey(frame: Frame): Mat {
  const { format, planes } = frame;
  if (format === 'GRAY8' || format === 'I420' || format === 'NV12') return over(frame, 'GRAY8', planes[0]!);
  const cv = loadOpenCv();
  // As if it were BGR: the conversion knows the order.
  const mat = over(frame, 'BGR24', planes[0]!);
  return release(mat, mat.cvtColor(format === 'RGB24' ? cv.COLOR_RGB2GRAY! : cv.COLOR_BGR2GRAY!));
}

/**
 * A Mat of 8 bits and 1, 3 (BGR) or 4 channels (BGRA; alpha is dropped) as a frame, `GRAY8` or `BGR24`. The pixels are copied
 * once, except those of a whole Mat that `toMat()` laid over a frame: they are shared. The Mat stays the caller's, and so does
 * its `release()`.
 *
 * @param info What is known of the frame, such as the frame the Mat came from; by default number 0 and the current
 * time.
 * @throws TypeError for a Mat of another type; Error when it has no pixels (it was released), or when 32 frames of its size
 *   are still in use.
 *
 * @example
 * const flat = mat.equalizeHist();
 * const frame = fromMat(flat, original);
 * flat.release();
 */
export function fromMat(mat: Mat, info: Partial<FrameInfo> = {}): Frame {
  const cv = loadOpenCv();
  if (!(mat instanceof cv.Mat)) throw new TypeError(`expected a Mat of @u4/opencv4nodejs, got ${typeof mat}`);
  const { type, dims, rows, cols } = mat;
  if (rows === 0 || cols === 0) throw new Error('expected a Mat with pixels, got one that is empty or was released');
  if (dims !== 2 || (type !== cv.CV_8UC1 && type !== cv.CV_8UC3 && type !== cv.CV_8UC4)) {
    throw new TypeError(
      `expected a Mat of two dimensions, 8 bits and 1, 3 or 4 channels (CV_8UC1, CV_8UC3, CV_8UC4), got ${dims} dimensions and type ${type}; use convertTo() or cvtColor() first`,
    );
  }
  const known: FrameInfo = {
    sequence: info.sequence ?? 0,
    captureTimeNs: info.captureTimeNs ?? Number(process.hrtime.bigint()),
    wallTimeMs: info.wallTimeMs ?? Date.now(),
    colour: info.colour,
    name: info.name,
  };
  const lent = lentFrom(mat);
  if (lent) {
    const { format, plane } = lent.shared;
    lent.frame.acquire();
    return new Frame({ ...known, format, width: cols, height: rows, planes: [plane] }, () => lent.frame.release());
  }
  if (type !== cv.CV_8UC4) return copied(mat, type === cv.CV_8UC1 ? 'GRAY8' : 'BGR24', known);
  const plain = mat.cvtColor(cv.COLOR_BGRA2BGR!);
  const frame = copied(plain, 'BGR24', known);
  plain.release();
  return frame;
}

/** A Mat over one plane of a frame. */
function over(frame: Frame, format: 'BGR24' | 'GRAY8', plane: Plane): Mat {
  const cv = loadOpenCv();
  const type = format === 'GRAY8' ? cv.CV_8UC1! : cv.CV_8UC3!;
  const mat = new cv.Mat(frame.height, frame.width, type, plane.data, plane.stride);
  return lend(mat, frame, { format, plane });
}

function copied(mat: Mat, format: 'BGR24' | 'GRAY8', info: FrameInfo): Frame {
  const { pool } = buffersOf(mat.cols, mat.rows, format);
  const frame = pool.frame(take(pool), info);
  const target = over(frame, format, frame.planes[0]!);
  // The bindings give a second Mat over the same pixels.
  mat.copyTo(target).release();
  target.release();
  return frame;
}

/** The same picture as BGR24. */
function convert(frame: Frame): Frame {
  const { width, height, format, colour, planes } = frame;
  const { pool, preprocessor } = buffersOf(width, height, 'BGR24');
  const bytes = take(pool);
  const whole = { x: 0, y: 0, width, height };
  const geometry = { inputWidth: width, inputHeight: height, left: 0, top: 0, width, height, region: whole };
  preprocessor.run({ format, width, height, colour, planes }, geometry, bytes);
  return pool.frame(bytes, frame);
}

function release<T>(mat: Mat, result: T): T {
  mat.release();
  return result;
}

interface Buffers {
  readonly key: string;
  readonly pool: FramePool;
  readonly preprocessor: Preprocessor;
}

/** More frames of one size than any program needs at once: it forgets to release them. */
const mostInUse = 32;
/** Sizes whose buffers are kept. */
const mostKept = 8;
/** Newest last. */
const kept: Buffers[] = [];

function buffersOf(width: number, height: number, format: PixelFormat): Buffers {
  const key = `${width}x${height} ${format}`;
  const index = kept.findIndex((one) => one.key === key);
  const known = index < 0 ? undefined : kept.splice(index, 1)[0];
  const buffers = known ?? {
    key,
    pool: new FramePool({ format, width, height, capacity: mostInUse }),
    preprocessor: kernels.preprocessor({
      width,
      height,
      layout: 'NHWC',
      type: 'uint8',
      channels: 'BGR',
      mean: [0, 0, 0],
      std: [1, 1, 1],
      pad: 0,
    }),
  };
  kept.push(buffers);
  if (kept.length > mostKept) kept.shift();
  return buffers;
}

function take(pool: FramePool): Uint8Array {
  const bytes = pool.take();
  if (bytes) return bytes;
  const { width, height, format } = pool;
  throw new Error(
    `${mostInUse} frames of ${width}x${height} ${format} are in use: release() each Mat and each frame when it is done with`,
  );
}
