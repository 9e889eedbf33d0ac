import type { Luma, MotionState } from '../../kernels/motion/motion.ts';
import { Drift } from './drift.ts';
import { Exposure } from './exposure.ts';
import { Reference } from './reference.ts';

/** Fewest changed cells for which their surroundings are checked. */
const fewest = 12;

/**
 * Keeps changes of the light from being taken for changes of the scene: the remembered view is adapted to the new
 * light.
 */
export class Light {
  readonly #exposure: Exposure;
  readonly #drift: Drift;
  readonly #reference: Reference;

  constructor(state: MotionState) {
    this.#exposure = new Exposure(state);
    this.#drift = new Drift(state);
    this.#reference = new Reference(state);
  }

  /** 1 where the newest frame shows something else, though the change is taken for one of the light; row by row. */
  get replaced(): Uint8Array {
    return this.#reference.replaced;
  }

  /** A new scene: the newest frame is all that is known of it. */
  begin(): void {
    this.#reference.begin();
  }

  /** Before a picture is compared with the background. */
  follow(luma: Luma): void {
    this.#exposure.follow(luma, this.#reference.brightness);
  }

  /**
   * After it was compared: takes out the changed cells in which the light alone changed, and learns.
   *
   * @param count Of changed cells.
   * @param floor Least difference that counts, sixteenths of a grey level.
   * @param passedNs Since the frame before.
   * @returns How many are still changed.
   */
  explain(count: number, floor: number, passedNs: number): number {
    let left = count - this.#exposure.explain(floor);
    if (left >= fewest) left -= this.#drift.explain(floor);
    left -= this.#reference.explain(left, floor, passedNs);
    this.#reference.learn(passedNs);
    return left;
  }
}
