import { assertShape } from '../../base/arguments.ts';
import type { Box, Point } from '../geometry.ts';
import type { Colour, Drawing } from './drawing.ts';

/** The part of a canvas's 2D context that drawing uses: a browser's, or that of a canvas library for Node. */
export interface CanvasContext {
  readonly canvas: { readonly width: number; readonly height: number };
  /** The types of a browser allow more. */
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
  fill(): void;
  stroke(): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
}

/** Height of a capital letter of most sans-serif fonts, as a fraction of the font size. */
const capital = 0.72;

/** Draws on a canvas that has the size of the picture. */
export class CanvasDrawing implements Drawing {
  readonly #context: CanvasContext;

  constructor(context: CanvasContext) {
    assertShape('CanvasDrawing', context, { canvas: 'object', fillText: 'function' }, 'the 2D context of a canvas');
    this.#context = context;
  }

  get width(): number {
    return this.#context.canvas.width;
  }

  get height(): number {
    return this.#context.canvas.height;
  }

  rectangle([x1, y1, x2, y2]: Box, colour: Colour, thickness: number | 'filled'): void {
    const context = this.#context;
    if (thickness === 'filled') {
      context.fillStyle = css(colour);
      context.fillRect(x1, y1, x2 - x1, y2 - y1);
      return;
    }
    this.#pen(colour, thickness);
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }

  line(from: Point, to: Point, colour: Colour, thickness: number): void {
    this.#pen(colour, thickness);
    this.#path([from, to]);
    this.#context.stroke();
  }

  polygon(corners: readonly Point[], colour: Colour, thickness: number | 'filled'): void {
    const context = this.#context;
    this.#path(corners);
    context.closePath();
    if (thickness === 'filled') {
      context.fillStyle = css(colour);
      context.fill();
      return;
    }
    this.#pen(colour, thickness);
    context.stroke();
  }

  text(text: string, [x, y]: Point, colour: Colour, height: number): void {
    this.#context.font = font(height);
    this.#context.fillStyle = css(colour);
    this.#context.fillText(text, x, y);
  }

  measure(text: string, height: number): number {
    this.#context.font = font(height);
    return this.#context.measureText(text).width;
  }

  #pen(colour: Colour, thickness: number): void {
    this.#context.strokeStyle = css(colour);
    this.#context.lineWidth = thickness;
  }

  #path([first, ...rest]: readonly Point[]): void {
    this.#context.beginPath();
    this.#context.moveTo(first![0], first![1]);
    for (const [x, y] of rest) this.#context.lineTo(x, y);
  }
}

const css = (colour: Colour) => `rgb(${colour.join(', ')})`;
const font = (height: number) => `${height / capital}px sans-serif`;
