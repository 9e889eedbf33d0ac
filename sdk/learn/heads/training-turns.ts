/**
 * One piece of work after the other: trainers keep what they worked out, and must not be asked in the middle of it. Work
 * of one name that has not begun yet is done once for all who ask for it.
 */
export class TrainingTurns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<string, Promise<unknown>>();

  /** After all that was asked for before. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  /** The same, and once for all who ask before it begins. @param name Says all that the work depends on. */
  share<T>(name: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(name) as Promise<T> | undefined;
    if (waiting) return waiting;
    const result = this.run(() => {
      this.#waiting.delete(name);
      return work();
    });
    this.#waiting.set(name, result);
    return result;
  }

  /** All that was asked for is done, or failed. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
