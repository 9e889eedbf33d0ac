/** What was measured over some time. */
export interface Energy {
  readonly joules: number;
  readonly seconds: number;
}

/**
 * What a source's figure covers. `sensor`: what is wired behind it, usually the whole board. `rails`: the rails of a Pi
 * 5's PMIC, without direct 5 V consumers (USB, HATs, fan) and the losses of the regulators. `package`: x86 processors
 * alone, without memory, disks and the rest.
 */
export type PowerCoverage = 'sensor' | 'rails' | 'package';

/** Something on this board that measures power. */
export interface PowerSource {
  /** `ina219`, `pmic`, `rapl`, … */
  readonly name: string;
  readonly covers: PowerCoverage;
  /** Polling interval, ms. */
  readonly intervalMs: number;
  /**
   * Returns what was measured since the last call; undefined at the first call, when it cannot be read, or when the
   * last call is too long ago.
   *
   * @param nowMs Any monotonic clock, the same in each call.
   */
  next(nowMs: number): Promise<Energy | undefined>;
}
