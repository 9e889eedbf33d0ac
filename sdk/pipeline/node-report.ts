import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { BoardMonitor, BoardSenses, MeasuredPower, Throttling } from '../../devices/index.ts';
import { type Writer, type Written, written } from '../base/written.ts';
import type { PipelineStats } from './events.ts';
import { CpuMeter, EnergyPerInference } from './meter.ts';

/** What a node says of itself on `ocellus/<node>/stats`. */
export interface NodeStats {
  uptimeSeconds: number;
  /** Of one core, this process and its threads; decoders that run beside it (ffmpeg) are not in it. */
  cpuPercent: number;
  memory: { residentMb: number; heapMb: number };
  /** Degrees Celsius where the board tells it. */
  temperature: number | null;
  /** What the firmware of a Raspberry Pi slows it down for; null where it is not told. */
  throttling: Throttling | null;
  /** Over the last ten seconds; null where nothing measures it, and before the first report. */
  power: NodePower | null;
  /** How late timers came since the last report: the main thread was busy so long. */
  eventLoopDelayMs: { mean: number; p99: number };
  /** To disk, by what wrote it: of this process, whichever node it is of. */
  written: Record<Writer, Written>;
  model: string;
  cameras: Record<string, PipelineStats>;
}

export interface NodePower extends MeasuredPower {
  /**
   * Mean power times the time since the last report, divided by the frames that the detector looked at in that time, of
   * all cameras; null where it was none. It is the energy of all that the source covers: what the board needs when idle,
   * the cameras and other programs are in it, and nothing is subtracted.
   */
  readonly joulesPerInference: number | null;
}

const statsIntervalMs = 10_000;
/** A coarse clock: each measurement wakes the processor. */
const delayResolutionMs = 50;

/** Owns what is measured of a node's process and board, and when it is told. */
export class NodeReport {
  readonly #board: BoardMonitor;
  readonly #inferred: () => number;
  readonly #cpu = new CpuMeter();
  #cpuPercent = 0;
  #delay: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;
  #energy: EnergyPerInference | undefined;
  #joulesPerInference: number | null = null;
  #isReporting = false;

  /** @param inferred Frames that the detector looked at so far, of all cameras. */
  constructor(board: BoardMonitor, inferred: () => number) {
    this.#board = board;
    this.#inferred = inferred;
  }

  /** Which figures the board tells of itself, from the moment that is known. */
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
      model,
      cameras,
    };
  }

  /** Begins to look at the board. */
  prepare(): void {
    void this.#board.start();
  }

  /** Tells every ten seconds from now on. @param complain Is told why a report could not be made. */
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
    // A program that hangs must not be asked by ever more reports.
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

/** To a thousandth: milliwatts, millijoules. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;
const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
// The histogram counts a timer's whole interval; what is beyond it is delay.
const lateness = (ns = 0) => Math.max(0, Math.round((ns / 1e6 - delayResolutionMs) * 100) / 100) || 0;
