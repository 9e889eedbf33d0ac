/** Some views of an object have a dozen looks, and a page of near misses two dozen. */
const most = 128;

/**
 * Pictures of looks whose address was given to a page: an object that moves on has better looks a moment later, and the
 * earlier ones are to be had all the same. In memory, the last ones.
 */
export class ShownLooks {
  readonly #jpegs = new Map<string, Uint8Array>();

  /** @param path Its address. The picture that was shown longest ago is dropped when there are too many. */
  hold(path: string, jpeg: Uint8Array): void {
    this.#jpegs.delete(path);
    this.#jpegs.set(path, jpeg);
    if (this.#jpegs.size > most) this.#jpegs.delete(this.#jpegs.keys().next().value!);
  }

  get(path: string): Uint8Array | undefined {
    return this.#jpegs.get(path);
  }
}
