/** A larger step is not a gap: the counter restarted, or there is none. */
const largestGap = 10_000;

/** Numbers a camera's frames, over all its runs, and tells which of them are due. */
export class FrameOrder {
  /** Of the newest frame. */
  sequence = -1;
  /** Of the present run. */
  #lastOfDriver: number | undefined;
  /** When the last frame was due that was shown. */
  #lastDueNs = Number.NEGATIVE_INFINITY;

  /** The driver's counter may restart. */
  restart(): void {
    this.#lastOfDriver = undefined;
  }

  /** @param ofDriver The frame's number as the driver counts. @returns Frames that were missed before it. */
  count(ofDriver: number): number {
    const step = this.#lastOfDriver === undefined ? 1 : ofDriver - this.#lastOfDriver;
    this.#lastOfDriver = ofDriver;
    const missed = step > 1 && step <= largestGap ? step - 1 : 0;
    this.sequence += 1 + missed;
    return missed;
  }

  /** Not every camera keeps to the rate it was asked for. @param fps Undefined: all are due. */
  isDue(capturedNs: number, fps: number | undefined): boolean {
    if (fps === undefined) return true;
    const stepNs = 1e9 / fps;
    // A tenth of slack, or a camera that keeps to it would lose a frame now and then.
    if (capturedNs < this.#lastDueNs + 0.9 * stepNs) return false;
    const dueNs = this.#lastDueNs + stepNs;
    // Of a camera that is slower, or was away, none is owed.
    this.#lastDueNs = capturedNs - dueNs > stepNs ? capturedNs : dueNs;
    return true;
  }
}
