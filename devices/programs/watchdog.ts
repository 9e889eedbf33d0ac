/** Barks when it was not fed for a while. */
export class Watchdog {
  readonly #bark: (ms: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param bark Called once, with the time that went by without food. */
  constructor(bark: (ms: number) => void) {
    this.#bark = bark;
  }

  /** Restarts the wait, with this time. */
  arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#bark(ms), ms);
  }

  feed(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
