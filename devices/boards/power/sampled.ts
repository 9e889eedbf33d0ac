import type { Energy, PowerCoverage, PowerSource } from './power-source.ts';

/** More watts than that no board takes: the sensor, or its shunt, is not what it is said to be. */
const mostWatts = 1000;
/** After so many intervals without a value nobody knows what was between two. */
const longestGap = 5;

/** A source that tells the power of the moment: what lies between two values is taken for a straight line. */
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
