/** Limits what a broker retains in memory, by topics and by bytes. */
export class RetainedBudget {
  readonly #maxTopics: number;
  readonly #maxBytes: number;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(options: { maxTopics?: number; maxBytes?: number } = {}) {
    this.#maxTopics = options.maxTopics ?? 10_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  }

  /** Books a retained message; an empty one frees its topic. @returns False when there is no room for it. */
  allow(topic: string, payloadBytes: number): boolean {
    const before = this.#sizes.get(topic);
    if (payloadBytes === 0) {
      this.#bytes -= before ?? 0;
      this.#sizes.delete(topic);
      return true;
    }
    const size = topic.length + payloadBytes;
    const bytes = this.#bytes - (before ?? 0) + size;
    if (bytes > this.#maxBytes || (before === undefined && this.#sizes.size >= this.#maxTopics)) return false;
    this.#sizes.set(topic, size);
    this.#bytes = bytes;
    return true;
  }
}
