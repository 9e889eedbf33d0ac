import type { LiveTrack } from '../../../protocol.ts';

/** Pixels of the canvas for each of the frame. */
export interface Scale {
  x: number;
  y: number;
}

/** Points less sure than this are not drawn, as in the pictures of events. */
const visiblePoint = 0.5;

/** Draws the mask of a track, and its keypoints with the lines that join them, if it has any. */
export function paintShape(
  context: CanvasRenderingContext2D,
  { keypoints = [], skeleton = [], mask = [] }: LiveTrack,
  scale: Scale,
  colour: string,
): void {
  const unit = devicePixelRatio;
  context.save();
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineJoin = 'round';
  context.lineWidth = 1.5 * unit;
  context.beginPath();
  for (const polygon of mask) {
    for (const [i, [x, y]] of polygon.entries()) {
      if (i === 0) context.moveTo(x * scale.x, y * scale.y);
      else context.lineTo(x * scale.x, y * scale.y);
    }
    context.closePath();
  }
  context.globalAlpha = 0.3;
  context.fill('nonzero');
  context.globalAlpha = 1;
  context.stroke();
  const seen = keypoints.map(({ x, y, score }) =>
    score >= visiblePoint ? ([x * scale.x, y * scale.y] as const) : undefined,
  );
  context.lineWidth = 2.25 * unit;
  context.beginPath();
  for (const [from, to] of skeleton) {
    const [a, b] = [seen[from], seen[to]];
    if (!a || !b) continue;
    context.moveTo(...a);
    context.lineTo(...b);
  }
  context.stroke();
  context.fillStyle = '#fff';
  for (const point of seen) {
    if (!point) continue;
    context.beginPath();
    context.arc(...point, 2.75 * unit, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}
