import type { Frame } from '../frame/frame.ts';
import { cellSize } from '../kernels/motion/motion.ts';
import { CellChanges } from './changes/cell-changes.ts';
import type { ChangeFinder } from './changes/change-finder.ts';
import { type Box, pointInPolygon } from './geometry.ts';
import type { Masks } from './masks.ts';
import { MovingRegions } from './moving-regions.ts';

/** Motion continues for this long after it stops: people pause between two steps. */
const lingerNs = 0.7e9;
/** When this much of the view changes at once, it is the light or the exposure, not an object. */
const lightShare = 0.6;

/**
 * Detects motion at a small fraction of a network's cost: a region of the picture differs from the background for some
 * frames, or a large one at once. It adapts to exposure, lamps and shadows; where they cannot be told from a change of
 * the scene, a change of most of the view counts once and is then the new scene.
 *
 * @example
 * const gate = new MotionGate();
 * gate.configure(0.5, []);
 * if (gate.process(frame)) await model.detect(frame);
 */
export class MotionGate {
  readonly #finder: ChangeFinder;
  #sensitivity = 0;
  #masks: Masks = [];
  #columns = 0;
  #rows = 0;
  /** Cells that are watched. */
  #watched = 0;
  #size = '';
  #movedNs = Number.NEGATIVE_INFINITY;
  /** 1 where something moved since `forget()`. */
  #touched = new Uint8Array(0);
  #timeNs = 0;
  #isNewScene = false;
  #regions = new MovingRegions(1, 1, 1, 1);

  /** @param finder Finds the cells that differ from the background. Default: by their brightness alone. */
  constructor(finder: ChangeFinder = new CellChanges()) {
    this.#finder = finder;
  }

  /**
   * @param sensitivity 0..1: 0 needs a difference of 16 grey levels in 1 % of the view, 0.5 of 4 in 0.1 %, 1 of 1 in
   * 0.01 %; at least two neighbouring cells, and more of both in noise and rain.
   * @param masks Areas that do not count.
   */
  configure(sensitivity: number, masks: Masks): void {
    this.#sensitivity = sensitivity;
    this.#masks = masks;
    this.reset();
  }

  /** Starts afresh: the next frame is the first of a new scene. */
  reset(): void {
    this.#size = '';
    this.#movedNs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Where something moves in the newest frame, in frame pixels; also what is too small to count as motion in the view
   * as a whole, and would be seen closer. None when most of the view changed.
   */
  get regions(): readonly Box[] {
    return this.#regions.boxes.map(([x1, y1, x2, y2]) => [x1 * cellSize, y1 * cellSize, x2 * cellSize, y2 * cellSize]);
  }

  /** The newest frame is the first of a scene: of all, or since most of the view changed at once. */
  get isNewScene(): boolean {
    return this.#isNewScene;
  }

  /** Returns whether something moves in this frame, or did a moment ago. The first frame counts as motion. */
  process(frame: Frame): boolean {
    const { width, height, captureTimeNs } = frame;
    const size = `${width}x${height}`;
    const first = size !== this.#size;
    if (first) this.#begin(width, height);
    const passedNs = first ? 0 : Math.max(0, captureTimeNs - this.#timeNs);
    this.#timeNs = captureTimeNs;
    const count = this.#finder.find(frame, passedNs);
    this.#isNewScene = first || count > this.#watched * lightShare;
    if (first) {
      this.#size = size;
      this.#finder.accept();
      this.#touched.fill(1);
      this.#movedNs = captureTimeNs;
      return true;
    }
    if (this.#isNewScene) {
      this.#finder.accept();
      this.#regions.clear();
      this.#movedNs = captureTimeNs;
    } else {
      const { changed, replaced } = this.#finder;
      this.#touch(changed);
      if (replaced) this.#touch(replaced);
      if (this.#regions.update(changed, passedNs)) this.#movedNs = captureTimeNs;
    }
    return captureTimeNs - this.#movedNs <= lingerNs;
  }

  #touch(marked: Uint8Array): void {
    for (let cell = marked.indexOf(1); cell >= 0; cell = marked.indexOf(1, cell + 1)) this.#touched[cell] = 1;
  }

  /**
   * Returns whether something moved in this box (frame pixels) since `forget()`, or left it. A box outside the view counts as
   * disturbed.
   */
  disturbed = (box: Box): boolean => {
    const columns = this.#columns;
    const rows = this.#rows;
    if (columns === 0) return true;
    const x1 = Math.max(0, Math.floor(box[0] / cellSize));
    const y1 = Math.max(0, Math.floor(box[1] / cellSize));
    const x2 = Math.min(columns - 1, Math.floor(box[2] / cellSize));
    const y2 = Math.min(rows - 1, Math.floor(box[3] / cellSize));
    let cells = 0;
    for (let y = y1; y <= y2; y++) for (let x = x1; x <= x2; x++) cells += this.#touched[y * columns + x]!;
    // A leaf in front of a car is not a departure: a tenth of the box must have changed.
    return cells * 10 >= (x2 - x1 + 1) * (y2 - y1 + 1);
  };

  /** Starts a new period for `disturbed()`. */
  forget(): void {
    this.#touched.fill(0);
  }

  #begin(width: number, height: number): void {
    const columns = Math.max(1, Math.floor(width / cellSize));
    const rows = Math.max(1, Math.floor(height / cellSize));
    const mask = new Uint8Array(columns * rows).fill(1);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const centre = [(column + 0.5) / columns, (row + 0.5) / rows] as const;
        if (this.#masks.some((polygon) => pointInPolygon(centre, polygon))) mask[row * columns + column] = 0;
      }
    }
    this.#columns = columns;
    this.#rows = rows;
    this.#touched = new Uint8Array(mask.length);
    this.#watched = mask.reduce((sum, watched) => sum + watched, 0);
    this.#regions = new MovingRegions(columns, rows, this.#watched, this.#watched * 0.01 * 100 ** -this.#sensitivity);
    this.#finder.begin({ width, height, columns, rows, mask }, this.#sensitivity);
  }
}
