import type { DeviceHealth } from '../../devices/device/device.ts';
import type { PipelineStats } from './events.ts';
import { MovingMean, RateMeter } from './meter.ts';
import { Progress } from './progress.ts';

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
  readonly #totals = { in: 0, gated: 0, late: 0, inferred: 0 };

  /** A frame arrived. @param nowMs `performance.now()` */
  arrived(nowMs: number): void {
    this.#totals.in++;
    this.#fpsIn.add(nowMs);
  }

  /** The detector ran on a frame. @param nowMs When it answered, `performance.now()`. */
  inferred(nowMs: number): void {
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

  /** @param objects Confirmed tracks. @param dropped Frames that the devices dropped so far. */
  stats(nowMs: number, objects: number, dropped: number, device: DeviceHealth): PipelineStats {
    return {
      frames: { ...this.#totals, dropped },
      fps: { in: this.#fpsIn.rate(nowMs), inferred: this.#fpsInferred.rate(nowMs) },
      times: this.#read('value'),
      timeTotals: this.#read('total'),
      objects,
      unfinishedMs: this.progress.unfinishedMs(nowMs),
      device,
    };
  }

  #read(what: 'value' | 'total'): Times {
    return Object.fromEntries(Object.entries(this.#times).map(([name, meter]) => [name, meter[what]])) as Times;
  }
}
