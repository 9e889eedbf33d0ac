/** Between what is known to pass and what is known not to: nearer than this it is not looked for any more. */
const closeEnough = 1.5;
/** Where the broker did not name the size as its reason, less is not taken for its limit. */
const smallestGuess = 16 * 1024;
/** A broker may have been given another limit meanwhile. */
const rememberedMs = 24 * 3_600_000;

/**
 * The largest packet a broker takes, where it does not say so itself: found between those that it took and those that
 * it did not.
 */
export class SizeLimit {
  readonly #given: number;
  #accepted = 0;
  #refused = Number.POSITIVE_INFINITY;
  #refusedAt = 0;
  /** The broker named the size as its reason; else the connection ended, and it was a large one. */
  #isCertain = false;

  /** @param given Bytes; what is known beforehand. */
  constructor(given = Number.POSITIVE_INFINITY) {
    this.#given = given;
  }

  /** Its limit is below this many bytes. */
  get refused(): number {
    if (performance.now() - this.#refusedAt > rememberedMs) this.#forget();
    return Math.min(this.#given + 1, this.#refused);
  }

  /** What may be tried, bytes: half-way, in proportion, while it is not known well enough. */
  get bytes(): number {
    if (this.refused > this.#given) return this.#given;
    const accepted = Math.max(1, this.#accepted);
    const found = this.#refused / accepted < closeEnough ? accepted : Math.floor(Math.sqrt(accepted * this.#refused));
    return Math.min(this.#given, this.#isCertain ? found : Math.max(found, smallestGuess));
  }

  /** Whether a packet of this size may be too large. Not if a similar one was accepted. */
  mayExceed(bytes: number): boolean {
    return bytes > this.#accepted;
  }

  accept(bytes: number): void {
    this.#accepted = Math.max(this.#accepted, bytes);
    if (this.#accepted >= this.#refused) this.#forget();
  }

  /** The broker says that a packet of this size is too large. */
  refuse(bytes: number): void {
    // It took as much before: it has another limit now.
    if (!this.mayExceed(bytes)) this.#accepted = 0;
    this.#note(bytes);
    this.#isCertain = true;
  }

  /** The connection ended at a packet of this size. @returns False when that cannot be because of its size. */
  suspect(bytes: number): boolean {
    if (bytes <= smallestGuess || !this.mayExceed(bytes)) return false;
    this.#note(bytes);
    return true;
  }

  /** It was not the size, after all. */
  doubt(): void {
    if (!this.#isCertain) this.#forget();
  }

  #note(bytes: number): void {
    this.#refused = Math.min(this.#refused, bytes);
    this.#refusedAt = performance.now();
  }

  #forget(): void {
    this.#refused = Number.POSITIVE_INFINITY;
    this.#isCertain = false;
  }
}
