import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { BoardMonitor, BoardSenses, MeasuredPower, Throttling } from '../../devices/index.ts';
import { type Writer, type Written, written } from '../base/written.ts';
import { DiskMeter, type DiskUse } from './disk-meter.ts';
import type { PipelineStats } from './events.ts';
import { CpuMeter, EnergyPerInference } from './meter.ts';

/** A node's figures, published on `ocellus/<node>/stats`. */
export interface NodeStats {
  uptimeSeconds: number;
  /** Percent of one core, of this process and its threads; without decoders in other processes (ffmpeg). */
  cpuPercent: number;
  memory: { residentMb: number; heapMb: number };
  /** Degrees Celsius, if the board reports it. */
  temperature: number | null;
  /** Why the firmware of a Raspberry Pi throttles it; null where unknown. */
  throttling: Throttling | null;
  /** Over the last ten seconds; null where it is not measured, and before the first report. */
  power: NodePower | null;
  /** How late timers fired since the last report, because the main thread was busy. */
  eventLoopDelayMs: { mean: number; p99: number };
  /** Written to disk by this process, of all its nodes, by writer. */
  written: Record<Writer, Written>;
  /** What the kernel counts of it, and how long a card lasts at this rate; null where it does not count. */
  disk: DiskUse | null;
  model: string;
  cameras: Record<string, PipelineStats>;
}

/** The power that a node takes, W, as its board measures it, and what that makes for each inference. */
export interface NodePower extends MeasuredPower {
  /**
   * Mean power times the time since the last report, divided by the inferences of all cameras in that time; null
   * without any. It includes all that the power source supplies: the idle board, the cameras, other programs; nothing
   * is subtracted.
   */
  readonly joulesPerInference: number | null;
}

const statsIntervalMs = 10_000;
/** A coarse interval: each measurement wakes the processor. */
const delayResolutionMs = 50;

/** Owns the measurements of a node's process and board, and reports them. */
export class NodeReport {
  readonly #board: BoardMonitor;
  readonly #inferred: () => number;
  readonly #cpu = new CpuMeter();
  readonly #disk: DiskMeter;
  #cpuPercent = 0;
  #delay: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;
  #energy: EnergyPerInference | undefined;
  #joulesPerInference: number | null = null;
  #isReporting = false;

  /**
   * @param inferred Returns the inferences so far, of all cameras.
   * @param enduranceTb What can be written to the card, in terabytes.
   */
  constructor(board: BoardMonitor, inferred: () => number, enduranceTb: number) {
    this.#board = board;
    this.#disk = new DiskMeter({ enduranceTb });
    this.#inferred = inferred;
  }

  /** Which figures the board reports, once known. */
  get senses(): BoardSenses | undefined {
    return this.#board.senses;
  }

  stats(model: string, cameras: Record<string, PipelineStats>): NodeStats {
    const { rss, heapUsed } = process.memoryUsage();
    const { throttling, power } = this.#board.readings;
    return {
      uptimeSeconds: Math.round(process.uptime()),
      cpuPercent: this.#cpuPercent,
      memory: { residentMb: megabytes(rss), heapMb: megabytes(heapUsed) },
      temperature: this.#board.temperature,
      throttling,
      power: power && {
        ...power,
        watts: rounded(power.watts),
        joules: rounded(power.joules),
        joulesPerInference: this.#joulesPerInference,
      },
      eventLoopDelayMs: {
        mean: lateness(this.#delay?.mean),
        p99: lateness(this.#delay?.percentile(99)),
      },
      written: written.stats,
      disk: this.#disk.use,
      model,
      cameras,
    };
  }

  /** Starts measuring the board. */
  prepare(): void {
    void this.#board.start();
  }

  /** Reports every ten seconds from now on. @param complain Called when a report could not be made. */
  start(tell: () => void, complain: (error: unknown) => void): void {
    this.#delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
    this.#delay.enable();
    this.#energy = new EnergyPerInference(this.#inferred(), performance.now());
    const timer = setInterval(() => {
      this.#report(tell, () => this.#timer === timer).catch(complain);
    }, statsIntervalMs);
    this.#timer = timer;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#delay?.disable();
    this.#board.stop();
  }

  async #report(tell: () => void, isRunning: () => boolean): Promise<void> {
    // A command that hangs must not be started again by every report.
    if (this.#isReporting) return;
    this.#isReporting = true;
    try {
      const { power } = await this.#board.take();
      if (!isRunning()) return;
      const joules = this.#energy!.take(power?.watts, this.#inferred(), performance.now());
      this.#joulesPerInference = joules && Number(joules.toPrecision(4));
      this.#cpuPercent = this.#cpu.take();
      tell();
      this.#delay?.reset();
    } finally {
      this.#isReporting = false;
    }
  }
}

/** Rounds to a thousandth: milliwatts, millijoules. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;
const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
// The histogram records a timer's whole interval; the excess is delay.
const lateness = (ns = 0) => Math.max(0, Math.round((ns / 1e6 - delayResolutionMs) * 100) / 100) || 0;
