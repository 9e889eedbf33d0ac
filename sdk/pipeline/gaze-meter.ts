import type { GazeStats } from './events.ts';
import { MovingMean } from './meter.ts';

/** Counts what a camera's detector looked at. */
export class GazeMeter {
  readonly #regions = new MovingMean();
  readonly #share = new MovingMean();
  #waiting = 0;
  #whole = 0;
  #closer = 0;
  #waited = 0;

  /** The detector looked at a frame: each of its regions takes the same time. */
  add(regions: number, closer: number, waiting: number): void {
    this.#regions.add(regions);
    this.#share.add(closer / regions);
    this.#whole += regions - closer;
    this.#closer += closer;
    this.#waiting = waiting;
    this.#waited += waiting;
  }

  get stats(): GazeStats {
    return {
      regions: this.#regions.value,
      timeShare: this.#share.value,
      waiting: this.#waiting,
      whole: this.#whole,
      closer: this.#closer,
      waited: this.#waited,
    };
  }
}
