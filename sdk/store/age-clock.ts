import { existsSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { crc32 } from 'node:zlib';

/** What can be known about the time that passed while no process had the store open. */
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

// CRC-32 of what follows (4), then seconds: the store's own, uptime, wall clock (4 each), whether that is set (1), boot id.
const headerBytes = 17;
const most = 0xffff_ffff;

/** When something was stored. */
export interface Stamp {
  /** In the store's own seconds. */
  readonly seconds: number;
  /** Since 1970; undefined where the network had not set the clock. */
  readonly wall?: number | undefined;
}

/**
 * Tells the age of what is in a store, also of what earlier processes put there, by elapsed time: the wall clock of a board
 * without a battery may show any year until the network sets it.
 *
 * It counts the seconds of the store's life, which are kept on disk beside its content. Between two processes it continues
 * from what can be known:
 *
 * - The machine was not rebooted: by its uptime, exactly.
 * - It was: by the wall clock, if that had been set from the network both times. There is no other sign that it is right: a
 *   plausible time may be the one that was saved when the board lost power.
 * - Otherwise no time is added. What is stored may then be kept longer than intended; the limits in bytes still apply.
 */
export class AgeClock {
  readonly #now: () => number;
  readonly #run: RunClock;
  /** The store's seconds at 0 ms; undefined until the disk has been read. */
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

  /** The store's seconds at a time in ms of this process. */
  secondsAt(ms: number): number {
    return Math.min(most, Math.max(0, Math.floor(this.#countAt(ms))));
  }

  /** The time in ms of this process at a second of the store; negative if that was before the process. */
  msAt(seconds: number): number {
    return (seconds - (this.#base ?? 0)) * 1000;
  }

  /** Of something that began at a time in ms of this process. */
  stampAt(ms: number): Stamp {
    const seconds = this.#countAt(ms);
    if (!this.#run.isSet()) return { seconds };
    return { seconds, wall: this.#run.wallSeconds() - (this.now() - ms) / 1000 };
  }

  /**
   * Tells how many seconds have certainly passed until now: as counted, or by the clock where the network had set it then
   * and has set it now. A board that is switched on learns the time only after a while.
   */
  ages(): (stamp: Stamp) => number {
    const count = this.#countAt(this.now());
    const now = this.#run.isSet() ? this.#run.wallSeconds() : Number.NEGATIVE_INFINITY;
    return ({ seconds, wall }) => Math.max(0, count - seconds, wall === undefined ? 0 : now - wall);
  }

  /** Seconds since a time of the wall clock, as that is now: to be told, never to be decided by. */
  toldAge(wallSeconds: number): number {
    return Math.max(0, this.#run.wallSeconds() - wallSeconds);
  }

  /** What the next process needs to know; to be written beside the content. */
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
   * @param newest The seconds of the newest entry on disk; it counts as new if the mark is missing or damaged.
   */
  resume(mark: Buffer | undefined, newest: number): void {
    if (this.#base !== undefined) return;
    const seconds = mark && isWhole(mark) ? mark.readUInt32BE(4) + this.#absence(mark) : newest;
    this.#base = seconds - this.now() / 1000;
  }

  #countAt(ms: number): number {
    return (this.#base ?? 0) + ms / 1000;
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
