/** Even on the slowest board, a program that works has released a frame by then. */
const patienceMs = 5000;

/** Sources without a buffer now: a program that has nothing else to do exits before the timeout. */
const starving = new Set<Starvation>();
let isListening = false;

/**
 * Warns once when all buffers of a source are in use and none comes back for some seconds: a program that forgets
 * `release()` would get some frames, then none, and not know why. It is a process warning, since the SDK has no logger
 * where frames are made.
 */
export class Starvation {
  readonly #source: string;
  readonly #held: () => number;
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  /**
   * @param source Name of the source in the warning.
   * @param held How many frames are not released now.
   */
  constructor(source: string, held: () => number) {
    this.#source = source;
    this.#held = held;
  }

  /** A buffer is wanted, and all are in use. */
  begin(): void {
    if (this.#hasWarned || this.#timer) return;
    if (!isListening) {
      isListening = true;
      process.on('beforeExit', () => {
        for (const one of starving) one.#warn('the program has nothing else to do');
      });
    }
    starving.add(this);
    this.#timer = setTimeout(() => this.#warn(`none came back for ${patienceMs / 1000} s`), patienceMs).unref();
  }

  /** One came back. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    starving.delete(this);
  }

  #warn(why: string): void {
    this.end();
    this.#hasWarned = true;
    process.emitWarning(
      `${this.#held()} frames of ${this.#source} were not released, there is no buffer for another one, and ${why}: call release() on each frame when you are done with it, or declare it with "using"`,
      { type: 'OcellusWarning', code: 'OCELLUS_FRAMES_NOT_RELEASED' },
    );
  }
}
