import type { Detections } from './detections.ts';
import { bottomCentre, type Point, pointInPolygon } from './geometry.ts';

/** Areas that are not watched, in fractions of the picture. */
export type Masks = readonly (readonly Point[])[];

/** The detections whose bottom centre is not in a mask. @param size Of the frame, pixels. */
export function outsideMasks(
  detections: Detections,
  masks: Masks,
  size: { width: number; height: number },
): Detections {
  if (masks.length === 0) return detections;
  return detections.filter(({ box }) => {
    const [x, y] = bottomCentre(box);
    const at: Point = [x / size.width, Math.min(y, size.height - 1) / size.height];
    return !masks.some((mask) => pointInPolygon(at, mask));
  });
}
