/** Larger buffers are left to the garbage collector: that of 20 megapixels is not kept. */
const mostKept = 16 * 2 ** 20;
/** One picture is looked at while the next one is read. */
const mostBuffers = 2;
/** Buffers are a multiple of this, so that pictures of almost the same size share one. */
const step = 2 ** 16;

/**
 * Memory for pictures that are read one after the other: a picture that is released leaves it to the next one. Else a megabyte for
 * each would wait for the garbage collector, which takes more time than the copying. It is shared memory, as frames of cameras have:
 * the core's thread reads it where it is.
 *
 * @example
 * const memory = new PictureMemory();
 * for (const path of paths) {
 *   const frame = await readPictureInto(memory, path);
 *   console.log(await model.detect(frame));
 *   frame.release();
 * }
 */
export class PictureMemory {
  readonly #free: SharedArrayBuffer[] = [];
  #allocated = 0;

  /** How many buffers were made so far. */
  get allocated(): number {
    return this.#allocated;
  }

  /** @returns So many bytes, of what was given back where it is large enough. What is in them is what was. */
  take(length: number): Uint8Array {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= length);
    const buffer = at >= 0 ? this.#free.splice(at, 1)[0]! : this.#make(length);
    return new Uint8Array(buffer, 0, length);
  }

  /** @param pixels What `take` returned, once. Nobody may use it any more. */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength > mostKept) return;
    this.#free.push(buffer);
    // The smallest first, which is also the first to go.
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    if (this.#free.length > mostBuffers) this.#free.shift();
  }

  #make(length: number): SharedArrayBuffer {
    this.#allocated++;
    return new SharedArrayBuffer(Math.max(1, Math.ceil(length / step)) * step);
  }
}
