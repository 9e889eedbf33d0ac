import type { CameraSettings, FrameHeader } from '../../protocol.ts';
import { colourOf } from './colours.ts';

/** Draws a picture with its boxes and shapes, in device pixels so that lines and letters stay sharp at any size. */
export function paint(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap,
  header: FrameHeader,
  settings: CameraSettings,
  ratio: number,
): void {
  const context = canvas.getContext('2d')!;
  const { width, height } = canvas;
  context.drawImage(picture, 0, 0, width, height);
  context.font = `600 ${12 * ratio}px ui-sans-serif, system-ui, sans-serif`;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  paintShapes(context, header, settings, width, height, ratio);
  const sx = width / header.width;
  const sy = height / header.height;
  for (const { id, label, score, box, stationary } of header.tracks) {
    const [x1, y1, x2, y2] = [box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy];
    const colour = colourOf(label);
    context.lineWidth = 2 * ratio;
    context.strokeStyle = colour;
    context.setLineDash(stationary ? [6 * ratio, 4 * ratio] : []);
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    context.setLineDash([]);
    tag(context, `${label} #${id}  ${Math.round(score * 100)}%`, x1, y1, colour, ratio);
  }
}

function tag(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  ratio: number,
): void {
  const height = 20 * ratio;
  const width = context.measureText(text).width + 12 * ratio;
  // Above the box, unless that is outside the picture.
  const top = y - height >= 0 ? y - height : y;
  const left = Math.max(0, Math.min(x - ratio, context.canvas.width - width));
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(left, top, width, height, 4 * ratio);
  context.fill();
  context.fillStyle = '#04150d';
  context.fillText(text, left + 6 * ratio, top + height / 2);
}

function paintShapes(
  context: CanvasRenderingContext2D,
  header: FrameHeader,
  { zones, lines, masks }: CameraSettings,
  width: number,
  height: number,
  ratio: number,
): void {
  context.lineWidth = 1.5 * ratio;
  for (const mask of masks) {
    trace(context, mask, width, height, true);
    context.fillStyle = 'rgb(0 0 0 / 55%)';
    context.fill();
  }
  for (const [name, { polygon }] of Object.entries(zones)) {
    const taken = header.tracks.some((track) => track.zones.includes(name));
    trace(context, polygon, width, height, true);
    context.fillStyle = taken ? 'rgb(255 196 0 / 26%)' : 'rgb(255 196 0 / 8%)';
    context.fill();
    context.strokeStyle = 'rgb(255 196 0 / 90%)';
    context.stroke();
    const [x, y] = polygon[0]!;
    outlined(context, name, x * width + 6 * ratio, y * height + 12 * ratio, '#ffc400', ratio);
  }
  for (const [name, { from, to }] of Object.entries(lines)) {
    trace(context, [from, to], width, height, false);
    context.strokeStyle = 'rgb(90 180 255 / 95%)';
    context.stroke();
    outlined(context, name, to[0] * width + 6 * ratio, to[1] * height - 8 * ratio, '#5ab4ff', ratio);
  }
}

function outlined(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  ratio: number,
): void {
  context.lineWidth = 3 * ratio;
  context.strokeStyle = 'rgb(0 0 0 / 70%)';
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
  context.lineWidth = 1.5 * ratio;
}

function trace(
  context: CanvasRenderingContext2D,
  points: readonly (readonly [number, number])[],
  width: number,
  height: number,
  closed: boolean,
): void {
  context.beginPath();
  points.forEach(([x, y], i) => {
    if (i === 0) context.moveTo(x * width, y * height);
    else context.lineTo(x * width, y * height);
  });
  if (closed) context.closePath();
}
