import { shown } from '../base/arguments.ts';
import { kernels } from '../kernels/kernels.ts';
import { assertDetections, type Detections } from './detections.ts';

/**
 * Class-wise non-maximum suppression: of boxes of one class whose IoU exceeds `iouThreshold`, only the best is kept.
 * The result is sorted by score.
 *
 * @param iouThreshold 0..1.
 * @throws RangeError when the threshold is not in 0..1.
 *
 * @example
 * const all = nms(Detections.merge([leftHalf, rightHalf]), 0.6);
 */
export function nms(detections: Detections, iouThreshold: number): Detections {
  assertDetections('nms', detections);
  if (!(typeof iouThreshold === 'number' && iouThreshold >= 0 && iouThreshold <= 1)) {
    throw new RangeError(`iouThreshold: expected 0..1, got ${shown(iouThreshold)}`);
  }
  const { xyxy, score, classId, length } = detections;
  return detections.select(kernels.boxes.classwiseNms(xyxy, score, classId, length, iouThreshold));
}
