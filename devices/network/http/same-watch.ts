import type { Logger } from '../../../sdk/base/log.ts';

const sameMs = 60_000;
const leastSame = 10;
/** A camera that sees nothing at night, or shows a still screen, is not told of again and again. */
const tellsEveryMs = 60 * 60_000;

/**
 * Notices a camera that hangs and still answers: it sends the same picture, byte for byte. A sensor's noise makes each picture
 * differ; only what sees nothing at all may repeat itself, so this is told and no more.
 */
export class SameWatch {
  readonly #logger: Logger;
  readonly #now: () => number;
  #last: Buffer | undefined;
  #count = 0;
  #sinceMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isTold = false;

  /** @param now In ms. */
  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  saw(picture: Buffer): void {
    const now = this.#now();
    if (this.#last?.equals(picture)) {
      this.#count++;
      const isLong = this.#count >= leastSame && now - this.#sinceMs >= sameMs;
      if (!isLong || this.#isTold || now - this.#toldMs < tellsEveryMs) return;
      this.#isTold = true;
      this.#toldMs = now;
      const seconds = Math.round((now - this.#sinceMs) / 1000);
      this.#logger.warn(`the same picture, byte for byte, for ${seconds} s: the camera may hang; restart it if so`);
      return;
    }
    if (this.#isTold) this.#logger.info('its pictures change again');
    this.#isTold = false;
    this.#last = picture;
    this.#count = 1;
    this.#sinceMs = now;
  }
}
