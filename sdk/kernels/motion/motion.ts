/** Side of a cell in pixels. */
export const cellSize = 8;
/** Levels of a cell are in sixteenths of a grey level, so that a slow background loses no change. */
export const scale = 16;
export const mostLevel = 255 * scale;

/** What the kernel remembers of a scene: one value per cell, row by row. */
export interface MotionState {
  readonly columns: number;
  readonly rows: number;
  readonly background: Uint16Array;
  /** Mean absolute difference from the background while nothing moves: the camera's noise there. */
  readonly noise: Uint16Array;
  /** Brightness of the newest frame. */
  readonly current: Uint16Array;
  /** 1 where the newest frame differs from the background. */
  readonly changed: Uint8Array;
  /** 0 where the cell is not looked at. */
  readonly mask: Uint8Array;
}

/** Cells that lie wholly in a picture of this size; at least one. */
export function motionState(width: number, height: number): MotionState {
  const columns = Math.max(1, Math.floor(width / cellSize));
  const rows = Math.max(1, Math.floor(height / cellSize));
  const cells = columns * rows;
  return {
    columns,
    rows,
    background: new Uint16Array(cells),
    noise: new Uint16Array(cells),
    current: new Uint16Array(cells),
    changed: new Uint8Array(cells),
    mask: new Uint8Array(cells).fill(1),
  };
}

/** The brightness of a picture, first row first. */
export interface Luma {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Bytes from row to row, at least `width * step`. */
  readonly stride: number;
  /** Bytes from pixel to pixel. */
  readonly step: number;
}

/**
 * Compares a picture with the background, marks the cells that changed, and lets the background follow, so that what
 * stays becomes background. The noise is learnt where nothing changed. One pass over the picture.
 *
 * A cell's brightness is the mean of 16 of its 64 pixels, every second one of every second row: the mean's noise is a
 * quarter of a pixel's, which is enough, at a quarter of the reads. It has changed when it differs by more than the
 * floor plus four times its own noise.
 *
 * @param state Of this size of picture.
 * @param floor Least difference in sixteenths of a grey level: a whole number, 0..4080.
 * @param follow How much of a difference the background takes over in 256ths, but always at least one level: a whole
 *   number, 0..256.
 * @returns Cells that changed and have a changed neighbour to the left or above: one alone is noise.
 * @throws RangeError when the picture is smaller than it says, or the state is of another size.
 */
export type MotionKernel = (luma: Luma, state: MotionState, floor: number, follow: number) => number;
