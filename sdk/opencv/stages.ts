import type { Frame } from '../frame/frame.ts';
import type { Mat } from '../opencv-bindings/types.ts';
import type { FrameReport } from '../pipeline/events.ts';
import type { Stage } from '../pipeline/stage.ts';
import { fromMat, type ToMatOptions, toMat } from './mat.ts';

/** How a stage of a pipeline sees its frames as a `Mat`. */
export interface MatStageOptions extends Pick<ToMatOptions, 'channels'> {
  /** The function only reads: the frame goes on unchanged, and nothing is converted back. Default false. */
  readOnly?: boolean;
}

/**
 * Makes a stage before the core from a function on the Mat of each frame: undistort, equalise, crop. The frame goes on
 * with the pixels of the Mat it returns or, when it returns nothing, of the one it got, on which it may have drawn.
 * Both Mats are released for it; it releases others itself.
 *
 * @example
 * const pipeline = new Pipeline({
 *   source: 'v4l2:',
 *   before: [beforeCore((mat) => mat.getRegion(new cv.Rect(0, 0, 640, 640)))],
 * });
 */
export function beforeCore<M extends Mat = Mat>(
  work: (mat: M, frame: Frame) => M | undefined | void | Promise<M | undefined> | Promise<void>,
  options: MatStageOptions = {},
): Stage<Frame> {
  return { process: (frame) => onMat(frame, (mat) => work(mat as M, frame), options) };
}

/**
 * The same after the tracker: draw, measure, blur. The resulting picture is shown, live and on snapshots.
 *
 * @example
 * const pipeline = new Pipeline({
 *   source: 'v4l2:',
 *   after: [afterCore((mat, { tracks }) => drawBoxes(new MatDrawing(mat), tracks))],
 * });
 */
export function afterCore<M extends Mat = Mat>(
  work: (mat: M, report: FrameReport) => M | undefined | void | Promise<M | undefined> | Promise<void>,
  options: MatStageOptions = {},
): Stage<FrameReport> {
  return {
    async process(report) {
      return { ...report, frame: await onMat(report.frame, (mat) => work(mat as M, report), options) };
    },
  };
}

async function onMat(
  frame: Frame,
  work: (mat: Mat) => Mat | undefined | void | Promise<Mat | undefined> | Promise<void>,
  { channels, readOnly = false }: MatStageOptions,
): Promise<Frame> {
  const mat = toMat(frame, { channels });
  let result: Mat | undefined;
  try {
    result = (await work(mat)) ?? undefined;
    return readOnly ? frame : fromMat(result ?? mat, frame);
  } finally {
    mat.release();
    if (result && result !== mat) result.release();
  }
}
