import type { Logger } from '../../sdk/base/log.ts';

/** After so long without a loss the next one is news again. */
const healthyMs = 60_000;
/** Different lines between two healthy times: a camera makes up as many reasons and sizes as it likes. */
const mostSaid = 20;

/**
 * What is said of a source that is lost and found again. A camera that is unplugged for a month is tried some hundred
 * thousand times, and a loose cable comes and goes as often: a line at each would hide what is wrong, and wear out the
 * card that the journal is on.
 */
export class LossReport {
  readonly #logger: Logger;
  readonly #said = new Set<string>();
  #isLost = false;
  /** The present loss was said, so its end is too. */
  #isTold = false;
  #backAt: number | undefined;
  #healthy: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Have frames come for so long that all is well? */
  get isHealthy(): boolean {
    return this.#backAt !== undefined && performance.now() - this.#backAt > healthyMs;
  }

  /** @param next What is done now: `next try in 0.7 s`. */
  lost(reason: string, next?: string): void {
    this.#isLost = true;
    this.#backAt = undefined;
    clearTimeout(this.#healthy);
    if (this.#isNews(reason)) {
      this.#isTold = true;
      this.#logger.warn(`no more frames: ${reason}${next ? `; ${next}` : ''}`);
    } else this.#logger.debug(`no more frames, as before: ${reason}`);
  }

  /** Frames come, for the first time or again. */
  came(): void {
    this.#backAt = performance.now();
    const say = () => this.#logger.info('frames come again');
    if (this.#isTold) say();
    const isToldLater = this.#isLost && !this.#isTold;
    this.#isLost = false;
    this.#isTold = false;
    clearTimeout(this.#healthy);
    this.#healthy = setTimeout(() => {
      this.#said.clear();
      if (isToldLater) say();
    }, healthyMs).unref();
  }

  /** The frames have another size from now on. */
  becameOther(before: Size, now: Size): void {
    const line = `its frames were ${before.width}x${before.height} and are ${now.width}x${now.height} now`;
    if (this.#isNews(line)) this.#logger.info(line);
  }

  stop(): void {
    clearTimeout(this.#healthy);
  }

  #isNews(line: string): boolean {
    if (this.#said.has(line) || this.#said.size >= mostSaid) return false;
    this.#said.add(line);
    return true;
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}
