import type { Frame } from '../frame/frame.ts';
import type { Mat } from '../opencv-bindings/types.ts';
import type { FrameReport } from '../pipeline/events.ts';
import type { Stage } from '../pipeline/stage.ts';
import { fromMat, type ToMatOptions, toMat } from './mat.ts';

export interface MatStageOptions extends Pick<ToMatOptions, 'channels'> {
  /** The function only looks: the frame goes on as it came, and nothing is converted back. Default false. */
  readOnly?: boolean;
}

/**
 * A function on the Mat of each frame as a stage before the core: undistort, equalise, crop. The frame that goes on has the pixels
 * of the Mat it returns, or, when it returns nothing, of the one it got, on which it may have drawn. Both Mats are released
 * for it; others that it makes are its own.
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
 * The same behind the tracker: draw, measure, blur. What it makes of the picture is what is shown, live and on snapshots.
 *
 * @example
 * const pipeline = new Pipeline({
 *   source: 'v4l2:',
 *   after: [afterCore((mat, { tracks }) => annotator.draw(new MatDrawing(mat), tracks))],
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
