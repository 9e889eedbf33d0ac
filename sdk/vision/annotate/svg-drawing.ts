import { assertShape } from '../../base/arguments.ts';
import type { Box, Point } from '../geometry.ts';
import type { Colour, Drawing } from './drawing.ts';

/** Height of a capital letter, and mean width of a letter, of most sans-serif fonts as fractions of the font size. */
const capital = 0.72;
const meanWidth = 0.6;

/** Draws an SVG of the picture's size, to be laid over it. It cannot know the fonts: `measure` is an estimate. */
export class SvgDrawing implements Drawing {
  readonly width: number;
  readonly height: number;
  readonly #shapes: string[] = [];

  constructor(picture: { readonly width: number; readonly height: number }) {
    assertShape('SvgDrawing', picture, { width: 'number', height: 'number' }, 'the size of a picture');
    const { width, height } = picture;
    this.width = width;
    this.height = height;
  }

  /** The whole document. */
  get svg(): string {
    const { width, height } = this;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">\n${this.#shapes.join('\n')}\n</svg>`;
  }

  rectangle([x1, y1, x2, y2]: Box, colour: Colour, thickness: number | 'filled'): void {
    this.#add(`rect x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}" ${paint(colour, thickness)}`);
  }

  line([x1, y1]: Point, [x2, y2]: Point, colour: Colour, thickness: number): void {
    this.#add(`line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${paint(colour, thickness)}`);
  }

  polygon(corners: readonly Point[], colour: Colour, thickness: number | 'filled'): void {
    this.#add(`polygon points="${corners.map(([x, y]) => `${x},${y}`).join(' ')}" ${paint(colour, thickness)}`);
  }

  text(text: string, [x, y]: Point, colour: Colour, height: number): void {
    const escaped = text.replace(/\p{C}/gu, '').replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
    const font = `font-family="sans-serif" font-size="${height / capital}"`;
    this.#shapes.push(`<text x="${x}" y="${y}" ${font} ${paint(colour, 'filled')}>${escaped}</text>`);
  }

  measure(text: string, height: number): number {
    return ([...text].length * meanWidth * height) / capital;
  }

  #add(shape: string): void {
    this.#shapes.push(`<${shape}/>`);
  }
}

function paint(colour: Colour, thickness: number | 'filled'): string {
  const value = `rgb(${colour.join(', ')})`;
  return thickness === 'filled' ? `fill="${value}"` : `fill="none" stroke="${value}" stroke-width="${thickness}"`;
}
