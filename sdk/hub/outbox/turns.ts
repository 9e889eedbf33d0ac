/** Runs tasks one after the other. */
export class Turns {
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Whether a task is running or waiting. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  /** @param onError Must not throw. @param onDone Called afterwards in either case. */
  take(what: () => Promise<void> | undefined, onError: (error: unknown) => void, onDone: () => void): Promise<void> {
    this.#waiting++;
    this.#turn = this.#turn
      .then(what)
      .catch(onError)
      .finally(() => {
        this.#waiting--;
        onDone();
      });
    return this.#turn;
  }
}
