import { assertKind } from '../../base/arguments.ts';
import type { Box, Point } from '../geometry.ts';

/** Red, green, blue, 0..255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/**
 * What annotators draw with, independent of the surface. Positions are in pixels of the picture; `thickness` is in
 * pixels, or `filled`.
 */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** @param thickness Of its outline, which lies half inside and half outside. */
  rectangle(box: Box, colour: Colour, thickness: number | 'filled'): void;
  /** A straight line, both ends included. */
  line(from: Point, to: Point, colour: Colour, thickness: number): void;
  /** A closed polygon of at least two corners. */
  polygon(corners: readonly Point[], colour: Colour, thickness: number | 'filled'): void;
  /** One line of text. @param at The left end of the line the letters stand on. @param height Of a capital letter. */
  text(text: string, at: Point, colour: Colour, height: number): void;
  /** Width of the text, drawn at this height. */
  measure(text: string, height: number): number;
}

/** Colours that are easy to tell apart and visible on most pictures. */
const palette: readonly Colour[] = [
  [25, 195, 125],
  [255, 176, 0],
  [100, 143, 255],
  [254, 97, 0],
  [220, 38, 127],
  [120, 94, 240],
  [0, 200, 220],
  [230, 230, 80],
];

/** The colour of a name: always the same. */
export function colourOf(name: string): Colour {
  assertKind('colourOf', name, 'text');
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)!) >>> 0;
  return palette[hash % palette.length]!;
}

/** Black or white, whichever is more legible on this colour. */
export function inkOn([red, green, blue]: Colour): Colour {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? [0, 0, 0] : [255, 255, 255];
}
