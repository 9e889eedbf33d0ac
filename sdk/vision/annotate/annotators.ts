import { assertKind, assertShape } from '../../base/arguments.ts';
import { type Box, bottomCentre, type Point } from '../geometry.ts';
import type { Shape } from '../shape.ts';
import type { SubLabel, Track } from '../track.ts';
import { colourOf, type Drawing, inkOn } from './drawing.ts';

/** An object to draw, such as a `Track` or a `Detection`. */
export interface Annotated extends Shape {
  /** Frame pixels. */
  readonly box: Box;
  readonly label: string;
  /** 0..1. */
  readonly score: number;
  readonly subLabel?: SubLabel;
}

/** Sizes scale with the picture, so that text is legible on large and small ones. */
const lineOf = ({ height }: Drawing) => Math.max(2, Math.round(height / 240));
const letterOf = ({ height }: Drawing) => Math.max(8, Math.round(height / 45));

/**
 * Draws a box around each object, in the colour of its label.
 *
 * @example
 * const mat = toMat(frame);
 * drawBoxes(new MatDrawing(mat), await model.detect(frame));
 */
export function drawBoxes(drawing: Drawing, objects: Iterable<Annotated>): void {
  assertDrawing(drawing);
  for (const { box, label } of annotated(objects)) drawing.rectangle(box, colourOf(label), lineOf(drawing));
}

/** Points less sure than this are not drawn, nor lines to them: the network only guesses where they would be. */
const visiblePoint = 0.5;

/**
 * Draws what is known of each object besides its box: the outline of its mask, and its keypoints with the lines that join
 * them; nothing for objects with neither.
 *
 * @example
 * drawShapes(drawing, await model.detect(frame));
 */
export function drawShapes(drawing: Drawing, objects: Iterable<Annotated>): void {
  assertDrawing(drawing);
  const thickness = lineOf(drawing);
  for (const { label, keypoints = [], skeleton = [], mask = [] } of annotated(objects)) {
    const colour = colourOf(label);
    for (const polygon of mask) drawing.polygon(polygon, colour, thickness);
    const seen = keypoints.map(({ x, y, score }): Point | undefined => (score >= visiblePoint ? [x, y] : undefined));
    for (const [from, to] of skeleton) {
      const [a, b] = [seen[from], seen[to]];
      if (a && b) drawing.line(a, b, colour, thickness);
    }
    for (const point of seen) {
      if (!point) continue;
      const [x, y] = point;
      drawing.rectangle([x - thickness, y - thickness, x + thickness, y + thickness], inkOn(colour), 'filled');
    }
  }
}

/** Draws the name and score of each object above its box, or inside it at the picture's edge. */
export function drawLabels(drawing: Drawing, objects: Iterable<Annotated>): void {
  assertDrawing(drawing);
  const letter = letterOf(drawing);
  for (const { box, label, score, subLabel } of annotated(objects)) {
    const colour = colourOf(label);
    const text = `${subLabel?.label ?? label} ${Math.round(score * 100)} %`;
    tag(drawing, text, [box[0], box[1] >= letter * 2 ? box[1] - letter * 2 : box[1]], colour, letter);
  }
}

/** @param zones By name; polygons in fractions of the picture, as in a camera's settings. */
/** Draws the outline of each zone with its name. Corners are fractions of the picture, 0..1, as in the settings. */
export function drawZones(
  drawing: Drawing,
  zones: Readonly<Record<string, { readonly polygon: readonly Point[] }>>,
): void {
  assertDrawing(drawing);
  assertKind('zones to draw', zones, 'object', 'zones by name');
  const letter = letterOf(drawing);
  for (const [name, zone] of Object.entries(zones)) {
    assertShape(`zone ${name}`, zone, { polygon: 'list' });
    const { polygon } = zone;
    const colour = colourOf(name);
    const corners = polygon.map(([x, y]): Point => [x * drawing.width, y * drawing.height]);
    drawing.polygon(corners, colour, lineOf(drawing));
    tag(drawing, name, corners[0]!, colour, letter);
  }
}

function tag(drawing: Drawing, text: string, [x, y]: Point, colour: Parameters<typeof inkOn>[0], letter: number): void {
  const width = drawing.measure(text, letter) + letter;
  const left = Math.max(0, Math.min(x, drawing.width - width));
  drawing.rectangle([left, y, left + width, y + letter * 2], colour, 'filled');
  drawing.text(text, [left + letter / 2, y + letter * 1.5], inkOn(colour), letter);
}

/** Draws where each track was in the last frames: the path of the middle of its lower edge. */
export class Traces {
  readonly #length: number;
  readonly #ways = new Map<number, Point[]>();

  /** @param length Positions remembered per track. */
  constructor(length = 30) {
    if (!Number.isInteger(length) || length < 2) {
      throw new RangeError(`length of traces: expected a whole number of at least 2, got ${length}`);
    }
    this.#length = length;
  }

  /** Adds the current positions and draws. Tracks that are no longer passed are forgotten. */
  draw(drawing: Drawing, tracks: readonly Pick<Track, 'id' | 'box' | 'label'>[]): void {
    assertDrawing(drawing);
    assertKind('tracks to draw', tracks, 'list');
    for (const track of tracks) assertShape('a track to draw', track, { id: 'number', box: 'list', label: 'text' });
    const present = new Set(tracks.map(({ id }) => id));
    for (const id of this.#ways.keys()) if (!present.has(id)) this.#ways.delete(id);
    for (const { id, box, label } of tracks) {
      const way = this.#ways.get(id) ?? [];
      this.#ways.set(id, way);
      way.push(bottomCentre(box));
      if (way.length > this.#length) way.shift();
      const colour = colourOf(label);
      for (let i = 1; i < way.length; i++) drawing.line(way[i - 1]!, way[i]!, colour, lineOf(drawing));
    }
  }
}

/** @throws InputError when one of them is not an object to draw. */
function* annotated(objects: Iterable<Annotated>): Generator<Annotated> {
  assertKind('objects to draw', objects, 'many');
  for (const object of objects) {
    assertShape('an object to draw', object, { box: 'list', label: 'text', score: 'number' }, 'a detection or a track');
    yield object;
  }
}

function assertDrawing(drawing: Drawing): void {
  const method = 'function';
  const shape = { rectangle: method, line: method, polygon: method, text: method, measure: method } as const;
  assertShape('what is drawn on', drawing, shape, 'a Drawing, such as SvgDrawing or CanvasDrawing');
}
