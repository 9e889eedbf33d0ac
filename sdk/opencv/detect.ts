import type { DetectOptions, Model } from '../core/model.ts';
import type { Mat } from '../opencv-bindings/types.ts';
import type { Detections } from '../vision/detections.ts';
import { fromMat } from './mat.ts';

/**
 * Finds objects in a Mat: `fromMat`, `detect`, `release`. The Mat stays the caller's, and may be drawn on once this resolves.
 *
 * @returns Boxes in the Mat's pixels.
 * @throws As `fromMat` and `Model.detect`.
 *
 * @example
 * const found = await detectMat(model, cv.imread('cat.jpg'));
 */
export async function detectMat(model: Model, mat: Mat, options?: DetectOptions): Promise<Detections> {
  const frame = fromMat(mat);
  try {
    return await model.detect(frame, options);
  } finally {
    frame.release();
  }
}
