import type { Frame } from '../../frame/frame.ts';

/** What is watched for changes: the cells of 8 x 8 pixels that are wholly in the picture. */
export interface WatchedCells {
  /** Of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  /** 0 where the cell is ignored. */
  readonly mask: Uint8Array;
}

/** Tells which cells of a picture differ from the background it has learnt. The motion gate decides what that means. */
export interface ChangeFinder {
  /**
   * A new scene: forgets what it learned.
   *
   * @param sensitivity 0..1: the higher, the smaller the difference that counts.
   */
  begin(cells: WatchedCells, sensitivity: number): void;
  /**
   * Compares a frame with the background, and learns from it.
   *
   * @param passedNs Since the frame before; 0 for the first, whose result does not count.
   * @returns How many cells changed.
   */
  find(frame: Frame, passedNs: number): number;
  /** 1 where the newest frame differs from the background; row by row. */
  readonly changed: Uint8Array;
  /**
   * 1 where something came or left while the light changed, so that it is not counted as changed: no motion, but what was
   * there is not undisturbed. Default: nowhere.
   */
  readonly replaced?: Uint8Array;
  /** Makes the newest frame the background. */
  accept(): void;
}
