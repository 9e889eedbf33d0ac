import type { Frame } from '../../frame/frame.ts';

/** What is watched for changes: a picture in cells of 8 x 8 pixels, those that lie wholly in it. */
export interface WatchedCells {
  /** Of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  /** 0 where the cell is not looked at. */
  readonly mask: Uint8Array;
}

/** Tells which cells of a picture differ from the background it has learnt. The motion gate decides what that means. */
export interface ChangeFinder {
  /**
   * Another scene: forgets what it knows.
   *
   * @param sensitivity 0..1: how small a difference is one.
   */
  begin(cells: WatchedCells, sensitivity: number): void;
  /**
   * Compares, and learns.
   *
   * @param passedNs Since the frame before; 0 for the first, whose result does not count.
   * @returns How many cells changed.
   */
  find(frame: Frame, passedNs: number): number;
  /** 1 where the newest frame differs from the background; row by row. */
  readonly changed: Uint8Array;
  /** The newest frame is the background from now on. */
  accept(): void;
}
