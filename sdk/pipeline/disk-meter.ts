import { RecentSum } from '../base/recent-sum.ts';
import { readText } from '../base/system-files.ts';

/** What this process made the system write to disks, compaction and what the file system adds to files included. */
export interface DiskUse {
  /** Bytes since the process started. */
  readonly bytes: number;
  /** In the last 24 hours, to the hour. */
  readonly lastDay: number;
  /** Years that a new card lasts at this rate, 1000 at most; null in the first hour, and while nothing is written. */
  readonly yearsLeft: number | null;
}

export interface DiskMeterOptions {
  /** What can be written to the card, in terabytes of 10^12 bytes. */
  readonly enduranceTb: number;
  /** Default: `/proc/self/io`. */
  readonly file?: string;
  /** A clock in ms since the process started, which never goes back. Default: `performance.now()`. */
  readonly now?: () => number;
}

const kernelFile = '/proc/self/io';

/** Does the kernel count what this process writes? */
export const isDiskCounted = () => readText(kernelFile) !== undefined;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const daysOfYear = 365.25;
const mostYears = 1000;

/** Reads what the kernel counts of this process's writing. Folders in memory (tmpfs) do not count. */
export class DiskMeter {
  readonly #file: string;
  readonly #enduranceTb: number;
  readonly #now: () => number;
  readonly #lastDay: RecentSum;
  #bytes = 0;

  constructor({ enduranceTb, file = kernelFile, now = () => performance.now() }: DiskMeterOptions) {
    this.#file = file;
    this.#enduranceTb = enduranceTb;
    this.#now = now;
    this.#lastDay = new RecentSum({ steps: 24, stepMs: hourMs, now });
  }

  /** Null where the kernel does not count it. */
  get use(): DiskUse | null {
    const bytes = this.#read();
    if (bytes === undefined) return null;
    // What was taken back counts as never written.
    if (bytes > this.#bytes) {
      this.#lastDay.add(bytes - this.#bytes);
      this.#bytes = bytes;
    }
    return { bytes: this.#bytes, lastDay: this.#lastDay.sum, yearsLeft: this.#yearsLeft() };
  }

  #read(): number | undefined {
    const text = readText(this.#file) ?? '';
    const count = (name: string) => {
      const [, digits] = new RegExp(`^${name}: (\\d+)$`, 'm').exec(text) ?? [];
      return digits === undefined ? undefined : Number(digits);
    };
    const written = count('write_bytes');
    return written === undefined ? undefined : Math.max(0, written - (count('cancelled_write_bytes') ?? 0));
  }

  #yearsLeft(): number | null {
    const { sum } = this.#lastDay;
    const now = this.#now();
    if (now < hourMs || sum === 0) return null;
    const perDay = (sum * dayMs) / Math.min(now, dayMs);
    const years = (this.#enduranceTb * 1e12) / (perDay * daysOfYear);
    return Math.min(mostYears, Number(years.toPrecision(3)));
  }
}
