import type { Candidates } from './candidates.ts';

/** A level of a pyramid of cells: `columns x rows` cells, row by row, each `stride` input pixels wide. */
export interface Level {
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
}

/** The shape of NanoDet's two outputs. */
export class DistributionHead {
  /** Classes, bins, then stride, columns and rows of each level: as the native kernels read it. */
  readonly packed: Int32Array;
  readonly cells: number;

  /**
   * @param levels One after the other in both outputs, at most 16.
   * @param bins Of the distribution of each side, at most 64.
   */
  constructor(
    readonly levels: readonly Level[],
    readonly classes: number,
    readonly bins: number,
  ) {
    this.packed = Int32Array.of(
      classes,
      bins,
      ...levels.flatMap(({ stride, columns, rows }) => [stride, columns, rows]),
    );
    this.cells = levels.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  }

  /** @throws RangeError when the outputs are of another size. */
  assertFits(scores: number, logits: number): void {
    const { cells, classes, bins } = this;
    if (scores !== cells * classes) {
      throw new RangeError(`scores: expected ${cells} cells of ${classes} classes, got ${scores} values`);
    }
    if (logits === cells * 4 * bins) return;
    throw new RangeError(`logits: expected ${cells} cells of 4 x ${bins} bins, got ${logits} values`);
  }
}

/** A tensor in 8 bits: `value = (stored - zeroPoint) * scale`. */
export interface Quantised {
  readonly data: Uint8Array;
  readonly scale: number;
  /** A whole number, 0..255. */
  readonly zeroPoint: number;
}

/**
 * Reads a detector's outputs. All implementations give the same candidates in the same order, bit for bit; where the
 * network returned NaN, so does the box.
 */
export interface BoxesKernels {
  /**
   * NanoDet's head (Generalized Focal Loss, arXiv 2006.04388): a box's sides are the means of distributions over
   * `bins` distances from the cell's centre, in strides. Only cells whose score passes the threshold are decoded.
   *
   * @param scores `cells x classes`, 0..1.
   * @param logits `cells x 4 x bins`: left, top, right, bottom.
   * @param threshold Rounded to 32 bits, as the scores are.
   * @param multiLabel A cell gives a box for each class that passes; else for its best one, the first of equals.
   * @param candidates Appended to.
   * @throws RangeError when an array does not fit the head.
   */
  distributions(
    head: DistributionHead,
    scores: Float32Array,
    logits: Float32Array,
    threshold: number,
    multiLabel: boolean,
    candidates: Candidates,
  ): void;
  /** The same from 8 bits. Scores are compared as they are stored. */
  quantised(
    head: DistributionHead,
    scores: Quantised,
    logits: Quantised,
    threshold: number,
    multiLabel: boolean,
    candidates: Candidates,
  ): void;
  /**
   * Class-wise greedy non-maximum suppression. Boxes of one class whose IoU with a better one exceeds `iouThreshold`
   * are removed; of equal scores the earlier is better.
   *
   * @param boxes `[x1, y1, x2, y2]` each.
   * @param length How many there are.
   * @param maxKept Ends after this many.
   * @returns Indices of what stays, best first.
   */
  classwiseNms(
    boxes: Float32Array,
    scores: Float32Array,
    classIds: Int32Array,
    length: number,
    iouThreshold: number,
    maxKept?: number,
  ): Uint32Array;
}
