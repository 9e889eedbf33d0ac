/** Whoever looks at frames, even on the slowest board, has given one back by then. */
const patienceMs = 5000;

/** Those without a buffer now: a program that has nothing else to do ends before its patience does. */
const starving = new Set<Starvation>();
let isListening = false;

/**
 * Warns, once, when all buffers of a source are in use and none comes back for some seconds: a program that forgets
 * `release()` sees some frames and then none, and would not know why. A warning of the process, for the SDK has no logger
 * where frames are made.
 */
export class Starvation {
  readonly #source: string;
  readonly #held: () => number;
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  /**
   * @param source What the frames are of, as the warning names it.
   * @param held How many frames are not released now.
   */
  constructor(source: string, held: () => number) {
    this.#source = source;
    this.#held = held;
  }

  /** One is wanted, and all are in use. */
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
