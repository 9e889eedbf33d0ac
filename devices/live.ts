import { Backoff } from '../sdk/backoff.ts';
import { InputError, messageOf } from '../sdk/errors.ts';
import type { FramePool } from '../sdk/frame/pool.ts';
import { Nap } from '../sdk/nap.ts';
import { DeviceBase } from './base.ts';
import { Child, type Command } from './child.ts';
import { monotonicNs } from './clock.ts';
import type { DeviceProperties } from './device.ts';
import { PoolFiller } from './filler.ts';
import { pump, type StreamFormat, type StreamParser, type StreamSink } from './stream.ts';
import { Watchdog } from './watchdog.ts';

const defaultStallTimeoutMs = 10_000;
/** What a source may take, beyond the stall timeout, from its start to its first frame: it connects, waits for a key frame. */
const startGraceMs = 5_000;
/** After so long without a failure the next one counts as the first. */
const healthyMs = 60_000;

/** How a live source is read at the moment: the program may have been installed, the camera plugged in, since the last time. */
export interface LiveCommand extends Command {
  parser(sink: StreamSink): StreamParser;
}

/**
 * A source that goes on for ever through a program that may die, hang, or end as if all were well. Whatever happens to
 * it is a lost stream; it is started again, later and later, until the device is closed.
 */
export abstract class LiveDevice extends DeviceBase {
  readonly #backoff = new Backoff();
  readonly #filler = new PoolFiller((buffer, pool) => this.#onFrame(buffer, pool));
  #supervising: Promise<void> | undefined;
  #child: Child | undefined;
  #watchdog: Watchdog | undefined;
  #sequence = 0;
  /** Of the present program. */
  #firstFrameMs: number | undefined;
  #onOnline: (() => void) | undefined;
  readonly #nap = new Nap();

  /** @throws InputError when the source cannot be read, with what to do. */
  protected abstract command(): Promise<LiveCommand>;
  /** What the source is, once its stream has begun. */
  protected abstract describe(format: StreamFormat): DeviceProperties;
  /** Words for a person in place of what the program said when it could not open the source. */
  protected explain(said: string): string {
    return said;
  }

  protected async start(): Promise<DeviceProperties> {
    const online = new Promise<void>((resolve) => {
      this.#onOnline = resolve;
    });
    const lost = this.#runOnce();
    // Whichever comes first: a frame, or the program's end without one.
    const reason = await Promise.race([online, lost]);
    this.assertOpening();
    if (reason !== undefined) throw new InputError(`${this.uri.replace(/:$/, '')}: ${this.explain(reason)}`);
    this.#supervising = this.#supervise(lost);
    return this.describe(this.#filler.format!);
  }

  protected async stop(): Promise<void> {
    this.#nap.wake();
    await this.#child?.stop();
    await this.#supervising;
  }

  async #supervise(lost: Promise<string>): Promise<void> {
    // A program that ends right after its first frame must not be offline before `open()` has said online.
    await new Promise(setImmediate);
    for (;;) {
      const reason = await lost;
      if (this.closed) return;
      this.setError(reason);
      this.setState('offline');
      // Whoever was told may have closed the device.
      if (this.closed) return;
      if (this.#firstFrameMs !== undefined && performance.now() - this.#firstFrameMs > healthyMs) this.#backoff.reset();
      const waitMs = this.#backoff.next();
      this.logger.warn(`no more frames: ${this.health.lastError}; next try in ${(waitMs / 1000).toFixed(1)} s`);
      await this.#nap.sleep(waitMs);
      if (this.closed) return;
      this.countRestart();
      lost = this.#runOnce();
    }
  }

  /** Runs the program until it is lost. Never throws. @returns Why it was lost. */
  async #runOnce(): Promise<string> {
    this.#firstFrameMs = undefined;
    let child: Child;
    let parser: StreamParser;
    try {
      const command = await this.command();
      child = await Child.start(command);
      parser = command.parser(this.#filler);
    } catch (error) {
      return messageOf(error);
    }
    if (this.closed) {
      await child.stop(true);
      return 'closed';
    }
    this.#child = child;
    let reason: string | undefined;
    const watchdog = new Watchdog((ms) => {
      reason = `no frame for ${(ms / 1000).toFixed(1)} s`;
      this.countStall();
      void child.stop(true);
    });
    this.#watchdog = watchdog;
    watchdog.arm(this.#stallTimeoutMs + startGraceMs);
    try {
      await pump(child.stdout, parser);
      if (!parser.clean && reason === undefined && !this.closed) this.counters.corrupt++;
    } catch (error) {
      this.counters.corrupt++;
      reason = messageOf(error);
      await child.stop(true);
    }
    watchdog.stop();
    const how = await child.ended;
    this.#child = undefined;
    const said = child.said;
    // An exit status of 0 is a lost stream as well: ffmpeg ends so when a camera is unplugged or a server goes away.
    reason ??= `the stream ended (${how})`;
    return said ? `${reason}: ${said}` : reason;
  }

  get #stallTimeoutMs(): number {
    return this.options.stallTimeoutMs ?? defaultStallTimeoutMs;
  }

  #onFrame(buffer: Uint8Array | undefined, pool: FramePool): void {
    const captureTimeNs = monotonicNs();
    this.counters.frames++;
    if (this.#firstFrameMs === undefined) this.#onFirstFrame();
    else this.#watchdog!.feed();
    const sequence = this.#sequence++;
    if (buffer) this.outlet.offer(pool.frame(buffer, { sequence, captureTimeNs, wallTimeMs: Date.now() }));
    else this.counters.dropped++;
  }

  #onFirstFrame(): void {
    this.#firstFrameMs = performance.now();
    this.#watchdog!.arm(this.#stallTimeoutMs);
    this.#onOnline?.();
    if (this.state !== 'offline') return;
    this.setProperties(this.describe(this.#filler.format!));
    this.setState('online');
    this.logger.info('frames come again');
  }
}
