import { median } from './median.ts';

/** Steps it is judged by: one that took long (a camera that was away) changes nothing. */
const remembered = 5;

/** How often an inference comes while something is followed: the usual time between two inferences, in seconds. */
export class Pace {
  #steps: number[] = [];
  #seconds = 0;
  #longest = 0;

  /** 0 while it is not known. */
  get seconds(): number {
    return this.#seconds;
  }

  /** The longest of the last steps, seconds: where inferences come irregularly, a long one is no gap. */
  get longest(): number {
    return this.#longest;
  }

  add(seconds: number): void {
    this.#steps.push(seconds);
    if (this.#steps.length > remembered) this.#steps.shift();
    this.#seconds = median(this.#steps);
    this.#longest = Math.max(...this.#steps);
  }

  reset(): void {
    this.#steps = [];
    this.#seconds = 0;
    this.#longest = 0;
  }
}
