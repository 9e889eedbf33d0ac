/** Embeddings side by side in large blocks: a separate array object for each would take a tenth more memory. */
export class EmbeddingPool {
  static readonly #rows = 256;
  readonly #dimension: number;
  readonly #blocks: Int8Array[] = [];
  readonly #free: number[] = [];
  #used = 0;

  constructor(dimension: number) {
    this.#dimension = dimension;
  }

  /** Copies the values in. @returns Their slot. */
  put(values: Int8Array): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot === this.#blocks.length * EmbeddingPool.#rows) {
      this.#blocks.push(new Int8Array(EmbeddingPool.#rows * this.#dimension));
    }
    this.at(slot).set(values);
    return slot;
  }

  /** The values of a slot, not a copy: they change once the slot is released. */
  at(slot: number): Int8Array {
    const start = (slot % EmbeddingPool.#rows) * this.#dimension;
    return this.#blocks[Math.floor(slot / EmbeddingPool.#rows)]!.subarray(start, start + this.#dimension);
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}
