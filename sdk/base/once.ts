/** Makes something once, when it is first asked for. A failure is not kept: the next call tries again. */
export class Once<T> {
  readonly #make: () => Promise<T>;
  #made: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** @throws What `make` throws. */
  get(): Promise<T> {
    if (this.#made) return this.#made;
    const made = this.#make().catch((error: unknown) => {
      if (this.#made === made) this.#made = undefined;
      throw error;
    });
    this.#made = made;
    return made;
  }

  /**
   * Forgets it: the next call makes a new one. @returns What was made or is being made; undefined where that failed.
   */
  async take(): Promise<T | undefined> {
    const made = this.#made;
    this.#made = undefined;
    return made?.catch(() => undefined);
  }
}
