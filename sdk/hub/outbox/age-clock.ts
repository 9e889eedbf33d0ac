import { existsSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { crc32 } from 'node:zlib';

/** What can be known about the time that passed while no process had the outbox open. */
export interface RunClock {
  /** Identifies this boot of the machine; undefined if unknown. */
  readonly boot: string | undefined;
  /** Since the machine booted. */
  uptimeSeconds(): number;
  /** Since 1970. */
  wallSeconds(): number;
  /** The wall clock has been set from the network since the machine booted. */
  isSet(): boolean;
}

/** Created by systemd-timesyncd when it has set the clock. Other programs that set it need not create it, and are not believed. */
const setFile = '/run/systemd/timesync/synchronized';

function systemClock(): RunClock {
  let boot: string | undefined;
  let isSet = false;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // Not Linux.
  }
  return {
    boot,
    uptimeSeconds: uptime,
    wallSeconds: () => Date.now() / 1000,
    isSet: () => {
      isSet ||= existsSync(setFile);
      return isSet;
    },
  };
}

// CRC-32 of what follows (4), then seconds: the outbox's own, uptime, wall clock (4 each), whether that is set (1), boot id.
const headerBytes = 17;
const most = 0xffff_ffff;

/**
 * Tells the age of messages, also those of earlier processes, by elapsed time: the wall clock of a board without a
 * battery may show any year until the network sets it.
 *
 * It counts the seconds of the outbox's life, which are kept on disk beside the messages. Between two processes it continues
 * from what can be known:
 *
 * - The machine was not rebooted: by its uptime, exactly.
 * - It was: by the wall clock, if that had been set from the network both times. There is no other sign that it is right: a
 *   plausible time may be the one that was saved when the board lost power.
 * - Otherwise no time is added. A message may then be kept longer than intended; the limits in bytes still apply.
 */
export class AgeClock {
  readonly #now: () => number;
  readonly #run: RunClock;
  /** The outbox's seconds at 0 ms; undefined until the disk has been read. */
  #base: number | undefined;

  /** @param now A monotonic clock in ms. */
  constructor(now: () => number, run: RunClock = systemClock()) {
    this.#now = now;
    this.#run = run;
  }

  /** Ms, of this process. */
  now(): number {
    return this.#now();
  }

  /** The outbox's seconds at a time in ms of this process. */
  secondsAt(ms: number): number {
    return Math.min(most, Math.max(0, Math.floor((this.#base ?? 0) + ms / 1000)));
  }

  /** The time in ms of this process at a second of the outbox; negative if that was before the process. */
  msAt(seconds: number): number {
    return (seconds - (this.#base ?? 0)) * 1000;
  }

  /** What the next process needs to know; to be written beside the messages. */
  mark(): Buffer {
    const boot = Buffer.from(this.#run.boot ?? '', 'latin1');
    const mark = Buffer.alloc(headerBytes + boot.length);
    mark.writeUInt32BE(this.secondsAt(this.now()), 4);
    mark.writeUInt32BE(clamp(this.#run.uptimeSeconds()), 8);
    mark.writeUInt32BE(clamp(this.#run.wallSeconds()), 12);
    mark[16] = this.#run.isSet() ? 1 : 0;
    boot.copy(mark, headerBytes);
    mark.writeUInt32BE(crc32(mark.subarray(4)), 0);
    return mark;
  }

  /**
   * Continues where the last process left off. Only once: the count of this process is right whatever happens to the disk.
   *
   * @param newest The seconds of the newest message on disk; it counts as new if the mark is missing or damaged.
   */
  resume(mark: Buffer | undefined, newest: number): void {
    if (this.#base !== undefined) return;
    const seconds = mark && isWhole(mark) ? mark.readUInt32BE(4) + this.#absence(mark) : newest;
    this.#base = seconds - this.now() / 1000;
  }

  #absence(mark: Buffer): number {
    const { boot } = this.#run;
    const up = this.#run.uptimeSeconds() - mark.readUInt32BE(8);
    // In a container, uptime may count from the container's start, and can then be less than before.
    if (boot !== undefined && boot === mark.toString('latin1', headerBytes)) return Math.max(0, up);
    if (mark[16] !== 1 || !this.#run.isSet()) return 0;
    return Math.max(0, this.#run.wallSeconds() - mark.readUInt32BE(12));
  }
}

const isWhole = (mark: Buffer) => mark.length >= headerBytes && mark.readUInt32BE(0) === crc32(mark.subarray(4));
const clamp = (seconds: number) => Math.min(most, Math.max(0, Math.floor(seconds)));
