import { type Box, bottomCentre, type Point } from './geometry.ts';

/** Initial standard deviation, in heights of the box: about a detector's on a walking person. */
const atFirst = 0.02;
/** Its minimum: people shift their weight and move their arms even where a box is perfectly steady. */
const least = 0.01;
/** Weight of the prior, in measurements. */
const trust = 5;
/** Measurements that are remembered. */
const memory = 50;
/** A deviation of more standard deviations is a turn, or a box that jumped: it is clipped to this many. */
const surprise = 3;
/**
 * Time between the positions that are compared, ns: errors of neighbouring frames are correlated, and the measurement
 * must not depend on the frame rate.
 */
const apartNs = 0.2e9;

interface Place {
  readonly point: Point;
  readonly timeNs: number;
}

/**
 * The jitter of an object's position. Of three positions in a row the middle one should be on the line between its
 * neighbours, whatever the speed and the times between them; its distance from that line measures the noise.
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
    // Variance of the deviation for three independent errors of variance 1.
    const spread = 1 + share ** 2 + (1 - share) ** 2;
    this.#measures = Math.min(memory, this.#measures + 1);
    const learnt = (variance: number, error: number) =>
      variance + (Math.min(error ** 2 / spread, surprise ** 2 * variance) - variance) / this.#measures;
    this.#x = learnt(this.#x, off(0));
    this.#y = learnt(this.#y, off(1));
  }

  /** Standard deviation of the bottom centre of an object with this box, pixels: `[horizontal, vertical]`. */
  of(box: Box): Point {
    const height = heightOf(box);
    return [Math.max(least, Math.sqrt(this.#x)) * height, Math.max(least, Math.sqrt(this.#y)) * height];
  }
}

const heightOf = (box: Box) => Math.max(1, box[3] - box[1]);
