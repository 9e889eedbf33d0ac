import type { DeviceHealth } from '../../devices/device/device.ts';
import type { PipelineStats } from './events.ts';
import { GazeMeter } from './gaze-meter.ts';
import { MovingMean, RateMeter } from './meter.ts';
import { Progress } from './progress.ts';

/** Of a frame's time, the detector may take this share. */
const busy = 0.8;

/** ms */
type Times = PipelineStats['times'];

/** Owns the counters and timings of one camera's frames. */
export class Meters {
  /** Whether the frames that arrive get finished. */
  readonly progress = new Progress();
  readonly #fpsIn = new RateMeter();
  readonly #fpsInferred = new RateMeter();
  readonly #times: Readonly<Record<keyof Times, MovingMean>> = {
    motion: new MovingMean(),
    queue: new MovingMean(),
    preprocess: new MovingMean(),
    infer: new MovingMean(),
    decode: new MovingMean(),
    track: new MovingMean(),
    total: new MovingMean(),
  };
  readonly #gaze = new GazeMeter();
  readonly #totals = { in: 0, gated: 0, late: 0, inferred: 0 };

  /** A frame arrived. @param nowMs `performance.now()` */
  arrived(nowMs: number): void {
    this.#totals.in++;
    this.#fpsIn.add(nowMs);
  }

  /**
   * The detector ran on a frame.
   *
   * @param nowMs When it answered, `performance.now()`. @param closer Of the regions, those that are not the whole view.
   * @param waiting Regions that wait for another frame.
   */
  inferred(nowMs: number, regions = 1, closer = 0, waiting = 0): void {
    this.#gaze.add(regions, closer, waiting);
    this.#totals.inferred++;
    this.#fpsInferred.add(nowMs);
  }

  /** It did not run: nothing moved, or other cameras had their turns first. */
  skipped(why: 'gated' | 'late'): void {
    this.#totals[why]++;
  }

  /** Records where the time of a frame went. */
  spent(times: Partial<Times>): void {
    for (const name of Object.keys(times) as (keyof Times)[]) this.#times[name].add(times[name]!);
  }

  /** How many regions of a frame the detector can look at within a frame's time at this rate; at least 1. */
  affordable(fps: number): number {
    const { queue, preprocess, infer, decode } = this.#times;
    const each = (preprocess.value + infer.value + decode.value) / Math.max(1, this.#gaze.stats.regions);
    const left = 1000 / fps - queue.value;
    return each > 0 ? Math.max(1, Math.floor((left * busy) / each)) : 1;
  }

  /** @param objects Confirmed tracks. @param dropped Frames that the devices dropped so far. */
  stats(nowMs: number, objects: number, dropped: number, device: DeviceHealth): PipelineStats {
    return {
      frames: { ...this.#totals, dropped },
      fps: { in: this.#fpsIn.rate(nowMs), inferred: this.#fpsInferred.rate(nowMs) },
      times: this.#read('value'),
      timeTotals: this.#read('total'),
      objects,
      gaze: this.#gaze.stats,
      unfinishedMs: this.progress.unfinishedMs(nowMs),
      device,
    };
  }

  #read(what: 'value' | 'total'): Times {
    return Object.fromEntries(Object.entries(this.#times).map(([name, meter]) => [name, meter[what]])) as Times;
  }
}
