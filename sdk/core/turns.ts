/** Whose frames these are, and how often it is its turn beside others that want one. */
export interface Stream {
  readonly name: string;
  /** Turns it gets for each one of a stream with 1, while both want them. Above 0. Default: 1. */
  readonly weight?: number;
}

interface Waiting<Job> {
  readonly job: Job;
  readonly stream: string;
  readonly weight: number;
  /** Where its turn begins and ends on the scale of turns. */
  readonly start: number;
  readonly end: number;
  /** Counts those that came: of turns at one time the first to come is the first. */
  readonly order: number;
}

/** Streams that are remembered; of more, those that asked longest ago begin anew. */
const mostRemembered = 256;

/**
 * Who is next at a core that several streams share: each gets turns in proportion to its weight, one that wants less
 * gets all it wants, and none starves, whatever the others ask for. Of one stream the first to come is the first.
 *
 * Source: start-time fair queueing (Goyal, Vin and Cheng, 1996), each turn counted as one.
 *
 * @example
 * turns.add(job, { name: 'door', weight: 2 });
 * const next = turns.take();
 */
export class Turns<Job> {
  #waiting: Waiting<Job>[] = [];
  /** Of each stream the end of its last turn, the one that asked last at the end. */
  readonly #ends = new Map<string, number>();
  /** Turns that were given back: their places. */
  readonly #owed = new Map<string, Pick<Waiting<Job>, 'start' | 'order'>>();
  #came = 0;
  /** The start of the turn that was taken last. */
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

  /** Takes out what is not worth its turn any more; its stream keeps its place for what it asks next. */
  takeIf(isUseless: (job: Job) => boolean): Job[] {
    const useless = this.#waiting.filter(({ job }) => isUseless(job));
    this.#waiting = this.#waiting.filter((one) => !useless.includes(one));
    // Of several of one stream the first place is kept.
    for (const { stream, start, order } of useless.toReversed()) this.#owed.set(stream, { start, order });
    return useless.map(({ job }) => job);
  }

  /** All that waits, for the end. */
  takeAll(): Job[] {
    return this.#waiting.splice(0).map(({ job }) => job);
  }

  /** If this stream asked now, would it be its turn before all that wait, by its weight? Then it is worth a moment to wait for it. */
  isDue({ name, weight = 1 }: Stream): boolean {
    const next = this.#next();
    return next !== undefined && next.stream !== name && weight > next.weight && this.#startOf(name) <= next.start;
  }

  #startOf(name: string): number {
    return Math.max(this.#now, this.#ends.get(name) ?? 0);
  }

  /** The one that begins first; of those that begin together the one that ends first, then the one that came first. */
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
