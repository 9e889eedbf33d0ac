import { type Box, bottomCentre, type Point } from './geometry.ts';

/** Standard deviation at first, in heights of the box: about what a detector gives of somebody who walks. */
const atFirst = 0.02;
/** And at least: people shift their weight and move their arms where a box is as steady as a rock. */
const least = 0.01;
/** What is thought at first counts as so many measures. */
const trust = 5;
/** Measures that are remembered. */
const memory = 50;
/** A surprise of more standard deviations is a turn, or a box that jumped: it counts as this many. */
const surprise = 3;
/**
 * Places that are compared are so far apart, ns: boxes of neighbouring frames are wrong in the same way, and at any rate of
 * frames the measure is to be the same.
 */
const apartNs = 0.2e9;

interface Place {
  readonly point: Point;
  readonly timeNs: number;
}

/**
 * How far the place trembles where an object stands. Of three places in a row the middle one should be on the way between
 * its neighbours, whatever the speed and however far apart they are in time; how far it is off tells the noise.
 *
 * @example
 * const tremble = new Tremble();
 * for (const { box, timeNs } of observations) tremble.observe(box, timeNs);
 * tremble.of(box); // [1.2, 4.5]: pixels, to the side and up and down
 */
export class Tremble {
  #before: Place | undefined;
  #last: Place | undefined;
  #measures = trust;
  // Variances, in squared heights.
  #x = atFirst ** 2;
  #y = atFirst ** 2;

  /** @param box In pixels. @param timeNs Not before that of the last call. */
  observe(box: Box, timeNs: number): void {
    const [before, last] = [this.#before, this.#last];
    // Frames come some ms early or late.
    if (last && timeNs - last.timeNs < apartNs * 0.9) return;
    const now: Place = { point: bottomCentre(box), timeNs };
    this.#before = last;
    this.#last = now;
    if (!before || !last) return;
    const share = (last.timeNs - before.timeNs) / (timeNs - before.timeNs);
    const off = (axis: 0 | 1) =>
      (last.point[axis] - before.point[axis] - share * (now.point[axis] - before.point[axis])) / heightOf(box);
    // What three independent errors of variance 1 make of it.
    const spread = 1 + share ** 2 + (1 - share) ** 2;
    this.#measures = Math.min(memory, this.#measures + 1);
    const learnt = (variance: number, error: number) =>
      variance + (Math.min(error ** 2 / spread, surprise ** 2 * variance) - variance) / this.#measures;
    this.#x = learnt(this.#x, off(0));
    this.#y = learnt(this.#y, off(1));
  }

  /** Standard deviation of the bottom centre of an object with this box, pixels: `[to the side, up and down]`. */
  of(box: Box): Point {
    const height = heightOf(box);
    return [Math.max(least, Math.sqrt(this.#x)) * height, Math.max(least, Math.sqrt(this.#y)) * height];
  }
}

const heightOf = (box: Box) => Math.max(1, box[3] - box[1]);
