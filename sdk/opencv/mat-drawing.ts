import { loadOpenCv } from '../opencv-bindings/load.ts';
import type { Mat } from '../opencv-bindings/types.ts';
import type { Colour, Drawing } from '../vision/annotate/drawing.ts';
import type { Box, Point } from '../vision/geometry.ts';

/** A capital letter of OpenCV's plain font at scale 1, in pixels. */
const capital = 21;

/** Draws on a Mat of three channels (BGR) or one (brightness). OpenCV's font knows ASCII only: other letters become `?`. */
export class MatDrawing implements Drawing {
  readonly #mat: Mat;

  constructor(mat: Mat) {
    this.#mat = mat;
  }

  get width(): number {
    return this.#mat.cols;
  }

  get height(): number {
    return this.#mat.rows;
  }

  rectangle([x1, y1, x2, y2]: Box, colour: Colour, thickness: number | 'filled'): void {
    const cv = loadOpenCv();
    this.#mat.drawRectangle(point([x1, y1]), point([x2, y2]), this.#ink(colour), pen(thickness), cv.LINE_8);
  }

  line(from: Point, to: Point, colour: Colour, thickness: number): void {
    this.#mat.drawLine(point(from), point(to), this.#ink(colour), pen(thickness), loadOpenCv().LINE_AA);
  }

  polygon(corners: readonly Point[], colour: Colour, thickness: number | 'filled'): void {
    const cv = loadOpenCv();
    const points = [corners.map(point)];
    if (thickness === 'filled') this.#mat.drawFillPoly(points, this.#ink(colour), cv.LINE_AA);
    else this.#mat.drawPolylines(points, true, this.#ink(colour), pen(thickness), cv.LINE_AA);
  }

  text(text: string, at: Point, colour: Colour, height: number): void {
    const cv = loadOpenCv();
    const font = cv.FONT_HERSHEY_SIMPLEX!;
    this.#mat.putText(plain(text), point(at), font, height / capital, this.#ink(colour), stroke(height), cv.LINE_AA);
  }

  measure(text: string, height: number): number {
    const cv = loadOpenCv();
    const { size } = cv.getTextSize(plain(text), cv.FONT_HERSHEY_SIMPLEX!, height / capital, stroke(height));
    return size.width;
  }

  #ink([red, green, blue]: Colour): unknown {
    const { Vec3 } = loadOpenCv();
    if (this.#mat.channels > 1) return new Vec3(blue, green, red);
    const grey = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    return new Vec3(grey, grey, grey);
  }
}

function point([x, y]: Point): { x: number; y: number } {
  return new (loadOpenCv().Point2)(Math.round(x), Math.round(y));
}

/** -1 is how OpenCV says filled. */
const pen = (thickness: number | 'filled') => (thickness === 'filled' ? -1 : Math.max(1, Math.round(thickness)));
const stroke = (height: number) => Math.max(1, Math.round(height / 12));
const plain = (text: string) => text.replace(/[^\x20-\x7e]/gu, '?');
