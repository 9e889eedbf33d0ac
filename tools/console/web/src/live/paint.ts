import type { CameraState, LiveHeader, LiveTrack } from '../../../protocol.ts';
import { colourOf } from '../colours.ts';
import type { LivePicture } from '../connection.ts';
import { percent } from '../format.ts';
import { paintRegions } from './paint-regions.ts';
import { paintShape, type Scale } from './paint-shape.ts';

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * Draws a picture and its boxes, in the canvas's own pixels so that lines and letters are sharp. `data-sequence` and
 * `data-boxes` of the canvas tell what it shows, `data-shapes` how many of them have keypoints or a mask, and `data-looks` at how many regions the network looked.
 *
 * @param camera Whose zones are drawn; undefined for none. @param looked Where the network looked, the latest last.
 */
export function paint(
  canvas: HTMLCanvasElement,
  picture: LivePicture | undefined,
  camera: CameraState | undefined,
  looked: readonly Looked[] = [],
): void {
  const context = canvas.getContext('2d', { alpha: false })!;
  const { width, height } = canvas;
  if (!picture) {
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    return;
  }
  const { header, bitmap } = picture;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  const confirmed = header.tracks.filter((track) => track.confirmed);
  const named = confirmed.filter((track) => track.visible);
  if (camera) paintRegions(context, camera, new Set(confirmed.flatMap((track) => track.zones)));
  const scale = { x: width / header.width, y: height / header.height };
  for (const track of header.tracks) if (!named.includes(track)) paintFaintly(context, track, scale);
  for (const track of named) {
    paintShape(context, track, scale, colourOf(track.sub_label ?? track.label));
    paintTrack(context, track, scale);
  }
  for (const [i, look] of looked.entries()) paintLook(context, look, scale, (i + 1) / looked.length);
  canvas.dataset.looks = String(looked.length);
  canvas.dataset.sequence = String(header.sequence);
  canvas.dataset.boxes = String(named.length);
  canvas.dataset.shapes = String(named.filter(({ keypoints, mask }) => keypoints || mask?.length).length);
}

/** A region that the network looked at, frame pixels. */
export type Looked = LiveHeader['regions'][number];

/** @param share Of full strength: earlier looks fade. */
function paintLook(context: CanvasRenderingContext2D, [x1, y1, x2, y2]: Looked, scale: Scale, share: number): void {
  const unit = devicePixelRatio;
  context.save();
  context.globalAlpha = share;
  for (const [width, colour] of [
    [4, 'rgb(0 0 0 / 0.4)'],
    [1.5, '#8fd3ff'],
  ] as const) {
    context.lineWidth = width * unit;
    context.strokeStyle = colour;
    // Inside, so that the whole view has a frame too.
    const inset = 2 * unit;
    const [w, h] = [(x2 - x1) * scale.x - 2 * inset, (y2 - y1) * scale.y - 2 * inset];
    context.strokeRect(x1 * scale.x + inset, y1 * scale.y + inset, w, h);
  }
  context.restore();
}

function corners({ box }: LiveTrack, scale: Scale) {
  const [x1, y1, x2, y2] = box;
  return { x: x1 * scale.x, y: y1 * scale.y, width: (x2 - x1) * scale.x, height: (y2 - y1) * scale.y };
}

/** Tentative tracks, and the predicted boxes of those out of sight. */
function paintFaintly(context: CanvasRenderingContext2D, track: LiveTrack, scale: Scale): void {
  const { x, y, width, height } = corners(track, scale);
  context.save();
  context.globalAlpha = 0.55;
  context.strokeStyle = colourOf(track.sub_label ?? track.label);
  context.lineWidth = devicePixelRatio;
  context.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  context.strokeRect(x, y, width, height);
  context.restore();
}

function paintTrack(context: CanvasRenderingContext2D, track: LiveTrack, scale: Scale): void {
  const unit = devicePixelRatio;
  const { x, y, width, height } = corners(track, scale);
  const colour = colourOf(track.sub_label ?? track.label);
  context.save();
  // A dark outline around the bright line makes it visible on a white wall too.
  context.beginPath();
  context.roundRect(x, y, width, height, 7 * unit);
  context.lineWidth = 4.5 * unit;
  context.strokeStyle = 'rgb(0 0 0 / 0.35)';
  context.stroke();
  context.lineWidth = 2.25 * unit;
  context.strokeStyle = colour;
  if (track.stationary) context.setLineDash([12 * unit, 5 * unit]);
  context.stroke();
  context.setLineDash([]);
  paintName(context, track, colour, x, y);
  context.restore();
}

function paintName(
  context: CanvasRenderingContext2D,
  track: LiveTrack,
  colour: string,
  boxX: number,
  boxY: number,
): void {
  const unit = devicePixelRatio;
  const size = (context.canvas.width / unit < 520 ? 11.5 : 13) * unit;
  const padding = size * 0.5;
  const name = track.sub_label ?? track.label;
  const rest = `#${track.id}  ${percent(track.sub_label_score ?? track.score)}`;
  context.font = `650 ${size}px ${font}`;
  const nameWidth = context.measureText(name).width;
  context.font = `450 ${size}px ${font}`;
  const restWidth = context.measureText(rest).width;
  const width = nameWidth + restWidth + padding * 2.6;
  const height = size * 1.65;
  // On top of the box, inside it where the picture ends.
  const x = Math.max(2 * unit, Math.min(boxX - unit, context.canvas.width - width - 2 * unit));
  const above = boxY - height - 3 * unit;
  const y = above >= 2 * unit ? above : Math.max(2 * unit, boxY + 4 * unit);
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, width, height, 6 * unit);
  context.fill();
  context.fillStyle = '#0b0d10';
  context.textBaseline = 'middle';
  context.font = `650 ${size}px ${font}`;
  context.fillText(name, x + padding, y + height / 2 + unit * 0.5);
  context.font = `450 ${size}px ${font}`;
  context.globalAlpha *= 0.8;
  context.fillText(rest, x + padding * 1.6 + nameWidth, y + height / 2 + unit * 0.5);
}
