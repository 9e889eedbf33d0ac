import { Nap } from '../../sdk/base/nap.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { monotonicNs } from './clock.ts';
import type { FrameOutlet } from './outlet.ts';

/** When a frame of recorded or made-up media was "captured". */
export interface FrameTimes {
  readonly captureTimeNs: number;
  readonly wallTimeMs: number;
}

/**
 * When later than this, the schedule is shifted rather than caught up with: the process slept, or decoding is too slow.
 */
const maxLagNs = 500e6;
/** Deviation from which the wall clock must have been set. */
const clockStepMs = 500;

/**
 * Plays media with timestamps. `realtime`: each frame when it is due, the newest wins, times are those of this
 * machine's clocks; `max`: as fast as frames are read, none dropped, times are the media's.
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

  /** @param options.keepsAll Waits for a slow reader at `realtime` too, instead of skipping to the newest frame. */
  constructor(outlet: FrameOutlet, speed: 'realtime' | 'max' = 'realtime', { keepsAll = false } = {}) {
    this.#outlet = outlet;
    this.#speed = speed;
    this.#keepsAll = keepsAll;
  }

  /** Starts playing: nothing is shown, and no time passes, before there is a reader. */
  begin(): void {
    this.#running = true;
    this.#nap.wake();
  }

  close(): void {
    this.#closed = true;
    this.#nap.wake();
  }

  /** Current media time, ns; frames due earlier can be skipped. 0 before the first frame and at `max`. */
  get positionNs(): number {
    return this.#startNs === undefined ? 0 : monotonicNs() - this.#startNs;
  }

  /**
   * Waits until the frame is due, then makes it and puts it into the outlet.
   *
   * @param make Returns undefined when there is no buffer for it.
   * @returns False once closed; `make` is not called then.
   */
  async present(mediaNs: number, make: (times: FrameTimes) => Frame | undefined): Promise<boolean> {
    while (!this.#running && !this.#closed) await this.#nap.sleep();
    if (this.#speed === 'max') {
      if (this.#closed) return false;
      const frame = make({ captureTimeNs: mediaNs, wallTimeMs: mediaNs / 1e6 });
      if (frame) await this.#outlet.put(frame);
      // Promises alone would starve timers, sockets and close().
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
    this.#startMs = this.#wallStartMs();
  }

  /**
   * When media time 0 was, by the wall clock. The position is read first: whatever comes between the two readings
   * makes it later, never earlier than it was.
   */
  #wallStartMs(): number {
    const sinceMs = this.positionNs / 1e6;
    return Date.now() - sinceMs;
  }

  /** A board may learn the time from the network only after minutes, and a loop goes on for years. */
  #followClock(): void {
    const startMs = this.#wallStartMs();
    if (Math.abs(startMs - this.#startMs) > clockStepMs) this.#startMs = startMs;
  }
}
