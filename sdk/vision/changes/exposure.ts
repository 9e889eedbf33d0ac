import { cellSize, type Luma, type MotionState, mostLevel } from '../../kernels/motion/motion.ts';
import { changedCells, take } from './memory.ts';

/** The gain of the view is the median over this many cells. */
const samples = 127;
/** Smaller changes of the whole view are left to the background, which adapts. */
const leastGain = 0.01;
/** Darker cells say little about a gain; sixteenths of a grey level. */
const darkest = 16 * 16;

/** A camera's exposure scales the brightness of the whole view: the remembered view is scaled with it. */
export class Exposure {
  readonly #state: MotionState;
  readonly #gains = new Float32Array(samples);
  #gain = 1;

  constructor(state: MotionState) {
    this.#state = state;
  }

  /**
   * Before a picture is compared: scales the remembered view to its exposure.
   *
   * @param more Brightness remembered elsewhere, by cell.
   */
  follow(luma: Luma, more: Uint16Array): void {
    const gain = this.#measure(luma);
    this.#gain = Math.abs(gain - 1) < leastGain ? 1 : gain;
    if (this.#gain === 1) return;
    const { background, level, anchor } = this.#state;
    for (const memory of [background, level, anchor, more]) {
      for (let i = 0; i < memory.length; i++) memory[i] = Math.min(mostLevel, Math.round(memory[i]! * gain));
    }
  }

  /**
   * After it was compared: cells as bright as before, such as black and white ones, did not follow the exposure.
   *
   * @param floor Least difference that counts, sixteenths of a grey level.
   * @returns How many cells no longer count as changed.
   */
  explain(floor: number): number {
    if (this.#gain === 1) return 0;
    const { current, background, noise } = this.#state;
    let explained = 0;
    for (const cell of changedCells(this.#state)) {
      if (Math.abs(current[cell]! - background[cell]! / this.#gain) > floor + noise[cell]! / 2) continue;
      take(this.#state, cell);
      explained++;
    }
    return explained;
  }

  #measure({ data, width, height, stride, step }: Luma): number {
    const { columns, rows, background, mask } = this.#state;
    if (width < cellSize || height < cellSize) return 1;
    // A step coprime to the number of columns visits all of them.
    const stepCells = Math.max(1, Math.floor((columns * rows) / samples)) | 1;
    let count = 0;
    for (let i = 0; i < columns * rows && count < samples; i += stepCells) {
      if (mask[i] === 0 || background[i]! < darkest) continue;
      const column = i % columns;
      let at = ((i - column) / columns) * cellSize * stride + column * cellSize * step;
      let sum = 0;
      for (let y = 0; y < 4; y++) {
        sum += data[at]! + data[at + 2 * step]! + data[at + 4 * step]! + data[at + 6 * step]!;
        at += 2 * stride;
      }
      this.#gains[count++] = sum / background[i]!;
    }
    if (count < samples / 2) return 1;
    const gains = this.#gains.subarray(0, count).sort();
    const gain = gains[count >> 1]!;
    // A shadow over half the view is no gain of the camera.
    const quartiles = gains[(3 * count) >> 2]! - gains[count >> 2]!;
    return Math.abs(gain - 1) > quartiles ? gain : 1;
  }
}
