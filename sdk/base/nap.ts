import { after } from './timers.ts';

/** A wait that can be cut short, of any length. One sleeper at a time. */
export class Nap {
  #wake: (() => void) | undefined;

  /** @param ms Default: until `wake()`. */
  sleep(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = ms === undefined ? undefined : after(ms, resolve);
      this.#wake = () => {
        callOff?.();
        resolve();
      };
    });
  }

  /** Ends the current wait, if any. */
  wake(): void {
    this.#wake?.();
  }
}
