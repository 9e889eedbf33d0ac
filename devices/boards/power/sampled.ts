import type { Energy, PowerCoverage, PowerSource } from './power-source.ts';

/** No board draws more watts: the sensor, or its shunt, is not as configured. */
const mostWatts = 1000;
/** After this many intervals without a reading, the time between is unknown. */
const longestGap = 5;

/** A source of momentary power, integrated by linear interpolation. */
export class SampledPower implements PowerSource {
  readonly name: string;
  readonly covers: PowerCoverage;
  readonly intervalMs: number;
  readonly #watts: () => Promise<number | undefined>;
  #last: { watts: number; atMs: number } | undefined;

  constructor(
    about: { name: string; covers: PowerCoverage; intervalMs: number },
    watts: () => Promise<number | undefined>,
  ) {
    this.name = about.name;
    this.covers = about.covers;
    this.intervalMs = about.intervalMs;
    this.#watts = watts;
  }

  async next(nowMs: number): Promise<Energy | undefined> {
    const watts = await this.#watts();
    const last = this.#last;
    if (watts === undefined || !(watts > 0 && watts <= mostWatts)) return undefined;
    this.#last = { watts, atMs: nowMs };
    if (!last || nowMs <= last.atMs || nowMs - last.atMs > longestGap * this.intervalMs) return undefined;
    const seconds = (nowMs - last.atMs) / 1000;
    return { joules: ((last.watts + watts) / 2) * seconds, seconds };
  }
}
