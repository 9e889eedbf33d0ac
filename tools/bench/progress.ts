/**
 * Says on standard error how far a bench is, before each of its parts: what runs for minutes can be told from what hangs,
 * and standard output has the result alone.
 *
 * @example
 * const progress = new Progress(2 * rounds);
 * progress.next(`the hub, round 1 of ${rounds}`); // [1/10, 0 s] the hub, round 1 of 5
 */
export class Progress {
  readonly #parts: number;
  readonly #begunMs = performance.now();
  #part = 0;

  /** @param parts How many calls of `next` there will be. */
  constructor(parts: number) {
    this.#parts = parts;
  }

  next(what: string): void {
    const seconds = Math.round((performance.now() - this.#begunMs) / 1000);
    process.stderr.write(`[${++this.#part}/${this.#parts}, ${seconds} s] ${what}\n`);
  }
}
