/**
 * The part of `@u4/opencv4nodejs` that is used here, in its own words. The package is optional, so its types cannot be
 * imported; its real classes fit these. `loadOpenCv<typeof cv>()` gives the whole of it.
 */

export interface Mat {
  readonly rows: number;
  readonly cols: number;
  /** `CV_8UC1`, `CV_8UC3`, … */
  readonly type: number;
  readonly channels: number;
  readonly dims: number;
  readonly sizes: number[];
  /** Bytes from row to row. */
  readonly step: number;
  release(): void;
  at(row: number, column: number): unknown;
  copy(): Mat;
  copyTo(target: Mat, mask?: Mat): Mat;
  getRegion(region: unknown): Mat;
  setTo(value: unknown, mask?: Mat): Mat;
  convertTo(type: number, alpha?: number, beta?: number): Mat;
  cvtColor(code: number): Mat;
  resize(rows: number, columns: number, fx?: number, fy?: number, interpolation?: number): Mat;
  rotate(code: number): Mat;
  gaussianBlur(size: unknown, sigmaX: number): Mat;
  threshold(threshold: number, maximum: number, type: number): Mat;
  dilate(kernel: Mat): Mat;
  countNonZero(): number;
  equalizeHist(): Mat;
  findContours(mode: number, method: number): Contour[];
  splitChannels(): Mat[];
  flattenFloat(rows: number, columns: number): Mat;
  drawRectangle(from: Point, to: Point, color: unknown, thickness?: number, lineType?: number): void;
  drawLine(from: Point, to: Point, color: unknown, thickness?: number, lineType?: number): void;
  drawPolylines(points: Point[][], isClosed: boolean, color: unknown, thickness?: number, lineType?: number): void;
  drawFillPoly(points: Point[][], color: unknown, lineType?: number): void;
  putText(
    text: string,
    origin: Point,
    font: number,
    scale: number,
    color: unknown,
    thickness?: number,
    lineType?: number,
  ): void;
}

/** OpenCV's point, in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** OpenCV's rectangle: the left upper corner and the size, in pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A contour of `findContours`: the area that it encloses, in pixels, and the rectangle around it. */
export interface Contour {
  readonly area: number;
  boundingRect(): Rect;
}

/**
 * One of OpenCV's models of a background: `apply` takes the next picture and gives its foreground, 8-bit, of one
 * channel.
 */
export interface BackgroundSubtractor {
  apply(mat: Mat, learningRate?: number): Mat;
}

/** OpenCV's reader of cameras and videos. */
export interface VideoCapture {
  /** By callback: the plain bindings know no other way, and the package's promises are made from it. */
  readAsync(callback: (error: unknown, mat: Mat) => void): void;
  get(property: number): number;
  set(property: number, value: number): boolean;
  release(): void;
}

/** A network of OpenCV's `dnn`. */
export interface Net {
  setInput(blob: Mat, name?: string): void;
  forward(names: string[]): Mat[];
}

/** OpenCV's support vector machine, of `ml`. */
export interface Svm {
  train(samples: Mat, layout: number, responses: Mat): boolean;
  getSupportVectors(): Mat;
  getDecisionFunction(index: number): { rho: number; alpha: Mat; svidx: Mat };
}

/** What Ocellus uses of OpenCV, by the bindings of `@u4/opencv4nodejs`: names, arguments and results are OpenCV's own. */
export interface OpenCv {
  readonly version: { readonly major: number; readonly minor: number; readonly revision: number };
  readonly Mat: {
    new (): Mat;
    new (rows: number, columns: number, type: number, fill?: number | readonly number[]): Mat;
    new (rows: number, columns: number, type: number, data: Uint8Array, step?: number): Mat;
    new (channels: readonly Mat[]): Mat;
    new (sizes: readonly number[], type: number): Mat;
    readonly prototype: Mat;
  };
  readonly Rect: new (x: number, y: number, width: number, height: number) => Rect;
  readonly Size: new (width: number, height: number) => unknown;
  readonly Point2: new (x: number, y: number) => Point;
  readonly Vec3: new (x: number, y: number, z: number) => unknown;
  readonly BackgroundSubtractorMOG2: new (
    history: number,
    threshold: number,
    detectShadows: boolean,
  ) => BackgroundSubtractor;
  readonly BackgroundSubtractorKNN: new (
    history: number,
    threshold: number,
    detectShadows: boolean,
  ) => BackgroundSubtractor;
  readonly VideoCapture: new (source: string | number, api: number) => VideoCapture;
  readonly SVM: new (options: { c: number; kernelType: number }) => Svm;
  imread(path: string): Mat;
  imwrite(path: string, mat: Mat): void;
  readNetFromONNX(path: string): Net;
  getTextSize(text: string, font: number, scale: number, thickness: number): { size: { readonly width: number } };
  setNumThreads(threads: number): void;
  getStructuringElement(shape: number, size: unknown): Mat;
  readonly [
    constant: `${'CV_' | 'COLOR_' | 'INTER_' | 'CAP_' | 'LINE_' | 'FONT_' | 'MORPH_' | 'ROTATE_'}${string}`
  ]: number;
  readonly [constant: `${'RETR_' | 'CHAIN_' | 'THRESH_' | 'BORDER_' | 'DNN_'}${string}`]: number;
}
