import type { Readable } from 'node:stream';

/** Gives the bytes of a stream in the amounts that are asked for. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(source: Readable) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** @returns So many bytes; fewer where the stream ends before. */
  async take(count: number): Promise<Buffer> {
    while (this.#length < count) {
      const { done, value } = await this.#source.next();
      if (done) break;
      this.#parts.push(value);
      this.#length += value.length;
    }
    const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const taken = all.subarray(0, count);
    const rest = all.subarray(taken.length);
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return taken;
  }
}
