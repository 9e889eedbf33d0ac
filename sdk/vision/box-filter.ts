import type { Box } from './geometry.ts';

/**
 * A Kalman filter over a box with randomly changing velocity: centre, width and height, each independent, since neither
 * motion nor measurement mixes them.
 *
 * Acceleration is white noise in continuous time, so a prediction depends on the time passed and not on the number of
 * steps: ten inferences a second and one in ten seconds describe the same motion. (With noise that grows with the
 * fourth power of the step, boxes of still objects swing as soon as a step takes a second.)
 */
export class BoxFilter {
  // Per axis: position, velocity (per second), and the covariance's three numbers.
  readonly #position = new Float64Array(4);
  readonly #velocity = new Float64Array(4);
  readonly #pp = new Float64Array(4);
  readonly #pv = new Float64Array(4);
  readonly #vv = new Float64Array(4);
  /** What `fit()` needs per axis: one over the variance of the innovation. */
  readonly #weight = new Float64Array(4);
  #best = 0;
  #isFresh = false;

  constructor(box: Box) {
    axes(box, this.#position);
    this.#begin();
  }

  get box(): Box {
    const x = this.#position[0]!;
    const y = this.#position[1]!;
    const w = Math.max(1, this.#position[2]!) / 2;
    const h = Math.max(1, this.#position[3]!) / 2;
    return [x - w, y - h, x + w, y + h];
  }

  /** Of its centre, pixels a second. */
  get speed(): number {
    return Math.hypot(this.#velocity[0]!, this.#velocity[1]!);
  }

  /** Predicts the box this many seconds ahead. */
  predict(seconds: number): void {
    const height2 = this.#height() ** 2;
    const dt = seconds;
    for (let i = 0; i < 4; i++) {
      const noise = (i < 2 ? wander : growth) * height2;
      this.#position[i]! += this.#velocity[i]! * dt;
      this.#pp[i]! += 2 * dt * this.#pv[i]! + dt * dt * this.#vv[i]! + (noise * dt ** 3) / 3;
      this.#pv[i]! += dt * this.#vv[i]! + (noise * dt ** 2) / 2;
      this.#vv[i]! += noise * dt;
    }
    this.#isFresh = false;
  }

  /**
   * Instead of `predict()` for an object at rest: its speed is zero whatever its last boxes suggested, and it drifts a
   * little. When it leaves, `predict()` continues from there.
   */
  rest(): void {
    const height = this.#height();
    this.#stand(height);
    for (let i = 0; i < 4; i++) {
      this.#pp[i] = Math.min(this.#pp[i]!, (measured * height) ** 2) + (drift * height) ** 2;
    }
    this.#isFresh = false;
  }

  /** The whole view moved by this many pixels, and the box with it: the object did not move. */
  shift(dx: number, dy: number): void {
    this.#position[0]! += dx;
    this.#position[1]! += dy;
  }

  /**
   * How well a box fits the prediction, from 0 (not at all) to about 0.8. An object whose position is well known fits
   * only there; one that may be anywhere fits nowhere well.
   */
  fit(box: Box): number {
    if (!this.#isFresh) this.#prepare();
    const width = box[2] - box[0];
    const height = box[3] - box[1];
    const dx = (box[0] + box[2]) / 2 - this.#position[0]!;
    const dy = (box[1] + box[3]) / 2 - this.#position[1]!;
    const dw = width - this.#position[2]!;
    const dh = height - this.#position[3]!;
    const weight = this.#weight;
    const surprise = dx * dx * weight[0]! + dy * dy * weight[1]! + dw * dw * weight[2]! + dh * dh * weight[3]!;
    return Math.max(0, this.#best - surprise / fitScale);
  }

  /** Boxes whose centre is farther to the side than this do not fit, pixels. */
  get reachX(): number {
    if (!this.#isFresh) this.#prepare();
    return Math.sqrt(Math.max(0, this.#best * fitScale) / this.#weight[0]!);
  }

  /** The same up and down. */
  get reachY(): number {
    if (!this.#isFresh) this.#prepare();
    return Math.sqrt(Math.max(0, this.#best * fitScale) / this.#weight[1]!);
  }

  /** Updates with a detection. @param score 0..1: the lower, the less exact its box. */
  correct(box: Box, score = usualScore): void {
    const seen = axes(box, scratch);
    const share = measured * (1 + usualScore - score);
    for (let i = 0; i < 4; i++) {
      const variance = (share * sizeAlong(i, seen)) ** 2;
      const gain = this.#pp[i]! / (this.#pp[i]! + variance);
      const velocityGain = this.#pv[i]! / (this.#pp[i]! + variance);
      const surprise = seen[i]! - this.#position[i]!;
      this.#position[i]! += gain * surprise;
      this.#velocity[i]! += velocityGain * surprise;
      this.#vv[i]! -= velocityGain * this.#pv[i]!;
      this.#pv[i]! *= 1 - gain;
      this.#pp[i]! *= 1 - gain;
    }
    this.#isFresh = false;
  }

  /** Restarts with the speed of a move from one box to another in this many seconds that no prediction foresaw. */
  leap(from: Box, to: Box, seconds: number): void {
    axes(to, this.#position);
    this.#begin();
    this.#velocity[0] = (to[0] + to[2] - from[0] - from[2]) / 2 / seconds;
    this.#velocity[1] = (to[1] + to[3] - from[1] - from[3]) / 2 / seconds;
  }

  #begin(): void {
    this.#stand(this.#height());
    for (let i = 0; i < 4; i++) this.#pp[i] = (measured * sizeAlong(i, this.#position)) ** 2;
    this.#isFresh = false;
  }

  #stand(height: number): void {
    this.#velocity.fill(0);
    this.#pv.fill(0);
    for (let i = 0; i < 4; i++) this.#vv[i] = ((i < 2 ? startSpeed : startGrowth) * height) ** 2;
  }

  #prepare(): void {
    const height2 = this.#height() ** 2;
    let spread = 0;
    for (let i = 0; i < 4; i++) {
      // In fractions of the height along both axes: a walker's width swings with each step.
      const variance = this.#pp[i]! + measured ** 2 * height2;
      this.#weight[i] = 1 / variance;
      spread += Math.log(variance / height2);
    }
    this.#best = (farthest - spread / 2) / fitScale;
    this.#isFresh = true;
  }

  #height(): number {
    return Math.max(1, this.#position[3]!);
  }
}

// Unless noted otherwise, these were chosen on the choosing seeds of `npm run bench:track`; each was the best of
// values a third apart, and its neighbours lose less than 0.5 HOTA.

/** Standard deviation of a detection's position and size along an axis, as a fraction of its size along that axis. */
const measured = 0.055;
/** That holds at this score; with each 0.1 less it grows by a tenth. */
const usualScore = 0.9;
/**
 * Standard deviation of the initial speed, of the centre (a person walks 0.8 heights a second) and of the size; heights
 * a second.
 */
const startSpeed = 1;
const startGrowth = 0.3;
/** Spectral density of the acceleration, heights² / s³: of the centre, and of width and height, which change slowly. */
const wander = 0.1;
const growth = 0.008;
/** Standard deviation of the drift of an object at rest from one inference to the next, box heights. */
const drift = 0.03;
/** Gate on the squared innovations, in standard deviations, plus half the logarithm of the variances. */
const farthest = 6;
/** Scales them to a fit whose best is about 0.8, comparable to an overlap. */
const fitScale = 24;

const scratch = new Float64Array(4);

/** The size along an axis of `[centre x, centre y, width, height]`; at least a pixel. */
const sizeAlong = (axis: number, box: Float64Array) => Math.max(1, box[axis % 2 === 0 ? 2 : 3]!);

function axes(box: Box, target: Float64Array): Float64Array {
  target[0] = (box[0] + box[2]) / 2;
  target[1] = (box[1] + box[3]) / 2;
  target[2] = box[2] - box[0];
  target[3] = box[3] - box[1];
  return target;
}
