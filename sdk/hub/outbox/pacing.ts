import { Backoff } from '../../base/backoff.ts';
import { TokenBucket } from '../../base/token-bucket.ts';

const burst = 100;

/** Decides when the next message may be sent: at a limited rate, and with a pause after a refusal. */
export class Pacing {
  readonly #bucket: TokenBucket;
  readonly #backoff = new Backoff();
  readonly #onOver: () => void;
  #pause: NodeJS.Timeout | undefined;

  /** @param onOver Called at the end of each pause. */
  constructor(perSecond: number, onOver: () => void) {
    this.#bucket = new TokenBucket({ burst: Math.max(burst, perSecond / 5), eachMs: 1000 / perSecond });
    this.#onOver = onOver;
  }

  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** Whether a message may be sent now. If it is too early, starts a pause until then. */
  mayGo(): boolean {
    const waitMs = Math.ceil(this.#bucket.waitMs);
    if (waitMs > 0) this.#pauseFor(waitMs);
    return waitMs === 0;
  }

  /** A message is sent. */
  take(): void {
    this.#bucket.take();
  }

  /** The broker accepts nothing now: nothing is sent for a while, each time for longer. */
  backOff(): void {
    this.#pauseFor(this.#backoff.next());
  }

  /** The broker accepted a message. */
  accepted(): void {
    this.#backoff.reset();
  }

  /** Ends the pause without calling back. */
  stop(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #pauseFor(ms: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#onOver();
    }, ms);
    this.#pause.unref();
  }
}
