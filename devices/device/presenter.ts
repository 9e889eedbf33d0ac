import { Nap } from '../../sdk/base/nap.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { monotonicNs } from './clock.ts';
import type { FrameOutlet } from './outlet.ts';

/** When a frame of recorded or made-up media was "captured". */
export interface FrameTimes {
  readonly captureTimeNs: number;
  readonly wallTimeMs: number;
}

/** Later than this, the presentation is put off rather than hurried: the process slept, or decoding is too slow. */
const maxLagNs = 500e6;
/** The wall clock was set when it is so far from where it should be. */
const clockStepMs = 500;

/**
 * Shows media that have times of their own. `realtime`: each frame when it is due, the newest wins, times are those of
 * this machine's clocks; `max`: as fast as frames are taken, none dropped, times are the media's.
 */
export class Presenter {
  readonly #outlet: FrameOutlet;
  readonly #speed: 'realtime' | 'max';
  readonly #keepsAll: boolean;
  #startNs: number | undefined;
  #startMs = 0;
  #running = false;
  #closed = false;
  readonly #nap = new Nap();

  /** @param options.keepsAll Waits for a slow reader at `realtime` too, in place of giving it the newest frame only. */
  constructor(outlet: FrameOutlet, speed: 'realtime' | 'max' = 'realtime', { keepsAll = false } = {}) {
    this.#outlet = outlet;
    this.#speed = speed;
    this.#keepsAll = keepsAll;
  }

  /** Lets the presentation begin: nothing is shown, and no time goes by, before somebody reads. */
  begin(): void {
    this.#running = true;
    this.#nap.wake();
  }

  close(): void {
    this.#closed = true;
    this.#nap.wake();
  }

  /** Media time now, ns; what was due earlier need not be made at all. 0 before the first frame and at `max`. */
  get positionNs(): number {
    return this.#startNs === undefined ? 0 : monotonicNs() - this.#startNs;
  }

  /**
   * Waits until it is time, then has the frame made and leaves it in the outlet.
   *
   * @param make Gives undefined when there is no buffer for it.
   * @returns False once closed; `make` is not called then.
   */
  async present(mediaNs: number, make: (times: FrameTimes) => Frame | undefined): Promise<boolean> {
    while (!this.#running && !this.#closed) await this.#nap.sleep();
    if (this.#speed === 'max') {
      if (this.#closed) return false;
      const frame = make({ captureTimeNs: mediaNs, wallTimeMs: mediaNs / 1e6 });
      if (frame) await this.#outlet.put(frame);
      // Promises alone would never let timers, sockets or a close() have their turn.
      await new Promise(setImmediate);
      return !this.#closed;
    }
    await this.#untilDue(mediaNs);
    if (this.#closed) return false;
    this.#followClock();
    const frame = make({ captureTimeNs: this.#startNs! + mediaNs, wallTimeMs: this.#startMs + mediaNs / 1e6 });
    if (frame && this.#keepsAll) await this.#outlet.put(frame);
    else if (frame) this.#outlet.offer(frame);
    return true;
  }

  async #untilDue(mediaNs: number): Promise<void> {
    if (this.#startNs === undefined) this.#setStart(monotonicNs() - mediaNs);
    for (;;) {
      const waitNs = this.#startNs! + mediaNs - monotonicNs();
      if (waitNs < -maxLagNs) this.#setStart(this.#startNs! - waitNs);
      if (waitNs <= 0 || this.#closed) return;
      await this.#nap.sleep(Math.ceil(waitNs / 1e6));
    }
  }

  #setStart(startNs: number): void {
    this.#startNs = startNs;
    this.#startMs = Date.now() - this.positionNs / 1e6;
  }

  /** A board may learn the time from the network only after minutes, and a loop goes on for years. */
  #followClock(): void {
    const startMs = Date.now() - this.positionNs / 1e6;
    if (Math.abs(startMs - this.#startMs) > clockStepMs) this.#startMs = startMs;
  }
}
