import type { Plane } from '../frame/frame.ts';

/** The largest buffer that is kept between frames; that of a 20-megapixel still is not. */
const maxKept = 16 * 2 ** 20;

/** Makes the pixels of a frame readable by another thread: at most one copy, into a reused buffer. */
export class SharedStaging {
  #buffer: SharedArrayBuffer | undefined;

  /** The same planes in shared memory, copied only if needed; valid until the next call. */
  inSharedMemory(planes: readonly Plane[]): readonly Plane[] {
    const lengths = planes.map(({ data }) => (isShared(data) ? 0 : data.length));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total === 0) return planes;
    const buffer = this.#take(total);
    let offset = 0;
    return planes.map((plane, i) => {
      if (lengths[i] === 0) return plane;
      const data = new Uint8Array(buffer, offset, lengths[i]);
      data.set(plane.data);
      offset += lengths[i]!;
      return { data, stride: plane.stride };
    });
  }

  #take(length: number): SharedArrayBuffer {
    if (this.#buffer && this.#buffer.byteLength >= length) return this.#buffer;
    const buffer = new SharedArrayBuffer(length);
    if (length <= maxKept) this.#buffer = buffer;
    return buffer;
  }
}

function isShared(data: Uint8Array): boolean {
  return data.buffer instanceof SharedArrayBuffer;
}
