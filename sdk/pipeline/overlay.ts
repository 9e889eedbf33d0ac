import { existsSync } from 'node:fs';
import type { ObjectState } from '../vision/event.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where this is missing there are no fonts, and drawing text would only complain on standard error. */
const hasFonts = process.platform !== 'linux' || existsSync('/etc/fonts/fonts.conf');

/** An object as it lies in a picture of the same view in another size. */
export function scaledTo(picture: Size, object: ObjectState, seenIn: Size): ObjectState {
  const x = picture.width / seenIn.width;
  const y = picture.height / seenIn.height;
  const [x1, y1, x2, y2] = object.box;
  return { ...object, box: [x1 * x, y1 * y, x2 * x, y2 * y] };
}

/**
 * An SVG of the frame's size with one object's box and name, to be laid over its picture.
 *
 * @param withName Default: where the system has fonts (Debian: fontconfig-config, fonts-dejavu-core).
 */
export function boxOverlay(frame: Size, object: ObjectState, withName = hasFonts): string {
  const { width, height } = frame;
  const [x1, y1, x2, y2] = object.box.map(Math.round) as [number, number, number, number];
  const line = Math.max(2, Math.round(height / 240));
  const text = Math.max(12, Math.round(height / 28));
  const name = `${object.sub_label ?? object.label} ${Math.round(object.score * 100)} %`;
  const escaped = name.replace(/\p{C}/gu, '').replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
  // Above the box, unless that is outside the picture.
  const top = y1 >= text * 1.4 ? y1 - text * 1.4 : y1;
  const labelWidth = Math.round(name.length * text * 0.6 + text * 0.6);
  const tag = `<rect x="${x1}" y="${top}" width="${labelWidth}" height="${text * 1.4}" fill="#19c37d"/>
<text x="${x1 + text * 0.3}" y="${top + text * 1.05}" font-family="sans-serif" font-size="${text}" fill="#04150d">${escaped}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<rect x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}" fill="none" stroke="#19c37d" stroke-width="${line}"/>
${withName ? tag : ''}
</svg>`;
}
