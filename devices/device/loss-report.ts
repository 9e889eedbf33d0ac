import type { Logger } from '../../sdk/base/log.ts';

/** After this long without a loss the next one is reported again. */
const healthyMs = 60_000;
/** Maximum number of different messages between two healthy periods: reasons and sizes may vary without end. */
const mostSaid = 20;

/**
 * Logs losses and recoveries of a source. A camera that is unplugged for a month is tried some hundred thousand times,
 * and a loose cable fails as often: a line for each would bury the cause, and wear out the SD card.
 */
export class LossReport {
  readonly #logger: Logger;
  readonly #said = new Set<string>();
  #isLost = false;
  /** The current loss was logged, so its end is too. */
  #isTold = false;
  #backAt: number | undefined;
  #healthy: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Whether frames have arrived for long enough that all is well. */
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

  /** Frames arrive, for the first time or again. */
  came(): void {
    this.#backAt = performance.now();
    const say = () => this.#logger.info('frames arrive again');
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

  /** The size of the frames changed. */
  becameOther(before: Size, now: Size): void {
    const line = `its frames changed from ${before.width}x${before.height} to ${now.width}x${now.height}`;
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
