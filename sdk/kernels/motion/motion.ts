/** Side of a cell in pixels. */
export const cellSize = 8;
/** Levels of a cell are in sixteenths of a grey level, so that a slow background loses no change. */
export const scale = 16;
export const mostLevel = 255 * scale;
/** Noise is in eighths of that: it is learnt in small steps. */
export const noiseScale = 8 * scale;
/** A rate of one: all of a difference is taken over. */
export const whole = 32767;
/** A rest of that long, in ms, is not told from a longer one. */
export const longestRest = 32767;

/** What the kernel remembers of a scene: one value per cell, row by row. */
export interface MotionState {
  readonly columns: number;
  readonly rows: number;
  /** Brightness of the newest frame, 0..4080. */
  readonly current: Uint16Array;
  /** Mean recent brightness, which noise and raindrops hardly change. */
  readonly level: Uint16Array;
  /** Brightness of the scene in which nothing moves. */
  readonly background: Uint16Array;
  /** Mean absolute difference of `level` from the background, in 128ths of a grey level, 0..32640. */
  readonly noise: Uint16Array;
  /** What `level` was when it last began to be at rest. */
  readonly anchor: Uint16Array;
  /** Milliseconds since then, 0..32767. */
  readonly rest: Uint16Array;
  /** 1 where the newest frame differs from the background. */
  readonly changed: Uint8Array;
  /** 0 where the cell is ignored. */
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
    current: new Uint16Array(cells),
    level: new Uint16Array(cells),
    background: new Uint16Array(cells),
    noise: new Uint16Array(cells),
    anchor: new Uint16Array(cells),
    rest: new Uint16Array(cells),
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
 * How much counts as a change, and how fast each memory adapts. Whole numbers; rates are 0..32767 in 32768ths a frame.
 */
export interface MotionRule {
  /** Least difference in sixteenths of a grey level, 0..4080. */
  readonly floor: number;
  /** How much of a difference `level` takes over, but always at least one. */
  readonly smooth: number;
  /** The same of the background, where nothing changed. */
  readonly follow: number;
  /** Of the noise where nothing changed; half of it is taken over at most. */
  readonly learn: number;
  /** Of the noise where something changed. */
  readonly learnChanged: number;
  /** Milliseconds since the frame before, 0..32767. */
  readonly passed: number;
  /**
   * After this many milliseconds at rest a change becomes background; after half of it, it no longer counts as a
   * change; 0..32767.
   */
  readonly settle: number;
}

/**
 * Compares a picture with the background, marks the cells that changed, and learns. One pass over the picture.
 *
 * A cell's brightness is the mean of 16 of its 64 pixels, every second one of every second row: the mean's noise is a
 * quarter of a pixel's, which is enough, at a quarter of the reads. It has changed when the mean of its last moments
 * differs from the background by more than the floor plus four times its noise, and the newest frame, too, differs by half
 * as much: a drop that fell through leaves a difference in the mean alone. And it must not have rested for half of `settle`.
 *
 * The background follows where nothing changed. Where something did, it stays, however slowly that moves, until the
 * cell was at rest for `settle`: within an eighth of the floor, twice the noise and a sixteenth of the change of where
 * the rest began.
 *
 * @param state Of this size of picture.
 * @returns How many cells changed.
 * @throws RangeError when the picture is smaller than it says, or the state is of another size.
 */
export type MotionKernel = (luma: Luma, state: MotionState, rule: MotionRule) => number;
