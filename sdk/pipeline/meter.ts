/** Moving mean: each new value has a weight of a tenth. */
export class MovingMean {
  #value = 0;
  #total = 0;
  #seen = false;

  add(value: number): void {
    this.#total += value;
    this.#value = this.#seen ? this.#value + (value - this.#value) * 0.1 : value;
    this.#seen = true;
  }

  get value(): number {
    return Math.round(this.#value * 1000) / 1000;
  }

  /** Sum of all values. */
  get total(): number {
    return Math.round(this.#total * 1000) / 1000;
  }
}

/** Rate of events per second over the last five seconds, in constant memory. */
export class RateMeter {
  readonly #marks = new Float64Array(256);
  #count = 0;

  /** @param nowMs Any monotonic clock, the same in `add` and `rate`. */
  add(nowMs: number): void {
    this.#marks[this.#count++ % this.#marks.length] = nowMs;
  }

  rate(nowMs: number): number {
    const held = Math.min(this.#count, this.#marks.length);
    let recent = 0;
    let oldest = nowMs;
    for (let i = 1; i <= held; i++) {
      const mark = this.#marks[(this.#count - i) % this.#marks.length]!;
      if (nowMs - mark > windowMs) break;
      oldest = mark;
      recent++;
    }
    // Between n marks lie n - 1 intervals; the time since the newest one counts too, so that a stopped source falls to 0.
    const spanMs = nowMs - oldest;
    return recent < 2 || spanMs <= 0 ? 0 : Math.round(((recent - 1) / spanMs) * 10_000) / 10;
  }
}

const windowMs = 5000;

/** CPU usage of this process and its threads since the last call, in percent of one core. */
export class CpuMeter {
  #usage = process.cpuUsage();
  #at = performance.now();

  take(): number {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#usage);
    const percent = Math.round((user + system) / 10 / Math.max(1, now - this.#at));
    this.#usage = process.cpuUsage();
    this.#at = now;
    return percent;
  }
}

/** Energy per inference: mean power times the time since the last call, divided by the number of inferences. */
export class EnergyPerInference {
  #inferred: number;
  #atMs: number;

  /** @param inferred Frames so far. @param nowMs Any monotonic clock, the same in `take`. */
  constructor(inferred: number, nowMs: number) {
    this.#inferred = inferred;
    this.#atMs = nowMs;
  }

  /** @returns Joules; null when the power is unknown or nothing was inferred. */
  take(watts: number | undefined, inferred: number, nowMs: number): number | null {
    const frames = inferred - this.#inferred;
    const seconds = (nowMs - this.#atMs) / 1000;
    this.#inferred = inferred;
    this.#atMs = nowMs;
    return watts === undefined || frames <= 0 ? null : (watts * seconds) / frames;
  }
}
