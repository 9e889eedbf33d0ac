/** What is known about a message on disk without reading it. */
export interface Stored {
  readonly sequence: number;
  readonly bytes: number;
  /** When it was put, in the outbox's own seconds: `AgeClock`. */
  readonly seconds: number;
  readonly retain: boolean;
}

/** Holes at the front are removed when there are this many. */
const compactAt = 4096;

/** The messages of a queue on disk by sequence, in three arrays: a day of events takes no more than 2 MB of memory. */
export class StoredIndex {
  #sequences: number[] = [];
  #seconds: number[] = [];
  /** Negative: retained. 0: gone. */
  #bytes: number[] = [];
  #first = 0;
  #count = 0;
  #total = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#total;
  }

  /** Sequences below it were assigned. */
  get end(): number {
    return (this.#sequences.at(-1) ?? -1) + 1;
  }

  /** The first message at or after a sequence. */
  at(sequence: number): Stored | undefined {
    for (let i = this.#find(sequence); i < this.#sequences.length; i++) {
      const bytes = this.#bytes[i]!;
      if (bytes !== 0) {
        const found = this.#sequences[i]!;
        return { sequence: found, bytes: Math.abs(bytes), seconds: this.#seconds[i]!, retain: bytes < 0 };
      }
    }
    return undefined;
  }

  has(sequence: number): boolean {
    return this.at(sequence)?.sequence === sequence;
  }

  /** Adds one after all others, or replaces an existing one. */
  set({ sequence, bytes, seconds, retain }: Stored): void {
    let i = this.#find(sequence);
    if (this.#sequences[i] === sequence) this.#forget(i);
    else {
      if (sequence < this.end) throw new Error(`expected a sequence from ${this.end}, got ${sequence}`);
      i = this.#sequences.push(sequence) - 1;
    }
    this.#seconds[i] = seconds;
    this.#bytes[i] = retain ? -bytes : bytes;
    this.#count++;
    this.#total += bytes;
  }

  remove(sequence: number): void {
    const i = this.#find(sequence);
    if (this.#sequences[i] === sequence) this.#forget(i);
    // The last one stays as a hole that marks the end.
    while (this.#first < this.#sequences.length - 1 && this.#bytes[this.#first] === 0) this.#first++;
    if (this.#first < compactAt || this.#first * 2 < this.#sequences.length) return;
    this.#sequences = this.#sequences.slice(this.#first);
    this.#seconds = this.#seconds.slice(this.#first);
    this.#bytes = this.#bytes.slice(this.#first);
    this.#first = 0;
  }

  #forget(i: number): void {
    const bytes = Math.abs(this.#bytes[i]!);
    if (bytes === 0) return;
    this.#bytes[i] = 0;
    this.#count--;
    this.#total -= bytes;
  }

  /** Index of the first sequence that is not smaller. */
  #find(sequence: number): number {
    let low = this.#first;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sequences[middle]! < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
