/** Fraction of the frame interval by which a frame may be early, since cameras are never quite regular. */
const slack = 0.25;

/** Limits a rate: of a camera's 30 frames a second, ten pass. */
export class Pace {
  readonly #stepNs: number;
  #dueNs = Number.NEGATIVE_INFINITY;

  /** @param fps The most that pass per second, on average. */
  constructor(fps: number) {
    this.#stepNs = 1e9 / fps;
  }

  /** @param timeNs When the frame was captured. A clock that jumps back restarts the schedule. */
  takes(timeNs: number): boolean {
    const early = this.#dueNs - timeNs;
    if (early > this.#stepNs * slack && early <= this.#stepNs * 2) return false;
    // A frame that is a little late does not delay later ones; a pause is not made up for in a burst.
    const isOnTime = Math.abs(early) < this.#stepNs;
    this.#dueNs = (isOnTime ? this.#dueNs : timeNs) + this.#stepNs;
    return true;
  }
}
