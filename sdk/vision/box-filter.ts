import type { Box } from './geometry.ts';

/**
 * A Kalman filter over a box that moves with constant velocity: centre, width and height, each on its own, since
 * neither the motion nor the measurement mixes them. Noise is in shares of the box's height, as in SORT and ByteTrack,
 * and grows with the time that really passed between two frames.
 */
export class BoxFilter {
  // Per axis: position, velocity (per second), and the covariance's three numbers.
  readonly #position = new Float64Array(4);
  readonly #velocity = new Float64Array(4);
  readonly #pp = new Float64Array(4);
  readonly #pv = new Float64Array(4);
  readonly #vv = new Float64Array(4);

  constructor(box: Box) {
    const height = heightOf(box);
    axes(box, this.#position);
    this.#pp.fill((measured * height) ** 2);
    this.#vv.fill((startSpeed * height) ** 2);
  }

  get box(): Box {
    const [x, y, width, height] = this.#position as unknown as [number, number, number, number];
    const w = Math.max(1, width) / 2;
    const h = Math.max(1, height) / 2;
    return [x - w, y - h, x + w, y + h];
  }

  /** Moves the box on by so many seconds. */
  predict(seconds: number): void {
    const noise = (acceleration * Math.max(1, this.#position[3]!)) ** 2;
    const dt = seconds;
    for (let i = 0; i < 4; i++) {
      this.#position[i]! += this.#velocity[i]! * dt;
      this.#pp[i]! += 2 * dt * this.#pv[i]! + dt * dt * this.#vv[i]! + (noise * dt ** 4) / 4;
      this.#pv[i]! += dt * this.#vv[i]! + (noise * dt ** 3) / 2;
      this.#vv[i]! += noise * dt * dt;
    }
  }

  /** It stands still now. */
  stop(): void {
    this.#velocity.fill(0);
    this.#pv.fill(0);
  }

  /** Takes a detection in. */
  correct(box: Box): void {
    const variance = (measured * heightOf(box)) ** 2;
    const seen = axes(box, new Float64Array(4));
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
}

/** Standard deviations, in box heights: of a detection, of the first speed (a second), of a change of speed (s²). */
const measured = 0.05;
const startSpeed = 1;
const acceleration = 2;

const heightOf = (box: Box) => Math.max(1, box[3] - box[1]);

function axes(box: Box, target: Float64Array): Float64Array {
  target[0] = (box[0] + box[2]) / 2;
  target[1] = (box[1] + box[3]) / 2;
  target[2] = box[2] - box[0];
  target[3] = box[3] - box[1];
  return target;
}
