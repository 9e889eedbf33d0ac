import type { Frame } from '../frame/frame.ts';
import { cellSize } from '../kernels/motion/motion.ts';
import { CellChanges } from './cell-changes.ts';
import type { ChangeFinder } from './change-finder.ts';
import { type Box, pointInPolygon } from './geometry.ts';
import type { Masks } from './masks.ts';
import { Regions } from './regions.ts';

/** Motion that stops is still motion for so long: people pause between two steps. */
const lingerNs = 0.7e9;
/** When so much of the view changes at once, it is the light or the exposure, not an object. */
const lightShare = 0.6;
/** A region of cells that is there for so many frames in a row is an object; before, it has to be large. */
const fewestFrames = 3;
/** What has to be larger for rain is as small as before after some of this time. */
const clutterNs = 10e9;
/** And is no larger than this share of the view. */
const mostClutter = 0.01;

/**
 * Tells whether something moves, at a small part of a network's cost: enough cells of the picture differ from the
 * background. A change of the light counts once and is then the new scene.
 *
 * @example
 * const gate = new MotionGate();
 * gate.configure(0.5, []);
 * if (gate.process(frame)) await model.detect(frame);
 */
export class MotionGate {
  readonly #finder: ChangeFinder;
  #sensitivity = 0;
  #least = 0;
  #masks: Masks = [];
  #columns = 0;
  #rows = 0;
  /** Cells that are watched. */
  #watched = 0;
  #size = '';
  /** Regions have to have so many cells, for smaller ones come and go everywhere. */
  #clutter = 0;
  #movedNs = Number.NEGATIVE_INFINITY;
  /** 1 where something moved since `forget()`. */
  #touched = new Uint8Array(0);
  #timeNs = 0;
  #regions = new Regions(1, 1);
  /** For how many frames in a row there has been a region at a cell. */
  #ages = new Uint8Array(0);
  #agesBefore = new Uint8Array(0);

  /** @param finder Says which cells differ from the background. Default: from their brightness alone. */
  constructor(finder: ChangeFinder = new CellChanges()) {
    this.#finder = finder;
  }

  /**
   * @param sensitivity 0..1: 0 wants a difference of 32 grey levels in 1 % of the view, 0.5 of 8 in 0.1 %, 1 of 2 in
   *   0.01 %; never less than two neighbouring cells.
   * @param masks Areas that do not count.
   */
  configure(sensitivity: number, masks: Masks): void {
    this.#sensitivity = sensitivity;
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
    const size = `${width}x${height}`;
    const first = size !== this.#size;
    if (first) this.#begin(width, height);
    const passedNs = first ? 0 : Math.max(0, captureTimeNs - this.#timeNs);
    this.#timeNs = captureTimeNs;
    const count = this.#finder.find(frame, passedNs);
    if (first) {
      this.#size = size;
      this.#finder.accept();
      this.#touched.fill(1);
      this.#movedNs = captureTimeNs;
      return true;
    }
    if (count > this.#watched * lightShare) {
      this.#finder.accept();
      this.#movedNs = captureTimeNs;
    } else if (this.#objects(count, passedNs)) this.#movedNs = captureTimeNs;
    return captureTimeNs - this.#movedNs <= lingerNs;
  }

  /** Is one of the regions of changed cells an object that moves? */
  #objects(count: number, passedNs: number): boolean {
    const { changed } = this.#finder;
    const before = this.#ages;
    const ages = this.#agesBefore;
    ages.fill(0);
    this.#ages = ages;
    this.#agesBefore = before;
    const least = Math.max(2, this.#watched * this.#least);
    this.#clutter = Math.max(least, this.#clutter * Math.exp(-passedNs / clutterNs));
    if (count === 0) return false;
    let moved = false;
    let fresh = 0;
    for (const region of this.#regions.of(changed)) {
      let old = 0;
      let young = 0;
      for (const cell of region) {
        const age = Math.min(fewestFrames, this.#ageNear(before, cell) + 1);
        ages[cell] = age;
        this.#touched[cell] = 1;
        if (age === fewestFrames) old++;
        if (age === 1) young++;
      }
      if (old >= this.#clutter) moved = true;
      else if (region.length >= 3 * this.#clutter && 3 * this.#blocks(region) >= region.length) moved = true;
      if (2 * young > region.length && region.length >= this.#clutter) fresh++;
    }
    this.#clutter = Math.min(
      this.#clutter * 1.1 ** Math.max(0, fresh - 1),
      Math.max(least, this.#watched * mostClutter),
    );
    return moved;
  }

  #ageNear(ages: Uint8Array, cell: number): number {
    const columns = this.#columns;
    const column = cell % columns;
    let age = 0;
    for (let y = cell >= columns ? -columns : 0; y <= columns; y += columns) {
      for (let x = column > 0 ? -1 : 0; x <= (column + 1 < columns ? 1 : 0); x++) {
        age = Math.max(age, ages[cell + y + x] ?? 0);
      }
    }
    return age;
  }

  #blocks(region: Int32Array): number {
    const columns = this.#columns;
    const { changed } = this.#finder;
    let cells = 0;
    for (const cell of region) {
      if (cell % columns === columns - 1) continue;
      if (changed[cell + 1] === 1 && changed[cell + columns] === 1 && changed[cell + columns + 1] === 1) cells++;
    }
    return cells;
  }

  /** Did something move in this box (frame pixels) since `forget()`? A box beyond the view counts as disturbed. */
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
    // A leaf in front of a car is no departure: a tenth of the box must have changed.
    return cells * 10 >= (x2 - x1 + 1) * (y2 - y1 + 1);
  };

  /** Begins a new period for `disturbed()`. */
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
    this.#regions = new Regions(columns, rows);
    this.#clutter = 0;
    this.#ages = new Uint8Array(mask.length);
    this.#agesBefore = new Uint8Array(mask.length);
    this.#watched = mask.reduce((sum, watched) => sum + watched, 0);
    this.#finder.begin({ width, height, columns, rows, mask }, this.#sensitivity);
  }
}
