/** What was measured over some time. */
export interface Energy {
  readonly joules: number;
  readonly seconds: number;
}

/**
 * What a source's figure is of. `sensor`: what is wired behind it, as a rule the whole board. `rails`: the rails of a Pi 5's
 * PMIC, without what hangs on 5 V itself (USB, HATs, fan) and without the losses of the regulators. `package`: x86
 * processors alone, without memory, disks and the rest.
 */
export type PowerCoverage = 'sensor' | 'rails' | 'package';

/** Something on this board that measures power. */
export interface PowerSource {
  /** `ina219`, `pmic`, `rapl`, … */
  readonly name: string;
  readonly covers: PowerCoverage;
  /** How often it is to be asked, ms. */
  readonly intervalMs: number;
  /**
   * What was measured since the last call; undefined at the first one, where it cannot be read, and when the last call is
   * too long ago to tell.
   *
   * @param nowMs Any monotonic clock, the same in each call.
   */
  next(nowMs: number): Promise<Energy | undefined>;
}
