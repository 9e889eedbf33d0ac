import type { MotionState } from '../../kernels/motion/motion.ts';
import { changedCells, take } from './memory.ts';

/** Side of a block of surroundings, cells. */
const blockSide = 8;
/**
 * Drifting light differs by less than this from the background, in sixteenths of a grey level; objects may differ by
 * more.
 */
const mostDrift = 8 * 16;
const unknown = -32768;

/**
 * Ignores local drift of the light: a small change that most of a cell's surroundings share is not a change of the
 * scene.
 */
export class Drift {
  readonly #state: MotionState;
  readonly #blockColumns: number;
  /** Of each block of cells in this frame. */
  readonly #drifts: Int16Array;
  readonly #differences = new Int16Array((blockSide / 2) ** 2);

  constructor(state: MotionState) {
    this.#state = state;
    this.#blockColumns = Math.ceil(state.columns / blockSide);
    this.#drifts = new Int16Array(this.#blockColumns * Math.ceil(state.rows / blockSide));
  }

  /**
   * @param floor Least difference that counts, sixteenths of a grey level. @returns How many cells no longer count as
   * changed.
   */
  explain(floor: number): number {
    const { columns, current, background, noise } = this.#state;
    this.#drifts.fill(unknown);
    let explained = 0;
    for (const cell of changedCells(this.#state)) {
      const column = cell % columns;
      const block =
        Math.floor((cell - column) / columns / blockSide) * this.#blockColumns + Math.floor(column / blockSide);
      if (this.#drifts[block] === unknown) this.#drifts[block] = this.#driftOf(block);
      const drift = this.#drifts[block]!;
      if (Math.abs(drift) > mostDrift) continue;
      if (Math.abs(current[cell]! - background[cell]! - drift) > floor + noise[cell]! / 2) continue;
      take(this.#state, cell);
      explained++;
    }
    return explained;
  }

  /** Median difference of the newest frame from the background in a block of cells. */
  #driftOf(block: number): number {
    const { columns, rows, current, background } = this.#state;
    const left = (block % this.#blockColumns) * blockSide;
    const top = Math.floor(block / this.#blockColumns) * blockSide;
    let count = 0;
    for (let y = top; y < Math.min(rows, top + blockSide); y += 2) {
      for (let x = left + ((y >> 1) & 1); x < Math.min(columns, left + blockSide); x += 2) {
        const cell = y * columns + x;
        this.#differences[count++] = current[cell]! - background[cell]!;
      }
    }
    if (count === 0) return 0;
    return this.#differences.subarray(0, count).sort()[count >> 1]!;
  }
}
