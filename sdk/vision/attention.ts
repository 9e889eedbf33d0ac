/** Whether the last inference looked where a track is, and found it. */
export class Attention {
  /** It was detected, by the last inference that looked where it is. */
  visible = true;
  /** The last inference did not look where it is. */
  stale = false;
  #wasVisible = true;
  /** Of the last inference that looked where it is. */
  #timeNs: number;

  constructor(timeNs: number) {
    this.#timeNs = timeNs;
  }

  /** A new inference, which has not found it yet. */
  begin(): void {
    this.#wasVisible = this.visible;
    this.visible = false;
    this.stale = false;
  }

  find(timeNs: number): void {
    this.visible = true;
    this.#timeNs = timeNs;
  }

  /** The inference did not look where it is. */
  pass(): void {
    this.visible = this.#wasVisible;
    this.stale = true;
  }

  /** The inference looked and did not find it. @returns The seconds that it stands for. */
  miss(timeNs: number): number {
    const seconds = Math.max(0, timeNs - this.#timeNs) / 1e9;
    this.#timeNs = timeNs;
    return seconds;
  }
}
