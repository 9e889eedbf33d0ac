import type { Frame } from '../frame/frame.ts';
import { overlayOf } from '../vision/annotate/annotated-jpeg.ts';
import type { ObjectState } from '../vision/event.ts';
import { mappedShape, roundedShape, shapeOf } from '../vision/shape.ts';

/** Scales an object's box and shape to a picture of the same view in another size. */
export function scaledTo(picture: Frame, object: ObjectState, seenIn: Frame): ObjectState {
  const x = picture.width / seenIn.width;
  const y = picture.height / seenIn.height;
  const [x1, y1, x2, y2] = object.box;
  const shape = roundedShape(mappedShape(object, ([px, py]) => [px * x, py * y]));
  return { ...object, ...shape, box: [x1 * x, y1 * y, x2 * x, y2 * y] };
}

/**
 * An SVG of the frame's size with one object's box, shape and name, to be laid over its picture.
 *
 * @param withName Default: where the system has fonts (Debian: fontconfig-config, fonts-dejavu-core).
 */
export function boxOverlay(frame: Frame, object: ObjectState, withName?: boolean): string {
  const { label, score, sub_label, sub_label_score } = object;
  const subLabel = sub_label === null ? undefined : { label: sub_label, score: sub_label_score ?? 1 };
  return overlayOf(
    frame,
    [{ box: object.box, label, score, ...shapeOf(object), ...(subLabel && { subLabel }) }],
    withName,
  );
}
