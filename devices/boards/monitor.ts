import { readTemperature } from './board/temperature.ts';
import { readThrottling, type Throttling } from './board/throttling.ts';
import { type AskFirmware, askFirmware } from './board/vcgencmd.ts';
import { findPower } from './power/find.ts';
import { EnergyMeter } from './power/meter.ts';
import type { PowerCoverage } from './power/power-source.ts';

/** The figures that a board reports. */
export interface BoardSenses {
  readonly temperature: boolean;
  readonly throttling: boolean;
  readonly power: boolean;
}

/** Power between two readings. */
export interface MeasuredPower {
  /** What measured it: `ina219`, `pmic`, `rapl`, … */
  readonly source: string;
  readonly covers: PowerCoverage;
  /** Mean, watts. */
  readonly watts: number;
  /** Since the monitor was started. */
  readonly joules: number;
}

/** The last readings of a board. */
export interface BoardReadings {
  readonly throttling: Throttling | null;
  readonly power: MeasuredPower | null;
}

/** How long a temperature reading stays current. */
const freshMs = 1000;
const unread: BoardReadings = { throttling: null, power: null };

/** Monitors a board's throttling and power. It reads files and runs programs without blocking the main thread. */
export class BoardMonitor {
  readonly #root: string;
  readonly #ask: AskFirmware;
  #senses: BoardSenses | undefined;
  #meter: EnergyMeter | undefined;
  #joules = 0;
  #readings = unread;
  #temperature: { atMs: number; degrees: number | null } = { atMs: Number.NEGATIVE_INFINITY, degrees: null };
  readonly #now: () => number;
  /** Of this start; a different one, or none, after a stop. */
  #run: object | undefined;

  /**
   * @param options.root Where `proc` and `sys` are; `/` but in tests.
   * @param options.now A clock in ms that never goes back.
   */
  constructor(options: { root?: string; ask?: AskFirmware; now?: () => number } = {}) {
    this.#now = options.now ?? (() => performance.now());
    this.#root = options.root ?? '/';
    this.#ask = options.ask ?? askFirmware;
  }

  /** Undefined until detected. */
  get senses(): BoardSenses | undefined {
    return this.#senses;
  }

  /** Processor temperature within the last second, degrees Celsius; null if the board does not report it. */
  get temperature(): number | null {
    const nowMs = this.#now();
    // Requests without a password must not keep the sensors busy: each zone is a file read synchronously.
    if (nowMs - this.#temperature.atMs >= freshMs) {
      this.#temperature = { atMs: nowMs, degrees: readTemperature(this.#root) ?? null };
    }
    return this.#temperature.degrees;
  }

  /** Those of the last `take()`. */
  get readings(): BoardReadings {
    return this.#readings;
  }

  /** Detects what this board reports, and starts measuring. */
  async start(): Promise<void> {
    const run = {};
    this.#run = run;
    const [throttling, { source }] = await Promise.all([
      readThrottling(this.#root, this.#ask),
      findPower(this.#root, this.#ask),
    ]);
    const meter = source && new EnergyMeter(source);
    await meter?.start();
    if (this.#run !== run) return meter?.stop();
    this.#meter = meter;
    this.#joules = 0;
    this.#readings = { throttling: throttling ?? null, power: null };
    this.#senses = {
      temperature: this.temperature !== null,
      throttling: throttling !== undefined,
      power: source !== undefined,
    };
  }

  /** Takes new readings. @returns Null for what the board does not report, or not at the moment. */
  async take(): Promise<BoardReadings> {
    const run = this.#run;
    const meter = this.#meter;
    const [throttling, energy] = await Promise.all([
      this.#senses?.throttling ? readThrottling(this.#root, this.#ask) : undefined,
      meter?.take(),
    ]);
    if (!run || this.#run !== run) return unread;
    const { joules, seconds } = energy ?? { joules: 0, seconds: 0 };
    this.#joules += joules;
    const power =
      meter && seconds > 0
        ? { source: meter.source.name, covers: meter.source.covers, watts: joules / seconds, joules: this.#joules }
        : null;
    this.#readings = { throttling: throttling ?? null, power };
    return this.#readings;
  }

  /** Ends measuring. Readings are unknown again. */
  stop(): void {
    this.#run = undefined;
    this.#meter?.stop();
    this.#meter = undefined;
    this.#readings = unread;
  }

  /** `stop()`, for `using monitor = new BoardMonitor()`. */
  [Symbol.dispose](): void {
    this.stop();
  }
}
