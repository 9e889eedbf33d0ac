import type { Fragment } from './fragments.ts';

export interface HeldFragment extends Fragment {
  /** When its first frame was taken, in ms. */
  readonly beginMs: number;
}

/** What a camera's clock may go slower than ours, as a share. */
const drift = 0.001;
/** What came later than that was not held up: there was a gap, which the video's own time does not show. */
const mostLateMs = 5000;

/** The last seconds of a camera's video, in memory. */
export class ClipRing {
  readonly #keepMs: number;
  readonly #mostBytes: number;
  #held: HeldFragment[] = [];
  #bytes = 0;
  /** The end of what came, by the video's own time, and when that was; what comes late does not change it. */
  #videoMs = 0;
  #aheadMs = Number.POSITIVE_INFINITY;

  /** @param keepMs How far back it goes, at least; a key frame is in front of that. @param mostBytes It goes before that. */
  constructor({ keepMs, mostBytes }: { keepMs: number; mostBytes: number }) {
    this.#keepMs = keepMs;
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param nowMs When it came, by a clock that never goes back.
   * @returns When its last frame was taken, by that clock: as long before as the others, whatever has held it up.
   */
  add(fragment: Fragment, nowMs: number): number {
    const lengthMs = (fragment.ticks * 1000) / fragment.header.timescale;
    this.#videoMs += lengthMs;
    const aheadMs = nowMs - this.#videoMs;
    const isLate = aheadMs > this.#aheadMs && aheadMs <= this.#aheadMs + mostLateMs;
    this.#aheadMs = isLate ? Math.min(aheadMs, this.#aheadMs + drift * lengthMs) : aheadMs;
    const endMs = this.#videoMs + this.#aheadMs;
    // Without a key frame before it, it is of no use.
    if (this.#held.length > 0 || fragment.isKey) {
      this.#held.push({ ...fragment, beginMs: endMs - lengthMs });
      this.#bytes += fragment.bytes.length;
      this.#trim(endMs);
    }
    return endMs;
  }

  #trim(nowMs: number): void {
    for (;;) {
      const second = this.#held.findIndex(({ isKey }, i) => i > 0 && isKey);
      const isOld = second > 0 && this.#held[second]!.beginMs <= nowMs - this.#keepMs;
      if (!isOld && this.#bytes <= this.#mostBytes) return;
      // All of it, where key frames are so far apart: it goes on with the next one.
      const gone = this.#held.splice(0, second > 0 ? second : this.#held.length);
      this.#bytes -= gone.reduce((sum, { bytes }) => sum + bytes.length, 0);
    }
  }

  /** From the last key frame before this moment on; from the first one where there is none. */
  from(ms: number): HeldFragment[] {
    const first = this.#held.findLastIndex(({ isKey, beginMs }) => isKey && beginMs <= ms);
    return this.#held.slice(Math.max(0, first));
  }

  /** What comes next is another stream. */
  clear(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#videoMs = 0;
    this.#aheadMs = Number.POSITIVE_INFINITY;
  }
}
