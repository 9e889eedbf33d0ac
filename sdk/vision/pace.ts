import { median } from './median.ts';

/** Steps that it is estimated from: a single long one (a camera that was away) changes nothing. */
const remembered = 5;

/** The usual time between two inferences while something is followed, in seconds. */
export class Pace {
  #steps: number[] = [];
  #seconds = 0;
  #longest = 0;

  /** 0 while unknown. */
  get seconds(): number {
    return this.#seconds;
  }

  /** The longest of the last steps, seconds: where inferences are irregular, a long step is not a gap. */
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
