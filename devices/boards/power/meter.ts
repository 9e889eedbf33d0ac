import { setTimeout as wait } from 'node:timers/promises';
import { assertShape } from '../../../sdk/base/arguments.ts';
import type { Energy, PowerSource } from './power-source.ts';

/**
 * Polls a power source and adds up the energy.
 *
 * @example
 * const meter = new EnergyMeter(source);
 * await meter.start();
 * // … some work …
 * const { joules, seconds } = await meter.take();
 * meter.stop();
 */
export class EnergyMeter {
  readonly source: PowerSource;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Readings, one after the other. */
  #asking: Promise<void> = Promise.resolve();
  #isAsking = false;
  #taken: Energy = nothing;

  constructor(source: PowerSource, options: { intervalMs?: number } = {}) {
    assertShape('EnergyMeter: source', source, { next: 'function', intervalMs: 'number' }, 'a PowerSource');
    this.source = source;
    this.#intervalMs = options.intervalMs ?? source.intervalMs;
  }

  /** What is measured counts from when it resolves. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(() => {
      // A slow source is not queried again meanwhile.
      if (!this.#isAsking) void this.#ask();
    }, this.#intervalMs);
    this.#timer.unref();
    await this.take();
  }

  /** Ends measuring; `start()` begins anew. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** `stop()`, for `using meter = new EnergyMeter(source)`. */
  [Symbol.dispose](): void {
    this.stop();
  }

  /** Takes one more reading. @returns What was measured since the last call; 0 seconds if nothing was. */
  async take(): Promise<Energy> {
    await this.#ask();
    const taken = this.#taken;
    this.#taken = nothing;
    return taken;
  }

  #ask(): Promise<void> {
    this.#isAsking = true;
    const asked = this.#asking.then(async () => {
      const energy = await this.source.next(performance.now());
      if (energy) {
        this.#taken = {
          joules: this.#taken.joules + energy.joules,
          seconds: this.#taken.seconds + energy.seconds,
        };
      }
    });
    this.#asking = asked;
    return asked.finally(() => {
      if (this.#asking === asked) this.#isAsking = false;
    });
  }
}

const nothing: Energy = { joules: 0, seconds: 0 };
const momentMs = 300;

/** The mean power of about a third of a second, watts; undefined where it cannot be measured now. */
export async function measureWatts(source: PowerSource): Promise<number | undefined> {
  const meter = new EnergyMeter(source);
  await meter.start();
  await wait(momentMs);
  const { joules, seconds } = await meter.take();
  meter.stop();
  return seconds > 0 ? joules / seconds : undefined;
}
