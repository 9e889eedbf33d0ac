import type { Frame } from '../frame/frame.ts';
import { kernels } from '../kernels/kernels.ts';
import { cellSize, type MotionState, motionState } from '../kernels/motion/motion.ts';
import { type Box, pointInPolygon } from './geometry.ts';
import type { Masks } from './masks.ts';

/** Motion that stops is still motion for so long: people pause between two steps. */
const lingerNs = 0.7e9;
/** The background takes over 63 % of a change in this time: what comes to rest is soon no motion any more. */
const settleNs = 0.8e9;
/** When so much of the view changes at once, it is the light or the exposure, not an object. */
const lightShare = 0.6;

/**
 * Tells whether something moves, from the brightness alone and at a small part of a network's cost. It learns the scene
 * and its noise cell by cell; a change of the light counts once and is then the new scene.
 *
 * @example
 * const gate = new MotionGate();
 * gate.configure(0.5, []);
 * if (gate.process(frame)) await model.detect(frame);
 */
export class MotionGate {
  #floor = 0;
  #least = 0;
  #masks: Masks = [];
  #state: MotionState | undefined;
  /** Cells that are watched. */
  #watched = 0;
  #size = '';
  #movedNs = Number.NEGATIVE_INFINITY;
  /** 1 where something moved since `forget()`. */
  #touched = new Uint8Array(0);
  #timeNs = 0;

  /**
   * @param sensitivity 0..1: 0 wants a difference of 32 grey levels in 1 % of the view, 0.5 of 8 in 0.1 %, 1 of 2 in
   *   0.01 %; never less than two neighbouring cells.
   * @param masks Areas that do not count.
   */
  configure(sensitivity: number, masks: Masks): void {
    this.#floor = Math.floor(32 * 16 ** -sensitivity * 16);
    this.#least = 0.01 * 100 ** -sensitivity;
    this.#masks = masks;
    this.reset();
  }

  /** The next frame is the first of another scene. */
  reset(): void {
    this.#size = '';
    this.#movedNs = Number.NEGATIVE_INFINITY;
  }

  /** Is something moving in this frame, or was a moment ago? The first frame counts as motion. */
  process(frame: Frame): boolean {
    const { width, height, captureTimeNs } = frame;
    const { data, stride } = frame.planes[0]!;
    const interleaved = frame.format === 'BGR24' || frame.format === 'RGB24';
    const size = `${width}x${height}`;
    const first = size !== this.#size;
    if (first) this.#resize(width, height);
    const state = this.#state!;
    // Green stands for brightness where there is no luma plane.
    const luma = interleaved
      ? { data: data.subarray(1), width, height, stride, step: 3 }
      : { data, width, height, stride, step: 1 };
    const passedNs = Math.max(0, captureTimeNs - this.#timeNs);
    this.#timeNs = captureTimeNs;
    const follow = Math.round(256 * (1 - Math.exp(-passedNs / settleNs)));
    const changed = kernels.motion(luma, state, this.#floor, follow);
    if (first) {
      this.#size = size;
      this.#learnAnew();
      this.#touched.fill(1);
      this.#movedNs = captureTimeNs;
      return true;
    }
    if (changed > this.#watched * lightShare) this.#learnAnew();
    else for (let i = 0; i < state.changed.length; i++) if (state.changed[i] === 1) this.#touched[i] = 1;
    if (changed >= Math.max(1, this.#watched * this.#least)) this.#movedNs = captureTimeNs;
    return captureTimeNs - this.#movedNs <= lingerNs;
  }

  /** Did something move in this box (frame pixels) since `forget()`? A box beyond the view counts as disturbed. */
  disturbed = (box: Box): boolean => {
    const state = this.#state;
    if (!state) return true;
    const { columns, rows } = state;
    const x1 = Math.max(0, Math.floor(box[0] / cellSize));
    const y1 = Math.max(0, Math.floor(box[1] / cellSize));
    const x2 = Math.min(columns - 1, Math.floor(box[2] / cellSize));
    const y2 = Math.min(rows - 1, Math.floor(box[3] / cellSize));
    let cells = 0;
    for (let y = y1; y <= y2; y++) for (let x = x1; x <= x2; x++) cells += this.#touched[y * columns + x]!;
    // A leaf in front of a car is no departure: a tenth of the box must have changed.
    return cells * 10 >= (x2 - x1 + 1) * (y2 - y1 + 1);
  };

  /** Begins a new period for `disturbed()`. */
  forget(): void {
    this.#touched.fill(0);
  }

  #learnAnew(): void {
    const { background, noise, current } = this.#state!;
    background.set(current);
    // One grey level, until the noise is known.
    noise.fill(16);
  }

  #resize(width: number, height: number): void {
    const state = motionState(width, height);
    this.#state = state;
    this.#touched = new Uint8Array(state.current.length);
    for (let row = 0; row < state.rows; row++) {
      for (let column = 0; column < state.columns; column++) {
        const centre = [(column + 0.5) / state.columns, (row + 0.5) / state.rows] as const;
        if (this.#masks.some((mask) => pointInPolygon(centre, mask))) state.mask[row * state.columns + column] = 0;
      }
    }
    this.#watched = state.mask.reduce((sum, watched) => sum + watched, 0);
  }
}
