import type { CameraState } from '../../../protocol.ts';

type Point = readonly [number, number];

const zoneColour = '#8fd3ff';
const lineColour = '#ffd27a';

/** Draws zones, lines and masks faintly; occupied zones more strongly. */
export function paintRegions(
  context: CanvasRenderingContext2D,
  { settings, crossings }: CameraState,
  occupied: ReadonlySet<string>,
): void {
  const { width, height } = context.canvas;
  const at = ([x, y]: Point): Point => [x * width, y * height];
  context.save();
  context.lineJoin = 'round';
  for (const mask of settings.masks) paintMask(context, mask.map(at));
  for (const [name, { polygon }] of Object.entries(settings.zones)) {
    paintZone(context, name, polygon.map(at), occupied.has(name));
  }
  for (const [name, { from, to }] of Object.entries(settings.lines)) {
    const total = (direction: 'in' | 'out') =>
      crossings
        .filter((one) => one.line === name && one.direction === direction)
        .reduce((sum, one) => sum + one.total, 0);
    paintLine(context, `${name}  in ${total('in')}  out ${total('out')}`, at(from), at(to));
  }
  context.restore();
}

function trace(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.closePath();
}

function paintZone(
  context: CanvasRenderingContext2D,
  name: string,
  points: readonly Point[],
  isOccupied: boolean,
): void {
  const unit = devicePixelRatio;
  trace(context, points);
  context.fillStyle = zoneColour;
  context.globalAlpha = isOccupied ? 0.24 : 0.07;
  context.fill();
  context.globalAlpha = isOccupied ? 1 : 0.6;
  context.strokeStyle = zoneColour;
  context.lineWidth = (isOccupied ? 2 : 1.25) * unit;
  context.stroke();
  const lowest = points.reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
  paintText(context, name, lowest[0] + 8 * unit, lowest[1] - 9 * unit, zoneColour);
}

function paintLine(context: CanvasRenderingContext2D, text: string, from: Point, to: Point): void {
  const unit = devicePixelRatio;
  context.globalAlpha = 0.85;
  context.strokeStyle = lineColour;
  context.lineWidth = 2 * unit;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  // The arrow shows the direction `in`: from left to right, seen along the line.
  const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]) + Math.PI / 2;
  const tip: Point = [middle[0] + Math.cos(angle) * 20 * unit, middle[1] + Math.sin(angle) * 20 * unit];
  context.moveTo(...middle);
  context.lineTo(...tip);
  for (const side of [-1, 1]) {
    const back = angle + Math.PI + side * 0.5;
    context.moveTo(...tip);
    context.lineTo(tip[0] + Math.cos(back) * 8 * unit, tip[1] + Math.sin(back) * 8 * unit);
  }
  context.stroke();
  paintText(context, text, from[0] + 8 * unit, from[1] - 10 * unit, lineColour);
}

function paintMask(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  const unit = devicePixelRatio;
  const { width, height } = context.canvas;
  context.save();
  trace(context, points);
  context.fillStyle = 'rgb(0 0 0 / 0.38)';
  context.globalAlpha = 1;
  context.fill();
  context.clip();
  context.strokeStyle = 'rgb(255 255 255 / 0.16)';
  context.lineWidth = unit;
  context.beginPath();
  for (let x = -height; x < width; x += 10 * unit) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
  context.restore();
}

function paintText(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string): void {
  const unit = devicePixelRatio;
  context.globalAlpha = 1;
  context.font = `600 ${12 * unit}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  const width = context.measureText(text).width;
  const left = Math.max(4 * unit, Math.min(x, context.canvas.width - width - 6 * unit));
  const middle = Math.max(10 * unit, Math.min(y, context.canvas.height - 10 * unit));
  context.lineWidth = 3 * unit;
  context.strokeStyle = 'rgb(0 0 0 / 0.6)';
  context.strokeText(text, left, middle);
  context.fillStyle = colour;
  context.fillText(text, left, middle);
}
