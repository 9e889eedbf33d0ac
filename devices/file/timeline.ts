/** For a stream that states no rate. */
const defaultFps = 25;

/** A step back of more is where two videos were put together; of less, a time that is not exact. */
const leastJumpNs = 1e9;
/** Between two frames of the same time. */
const leastStepNs = 1000;

/**
 * Assigns times to the frames of a file: the file's own, from 0 on, strictly increasing. A frame without a time, or
 * with a jump back (two joined videos), comes one frame interval after the last.
 */
export class Timeline {
  #lastNs: number | undefined;
  /** What the file's times are behind. */
  #offsetNs = 0;

  /** @param timeNs As the file has it. @param fps As the file states it. */
  next(timeNs: number | undefined, fps = defaultFps): number {
    const last = this.#lastNs;
    this.#lastNs = last === undefined ? 0 : this.#after(last, timeNs, Math.round(1e9 / fps));
    if (last === undefined) this.#offsetNs = -(timeNs ?? 0);
    return this.#lastNs;
  }

  #after(last: number, timeNs: number | undefined, lengthNs: number): number {
    if (timeNs === undefined) return last + lengthNs;
    const ns = timeNs + this.#offsetNs;
    if (ns > last - leastJumpNs) return Math.max(ns, last + leastStepNs);
    this.#offsetNs = last + lengthNs - timeNs;
    return last + lengthNs;
  }
}
