/** A wait that can be cut short. One sleeper at a time. */
export class Nap {
  #wake: (() => void) | undefined;

  /** @param ms Default: until `wake()`. */
  sleep(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the wait that is under way, if there is one. */
  wake(): void {
    this.#wake?.();
  }
}
