/** The search ends when what is known to pass and what is known not to are closer than this. */
const closeEnough = 1.5;
/**
 * If the broker did not name the size as its reason, smaller packets are not blamed on their size: brokers for embedding
 * have limits down to some 8 KB (Moquette 8,092 bytes), and what a node cannot do without is smaller than this.
 */
const smallestGuess = 4 * 1024;
/** The broker's limit may have been changed in the meantime. */
const rememberedMs = 24 * 3_600_000;

/**
 * The largest packet a broker accepts, if it does not say so itself: found between those that it accepted and those that
 * it did not.
 */
export class SizeLimit {
  readonly #given: number;
  #accepted = 0;
  #refused = Number.POSITIVE_INFINITY;
  #refusedAt = 0;
  /** The broker named the size as its reason; otherwise the connection ended at a large one. */
  #isCertain = false;

  /** @param given Bytes; known beforehand. */
  constructor(given = Number.POSITIVE_INFINITY) {
    this.#given = given;
  }

  /** Its limit is below this many bytes. */
  get refused(): number {
    if (performance.now() - this.#refusedAt > rememberedMs) this.#forget();
    return Math.min(this.#given + 1, this.#refused);
  }

  /** The size to try, bytes: the geometric middle, while the limit is not known well enough. */
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
    // It accepted as much before: its limit has changed.
    if (!this.mayExceed(bytes)) this.#accepted = 0;
    this.#note(bytes);
    this.#isCertain = true;
  }

  /** The connection ended at a packet of this size. @returns False when its size cannot be the cause. */
  suspect(bytes: number): boolean {
    if (bytes <= smallestGuess || !this.mayExceed(bytes)) return false;
    this.#note(bytes);
    return true;
  }

  /** The size was not the cause after all. */
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
