/** No frame takes this long, even on the slowest board with the largest network and many cameras in turn. */
const stuckAfterMs = 30_000;

/** Tells watchdogs and health checks whether the frames that arrive get finished. */
export class Progress {
  #sinceMs: number | undefined;
  #underWay = false;

  /** @param nowMs Any monotonic clock, the same in `unfinishedMs`. */
  begin(nowMs: number): void {
    this.#sinceMs ??= nowMs;
    this.#underWay = true;
  }

  finish(): void {
    this.#sinceMs = undefined;
    this.#underWay = false;
  }

  /** A frame was given up. One alone is harmless, but does not count as finished. */
  fail(): void {
    this.#underWay = false;
  }

  /** No frames arrive: nothing is due but the frame in progress. */
  pause(): void {
    if (!this.#underWay) this.#sinceMs = undefined;
  }

  /** How long frames have been arriving without one being finished; 0 while all is well or none arrive. */
  unfinishedMs(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : Math.round(nowMs - this.#sinceMs);
  }
}

/**
 * Cameras whose frames arrive but are not finished: only restarting the process helps. Offline cameras are not among
 * them.
 */
export function stuckCameras({
  cameras,
}: {
  readonly cameras: Readonly<Record<string, { readonly unfinishedMs: number }>>;
}): string[] {
  return Object.keys(cameras).filter((name) => cameras[name]!.unfinishedMs > stuckAfterMs);
}
