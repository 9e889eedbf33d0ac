const mostBytes = 8 * 1024 * 1024;

/** The newest snapshot of each topic, bounded: those that changed longest ago go first. */
export class LastSnapshots {
  readonly #byTopic = new Map<string, Buffer>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param options.mostBytes Default 8 MiB: a hundred labels of the default size. */
  constructor(options: { mostBytes?: number } = {}) {
    this.#mostBytes = options.mostBytes ?? mostBytes;
  }

  set(topic: string, jpeg: Buffer): void {
    this.delete(topic);
    this.#byTopic.set(topic, jpeg);
    this.#bytes += jpeg.length;
    for (const oldest of this.#byTopic.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.delete(oldest);
    }
  }

  get(topic: string): Buffer | undefined {
    return this.#byTopic.get(topic);
  }

  delete(topic: string): void {
    this.#bytes -= this.#byTopic.get(topic)?.length ?? 0;
    this.#byTopic.delete(topic);
  }
}
