/** Whose frames these are, and its weight beside others. */
export interface Stream {
  readonly name: string;
  /** Turns it gets per turn of a stream with weight 1, while both want them. Above 0. Default: 1. */
  readonly weight?: number;
}

interface Waiting<Job> {
  readonly job: Job;
  readonly stream: string;
  readonly weight: number;
  /** Start and finish of its turn in virtual time. */
  readonly start: number;
  readonly end: number;
  /** Sequence number: of turns at the same time, the earlier arrival is first. */
  readonly order: number;
}

/** Streams that are remembered; beyond that, the least recently used start afresh. */
const mostRemembered = 256;

/**
 * Decides which stream is next at a shared core: each gets turns in proportion to its weight, one that wants less gets
 * all it wants, and none starves, whatever the others ask for. Within a stream, first come, first served.
 *
 * Source: start-time fair queueing (Goyal, Vin and Cheng, 1996), each turn counted as one.
 *
 * @example
 * turns.add(job, { name: 'door', weight: 2 });
 * const next = turns.take();
 */
export class Turns<Job> {
  #waiting: Waiting<Job>[] = [];
  /** The finish of each stream's last turn, least recently used first. */
  readonly #ends = new Map<string, number>();
  /** The places of turns that were given back. */
  readonly #owed = new Map<string, Pick<Waiting<Job>, 'start' | 'order'>>();
  #came = 0;
  /** The start of the last turn taken. */
  #now = 0;

  get size(): number {
    return this.#waiting.length;
  }

  add(job: Job, { name, weight = 1 }: Stream): void {
    const { start, order } = this.#owed.get(name) ?? { start: this.#startOf(name), order: this.#came++ };
    this.#owed.delete(name);
    const end = start + 1 / weight;
    this.#ends.delete(name);
    this.#ends.set(name, end);
    this.#waiting.push({ job, stream: name, weight, start, end, order });
  }

  /** The next job; undefined when none waits. */
  take(): Job | undefined {
    const next = this.#next();
    if (!next) return undefined;
    this.#waiting = this.#waiting.filter((one) => one !== next);
    // A turn that was given back began earlier.
    this.#now = Math.max(this.#now, next.start);
    this.#forget();
    return next.job;
  }

  /** Removes jobs that are no longer worth a turn; their streams keep their places for the next request. */
  takeIf(isUseless: (job: Job) => boolean): Job[] {
    const useless = this.#waiting.filter(({ job }) => isUseless(job));
    this.#waiting = this.#waiting.filter((one) => !useless.includes(one));
    // Of several jobs of one stream, the first place is kept.
    for (const { stream, start, order } of useless.toReversed()) this.#owed.set(stream, { start, order });
    return useless.map(({ job }) => job);
  }

  /** Removes and returns all waiting jobs, to close. */
  takeAll(): Job[] {
    return this.#waiting.splice(0).map(({ job }) => job);
  }

  /** Whether this stream, by its weight, would be next if it asked now: then it is worth waiting a moment for it. */
  isDue({ name, weight = 1 }: Stream): boolean {
    const next = this.#next();
    return next !== undefined && next.stream !== name && weight > next.weight && this.#startOf(name) <= next.start;
  }

  #startOf(name: string): number {
    return Math.max(this.#now, this.#ends.get(name) ?? 0);
  }

  /** The one that starts first; among equals the one that finishes first, then the one that arrived first. */
  #next(): Waiting<Job> | undefined {
    return this.#waiting.reduce<Waiting<Job> | undefined>(
      (best, one) =>
        best && (best.start - one.start || best.end - one.end || best.order - one.order) < 0 ? best : one,
      undefined,
    );
  }

  #forget(): void {
    if (this.#ends.size <= mostRemembered) return;
    const waiting = new Set(this.#waiting.map(({ stream }) => stream));
    for (const name of this.#ends.keys()) {
      if (this.#ends.size <= mostRemembered) return;
      if (waiting.has(name)) continue;
      this.#ends.delete(name);
      this.#owed.delete(name);
    }
  }
}
