import type { Frame } from '../frame/frame.ts';
import { kernels } from '../kernels/kernels.ts';
import { motionState } from '../kernels/motion/motion.ts';
import type { ChangeFinder, WatchedCells } from './change-finder.ts';

/** The background takes over 63 % of a change in this time: what comes to rest is soon no motion any more. */
const settleNs = 0.8e9;

/** Finds changes in the brightness of cells, with the motion kernel. It learns the level and the noise of each cell. */
export class CellChanges implements ChangeFinder {
  #state = motionState(1, 1);
  #floor = 0;

  /** @param sensitivity 0 wants a difference of 32 grey levels, 0.5 of 8, 1 of 2. */
  begin({ width, height, mask }: WatchedCells, sensitivity: number): void {
    this.#state = motionState(width, height);
    this.#state.mask.set(mask);
    this.#floor = Math.floor(32 * 16 ** -sensitivity * 16);
  }

  get changed(): Uint8Array {
    return this.#state.changed;
  }

  find(frame: Frame, passedNs: number): number {
    const { width, height, format } = frame;
    const { data, stride } = frame.planes[0]!;
    const interleaved = format === 'BGR24' || format === 'RGB24';
    // Green stands for brightness where there is no luma plane.
    const luma = interleaved
      ? { data: data.subarray(1), width, height, stride, step: 3 }
      : { data, width, height, stride, step: 1 };
    const follow = Math.round(256 * (1 - Math.exp(-passedNs / settleNs)));
    return kernels.motion(luma, this.#state, this.#floor, follow);
  }

  accept(): void {
    const { background, noise, current } = this.#state;
    background.set(current);
    // One grey level, until the noise is known.
    noise.fill(16);
  }
}
