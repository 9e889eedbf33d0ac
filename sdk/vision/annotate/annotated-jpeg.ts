import { existsSync } from 'node:fs';
import { assertKind } from '../../base/arguments.ts';
import { assertFrame, type Frame } from '../../frame/frame.ts';
import { type EncodeOptions, encodeJpeg } from '../../picture/picture.ts';
import { type Annotated, drawBoxes, drawLabels, drawShapes } from './annotators.ts';
import { SvgDrawing } from './svg-drawing.ts';

/** Without this there are no fonts, and drawing text only prints complaints to standard error. */
const hasFonts = process.platform !== 'linux' || existsSync('/etc/fonts/fonts.conf');

/**
 * An SVG of a picture's size with a box, a name, and what is known of its shape for each object, to be laid over it.
 *
 * @param withNames Default: where the system has fonts (Debian: fontconfig-config, fonts-dejavu-core).
 */
export function overlayOf(
  picture: { readonly width: number; readonly height: number },
  objects: Iterable<Annotated>,
  withNames: boolean = hasFonts,
): string {
  assertKind('objects to draw', objects, 'many');
  const all = [...objects];
  const drawing = new SvgDrawing(picture);
  drawShapes(drawing, all);
  drawBoxes(drawing, all);
  if (withNames) drawLabels(drawing, all);
  return drawing.svg;
}

/**
 * Encodes a frame as JPEG with a box around each object, its keypoints and mask if it has any, and its name and score where the
 * system has fonts.
 *
 * @param objects In frame pixels: `Detections`, or tracks.
 * @throws RangeError when the quality is out of range or the region does not touch the frame.
 *
 * @example
 * await writeFile('found.jpg', await annotatedJpeg(frame, await model.detect(frame)));
 */
export async function annotatedJpeg(
  frame: Frame,
  objects: Iterable<Annotated>,
  options: Omit<EncodeOptions, 'overlaySvg'> = {},
): Promise<Buffer> {
  assertFrame('annotatedJpeg', frame);
  return encodeJpeg(frame, { ...options, overlaySvg: overlayOf(frame, objects) });
}
