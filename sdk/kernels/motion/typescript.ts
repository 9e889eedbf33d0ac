/** Side of a cell in pixels. */
export const cellSize = 8;
/** Cells hold grey levels in sixteenths, so that a slow background does not round its changes away. */
export const scale = 16;

/** What the kernel remembers of a scene: one value per cell, row by row, in sixteenths of a grey level. */
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
  };
}

/**
 * Mean brightness of each cell into `state.current`. Of a cell's 64 pixels 16 are read, every second one of every
 * second row: the mean's noise is a quarter of a pixel's, which is enough, at a quarter of the reads.
 *
 * @param luma First row first; `step` bytes from pixel to pixel, `stride` bytes from row to row.
 */
export function cellMeans(
  luma: Uint8Array,
  width: number,
  height: number,
  stride: number,
  step: number,
  state: MotionState,
): void {
  const { columns, rows, current } = state;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      if (width >= cellSize && height >= cellSize) {
        let line = row * cellSize * stride + column * cellSize * step;
        for (let y = 0; y < 4; y++) {
          sum += luma[line]! + luma[line + 2 * step]! + luma[line + 4 * step]! + luma[line + 6 * step]!;
          line += 2 * stride;
        }
      } else {
        // Smaller than a cell: any pixel speaks for all.
        sum = luma[0]! * 16;
      }
      // A sum of 16 pixels is the mean in sixteenths.
      current[row * columns + column] = sum;
    }
  }
}

/** What one frame looked like beside the background. */
export interface MotionMeasure {
  /** Cells that changed and have a changed neighbour to the left or above. */
  changed: number;
  /** Cells that are watched. */
  watched: number;
}

/**
 * Compares `current` with the background, marks what changed, and lets the background follow, so that what stays becomes
 * background. The noise is learnt where nothing changed.
 *
 * A cell has changed when it differs by more than the floor plus four times its own noise.
 *
 * @param floor Least difference, in sixteenths of a grey level.
 * @param follow How much of a difference the background takes over, in 256ths.
 * @param mask 1 where the cell is watched.
 */
export function compareAndLearn(
  state: MotionState,
  floor: number,
  follow: number,
  mask: Uint8Array,
  measure: MotionMeasure,
): void {
  const { columns, background, noise, current, changed } = state;
  let count = 0;
  let watched = 0;
  for (let i = 0; i < current.length; i++) {
    if (mask[i] === 0) {
      changed[i] = 0;
      continue;
    }
    watched++;
    const difference = current[i]! - background[i]!;
    const size = difference < 0 ? -difference : difference;
    // At least one, or a small difference would stand for ever.
    const step = size === 0 ? 0 : (size * follow) >> 8 || 1;
    background[i]! += difference < 0 ? -step : step;
    if (size > floor + 4 * noise[i]!) {
      changed[i] = 1;
      if ((i % columns > 0 && changed[i - 1] === 1) || (i >= columns && changed[i - columns] === 1)) count++;
    } else {
      changed[i] = 0;
      noise[i]! += (size - noise[i]!) >> 4;
    }
  }
  measure.changed = count;
  measure.watched = watched;
}
