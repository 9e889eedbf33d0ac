/**
 * Runs work one piece after the other: trainers keep intermediate results, and must not be called while they work. Work
 * of one name that has not begun yet is done once for all callers.
 */
export class TrainingTurns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<string, Promise<unknown>>();

  /** Runs after all earlier requests. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  /** The same, but once for all callers before it begins. @param name Covers everything the work depends on. */
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

  /** Resolves when all requested work is done, or failed. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
