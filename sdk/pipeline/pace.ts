/** Of the time between two frames: what one may come too early, since cameras are never quite regular. */
const slack = 0.25;

/** Lets pass what keeps to a rate: of a camera that gives 30 frames a second, ten. */
export class Pace {
  readonly #stepNs: number;
  #dueNs = Number.NEGATIVE_INFINITY;

  /** @param fps The most that pass in a second, in the mean. */
  constructor(fps: number) {
    this.#stepNs = 1e9 / fps;
  }

  /** @param timeNs When the frame was captured. A clock that jumps back begins anew. */
  takes(timeNs: number): boolean {
    const early = this.#dueNs - timeNs;
    if (early > this.#stepNs * slack && early <= this.#stepNs * 2) return false;
    // One that is a little late does not put off those after it; a pause is not made up for in a burst.
    const isOnTime = Math.abs(early) < this.#stepNs;
    this.#dueNs = (isOnTime ? this.#dueNs : timeNs) + this.#stepNs;
    return true;
  }
}
