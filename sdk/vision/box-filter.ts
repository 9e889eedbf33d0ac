import type { Box } from './geometry.ts';

/**
 * A Kalman filter over a box that moves with a speed that changes at random: centre, width and height, each on its own,
 * since neither the motion nor the measurement mixes them. Noise is in shares of the box's height, as in SORT and
 * ByteTrack.
 *
 * The change of speed is white noise in continuous time, so that its share in a prediction depends on the time that
 * passed and not on the steps it was cut into: ten looks a second and one in ten seconds are the same motion.
 */
export class BoxFilter {
  // Per axis: position, velocity (per second), and the covariance's three numbers.
  readonly #position = new Float64Array(4);
  readonly #velocity = new Float64Array(4);
  readonly #pp = new Float64Array(4);
  readonly #pv = new Float64Array(4);
  readonly #vv = new Float64Array(4);

  constructor(box: Box) {
    axes(box, this.#position);
    this.#begin();
  }

  get box(): Box {
    const [x, y, width, height] = this.#position as unknown as [number, number, number, number];
    const w = Math.max(1, width) / 2;
    const h = Math.max(1, height) / 2;
    return [x - w, y - h, x + w, y + h];
  }

  /** Of its centre, pixels a second. */
  get speed(): number {
    return Math.hypot(this.#velocity[0]!, this.#velocity[1]!);
  }

  /** Moves the box on by so many seconds. */
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
  }

  /** In place of `predict()` for what rests: it has no speed, whatever its last boxes seemed to say, and may drift a little. */
  rest(): void {
    const height = this.#height();
    for (let i = 0; i < 4; i++) {
      this.#velocity[i] = 0;
      this.#pv[i] = 0;
      this.#vv[i] = (startSpeed * height) ** 2;
      this.#pp[i] = Math.min(this.#pp[i]!, (measured * height) ** 2) + (drift * height) ** 2;
    }
  }

  /** The view moved by so many pixels, and the box with it: no motion of its own. */
  shift(dx: number, dy: number): void {
    this.#position[0]! += dx;
    this.#position[1]! += dy;
  }

  /** Takes a detection in. */
  correct(box: Box): void {
    const variance = (measured * heightOf(box)) ** 2;
    const seen = axes(box, scratch);
    for (let i = 0; i < 4; i++) {
      const gain = this.#pp[i]! / (this.#pp[i]! + variance);
      const velocityGain = this.#pv[i]! / (this.#pp[i]! + variance);
      const surprise = seen[i]! - this.#position[i]!;
      this.#position[i]! += gain * surprise;
      this.#velocity[i]! += velocityGain * surprise;
      this.#vv[i]! -= velocityGain * this.#pv[i]!;
      this.#pv[i]! *= 1 - gain;
      this.#pp[i]! *= 1 - gain;
    }
  }

  /** It went from one box to another in so many seconds, which no prediction foresaw: begins anew with that speed. */
  leap(from: Box, to: Box, seconds: number): void {
    axes(to, this.#position);
    this.#begin();
    this.#velocity[0] = (from[0] + from[2] - to[0] - to[2]) / -2 / seconds;
    this.#velocity[1] = (from[1] + from[3] - to[1] - to[3]) / -2 / seconds;
  }

  #begin(): void {
    const height = this.#height();
    this.#velocity.fill(0);
    this.#pv.fill(0);
    this.#pp.fill((measured * height) ** 2);
    this.#vv.fill((startSpeed * height) ** 2);
  }

  #height(): number {
    return Math.max(1, this.#position[3]!);
  }
}

/** Standard deviation of a detection's centre, width and height, box heights. */
const measured = 0.05;
/** Standard deviation of the first speed, box heights a second. */
const startSpeed = 1;
/** Spectral density of the change of speed, heights² / s³: of the centre, and of width and height. */
const wander = 0.12;
const growth = 0.12;
/** Standard deviation of how far what rests drifts from one look to the next, box heights. */
const drift = 0.03;

const scratch = new Float64Array(4);

const heightOf = (box: Box) => Math.max(1, box[3] - box[1]);

function axes(box: Box, target: Float64Array): Float64Array {
  target[0] = (box[0] + box[2]) / 2;
  target[1] = (box[1] + box[3]) / 2;
  target[2] = box[2] - box[0];
  target[3] = box[3] - box[1];
  return target;
}
