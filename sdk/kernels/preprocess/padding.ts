import type { Letterbox } from '../../frame/letterbox.ts';

type Tensor = Uint8Array | Float32Array;

/**
 * Remembers where the picture lies in which tensor: padding that was written is still there at the next call. Does not keep
 * the tensors alive.
 */
export class PaddedTensors {
  readonly #places = new WeakMap<Tensor, Letterbox>();

  /** Whether the padding around this place in the tensor has to be written; from now on it counts as written. */
  claim(out: Tensor, geometry: Letterbox): boolean {
    const { left, top, width, height, inputWidth, inputHeight } = geometry;
    if (width === inputWidth && height === inputHeight) {
      // The picture will lie over all padding there is.
      this.#places.delete(out);
      return false;
    }
    const known = this.#places.get(out);
    if (
      known !== undefined &&
      known.left === left &&
      known.top === top &&
      known.width === width &&
      known.height === height
    ) {
      return false;
    }
    this.#places.set(out, geometry);
    return true;
  }

  /** It was not written after all. */
  forget(out: Tensor): void {
    this.#places.delete(out);
  }
}
