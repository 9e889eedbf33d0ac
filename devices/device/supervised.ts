import { Backoff } from '../../sdk/base/backoff.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { Nap } from '../../sdk/base/nap.ts';
import { Watchdog } from '../programs/watchdog.ts';
import { DeviceBase } from './base.ts';
import type { DeviceProperties } from './device.ts';
import type { Loss } from './loss.ts';
import { LossReport } from './loss-report.ts';

const defaultStallTimeoutMs = 10_000;
/** Time from the start to the first frame, beyond the stall timeout: the source connects. */
export const defaultStartGraceMs = 5_000;
/** In frames, of a source that is asked for few: one every ten seconds may be late by a few. */
const longestGap = 3;

/**
 * A live source that may be lost, or hang. It is restarted with growing delays until the device is closed.
 */
export abstract class SupervisedDevice extends DeviceBase {
  readonly #backoff = new Backoff();
  readonly #nap = new Nap();
  /** What is said of its losses, and of frames that have another size. */
  protected readonly report = new LossReport(this.logger);
  readonly #pauses: { work: () => Promise<void>; abandon: (error: Error) => void }[] = [];
  #supervising: Promise<void> | undefined;
  #watchdog: Watchdog | undefined;
  /** Of the present run. */
  #firstFrameMs: number | undefined;
  #onOnline: (() => void) | undefined;

  /** Reads the source until it is lost, or `endRun` is called. Must not throw. @returns Why it was lost. */
  protected abstract run(): Promise<Loss>;
  /** Ends the current run, if any, and waits for what it started. */
  protected abstract endRun(): Promise<void>;
  /** The source's properties, once a frame of this run has arrived. */
  protected abstract found(): DeviceProperties;
  /** Asked after each run: whether no other can follow it. */
  protected get isOver(): boolean {
    return false;
  }
  /** Turns the reason why the source could not be opened into advice. */
  protected explain({ reason }: Loss): string {
    return reason;
  }

  protected async start(): Promise<DeviceProperties> {
    const online = new Promise<void>((resolve) => {
      this.#onOnline = resolve;
    });
    const lost = this.#begin();
    // Whichever comes first: a frame, or the run's end without one.
    const loss = await Promise.race([online, lost]);
    this.assertOpening();
    if (loss !== undefined) throw new InputError(`${this.uri.replace(/:$/, '')}: ${this.explain(loss)}`);
    this.#supervising = this.#supervise(lost);
    return this.found();
  }

  protected async stop(): Promise<void> {
    this.#nap.wake();
    await this.endRun();
    await this.#supervising;
    this.report.stop();
    for (const { abandon } of this.#pauses.splice(0)) abandon(new InputError(`${this.uri} was closed`));
  }

  /**
   * Pauses the source for work that needs exclusive access, then continues. This does not count as a loss.
   *
   * @throws InputError while the source is away.
   */
  protected pause<T>(work: () => Promise<T>): Promise<T> {
    if (this.state !== 'online') throw new InputError(`${this.uri} is ${this.state}: try again when it is online`);
    return new Promise<T>((resolve, reject) => {
      this.#pauses.push({ work: () => work().then(resolve, reject), abandon: reject });
      void this.endRun();
    });
  }

  /** Whether a frame has arrived since the run began. */
  protected get hasFrames(): boolean {
    return this.#firstFrameMs !== undefined;
  }

  /** Call it for each frame, before it is offered. */
  protected frameCame(): void {
    this.counters.frames++;
    if (this.hasFrames) this.#watchdog?.feed();
    else this.#onFirstFrame();
  }

  /**
   * From now on frames are expected.
   *
   * @param bark Called when none arrive.
   * @param startGraceMs Extra time for the first, beyond the stall timeout.
   */
  protected expectFrames(bark: (loss: Loss) => void, startGraceMs = defaultStartGraceMs): void {
    this.#watchdog = new Watchdog((ms) => {
      const reason = `no frame for ${(ms / 1000).toFixed(1)} s`;
      this.countStall();
      // Not when the run has ended: to end what hangs may take long.
      if (this.state === 'online') {
        this.setError(reason);
        this.setState('offline');
      }
      bark({ kind: 'stalled', reason });
    });
    this.#watchdog.arm(this.#stallTimeoutMs + startGraceMs);
  }

  protected expectNoFrames(): void {
    this.#watchdog?.stop();
    this.#watchdog = undefined;
  }

  /** Frames a second that are asked of it: one that gives few is not one that hangs. */
  protected get slowestFps(): number | undefined {
    return this.options.fps;
  }

  get #stallTimeoutMs(): number {
    const { stallTimeoutMs = defaultStallTimeoutMs } = this.options;
    return Math.max(stallTimeoutMs, (longestGap * 1000) / (this.slowestFps ?? Number.POSITIVE_INFINITY));
  }

  #begin(): Promise<Loss> {
    this.#firstFrameMs = undefined;
    return this.run();
  }

  async #supervise(lost: Promise<Loss>): Promise<void> {
    // A source that ends right after its first frame must not be offline before `open()` has said online.
    await new Promise(setImmediate);
    for (;;) {
      const loss = await lost;
      if (this.closed) return;
      if (this.#pauses.length > 0) {
        await this.#doWhatWaits();
        if (this.closed) return;
        lost = this.#begin();
        continue;
      }
      if (this.isOver) {
        this.#end(loss);
        return;
      }
      this.setError(loss.reason);
      this.setState('offline');
      // A listener may have closed the device.
      if (this.closed) return;
      if (this.report.isHealthy) this.#backoff.reset();
      const waitMs = this.#backoff.next();
      this.report.lost(this.health.lastError ?? loss.reason, `next try in ${(waitMs / 1000).toFixed(1)} s`);
      await this.#nap.sleep(waitMs);
      if (this.closed) return;
      this.countRestart();
      lost = this.#begin();
    }
  }

  #end({ reason, isClean = false }: Loss): void {
    if (!isClean) this.setError(reason);
    this.outlet.end();
    this.setState('ended');
  }

  async #doWhatWaits(): Promise<void> {
    for (let pause = this.#pauses.shift(); pause; pause = this.#pauses.shift()) await pause.work();
  }

  #onFirstFrame(): void {
    this.#firstFrameMs = performance.now();
    this.#watchdog?.arm(this.#stallTimeoutMs);
    this.#onOnline?.();
    this.report.came();
    if (this.state !== 'offline') return;
    this.setProperties(this.found());
    this.setState('online');
  }
}
