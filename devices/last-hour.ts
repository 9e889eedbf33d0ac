const minutes = 60;
const minuteMs = 60_000;

/** Counts how often something happened in the last hour, to the minute: a number for each minute, and no more than that. */
export class LastHour {
  readonly #counts = new Uint32Array(minutes);
  readonly #now: () => number;
  #minute: number;

  /** @param now A clock in ms that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#minute = this.#currentMinute();
  }

  add(): void {
    this.#forget();
    this.#counts[this.#minute % minutes]!++;
  }

  get count(): number {
    this.#forget();
    return this.#counts.reduce((sum, one) => sum + one, 0);
  }

  /** Empties the minutes that came since the last call. */
  #forget(): void {
    const current = this.#currentMinute();
    const first = Math.max(this.#minute + 1, current - minutes + 1);
    for (let minute = first; minute <= current; minute++) this.#counts[minute % minutes] = 0;
    this.#minute = current;
  }

  #currentMinute(): number {
    return Math.floor(this.#now() / minuteMs);
  }
}
