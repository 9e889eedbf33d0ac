/** No frame takes so long, not even on the slowest board with the largest network and all its cameras in turn. */
const stuckAfterMs = 30_000;

/** Are the frames that come finished? What a watchdog and a health check ask of a pipeline. */
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

  /** It was given up. One alone is nothing; while no other is finished the clock goes on. */
  fail(): void {
    this.#underWay = false;
  }

  /** No frames come: nothing is to be finished but what is under way. */
  pause(): void {
    if (!this.#underWay) this.#sinceMs = undefined;
  }

  /** How long frames have come without one being finished; 0 while all is well or none come. */
  unfinishedMs(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : Math.round(nowMs - this.#sinceMs);
  }
}

/** Cameras whose frames come and are not finished: restarting the process is all that helps. One that is offline is not. */
export function stuckCameras({
  cameras,
}: {
  readonly cameras: Readonly<Record<string, { readonly unfinishedMs: number }>>;
}): string[] {
  return Object.keys(cameras).filter((name) => cameras[name]!.unfinishedMs > stuckAfterMs);
}
