import { Regions } from './changes/regions.ts';
import type { Box } from './geometry.ts';

/**
 * A cell is persistent once it, or a neighbour, was part of a region for this many frames in a row and for this long.
 */
const fewestFrames = 3;
const fewestNs = 0.3e9;
/** Frames are counted up to here. */
const oldest = 255;
/** A region this many times larger than required is an object in its first frame, */
const atOnce = 3;
/** if this much of it is solid: raindrops are lines. */
const leastSolid = 1 / 3;
/**
 * A region of this fraction of the required size deserves a closer look, which magnifies up to four times each way.
 */
const closerShare = 1 / 16;
/** Cells that a region has at least. */
const fewestCells = 2;
/** Each new region of a frame but one, which may be a runner, raises the required size by this factor. */
const growth = 1.1;
/** Time constant with which the required size falls again, */
const settleNs = 10e9;
/** and its upper limit as a fraction of the view. */
const mostShare = 0.01;

/**
 * Tells regions of changed cells that are moving objects from those that weather and sensor noise leave, which are
 * small and elsewhere in each frame. In rain, regions must be larger to count.
 */
export class MovingRegions {
  readonly #columns: number;
  readonly #regions: Regions;
  readonly #least: number;
  readonly #most: number;
  /** Cells that a region needs to count. */
  #enough: number;
  /** For how many frames each cell has been in a region, up to `oldest`. */
  #ages: Uint8Array;
  #agesBefore: Uint8Array;
  #boxes: Box[] = [];

  /**
   * @param watched Number of cells that are watched. @param least Fewest cells of an object; at least two.
   */
  constructor(columns: number, rows: number, watched: number, least: number) {
    this.#columns = columns;
    this.#regions = new Regions(columns, rows);
    this.#least = Math.max(fewestCells, least);
    this.#most = Math.max(this.#least, watched * mostShare);
    this.#enough = this.#least;
    this.#ages = new Uint8Array(columns * rows);
    this.#agesBefore = new Uint8Array(columns * rows);
  }

  /**
   * Around each region of the last frame that persists, also those too small to count as an object in themselves; in
   * cells: `[left, top, right, bottom]`, the latter two exclusive.
   */
  get boxes(): readonly Box[] {
    return this.#boxes;
  }

  /** A frame of which nothing is known. */
  clear(): void {
    this.#boxes = [];
  }

  /**
   * @param changed 1 where the newest frame differs from the background, row by row.
   * @param passedNs Since the frame before.
   * @returns Whether one of the regions is a moving object.
   */
  update(changed: Uint8Array, passedNs: number): boolean {
    const ages = this.#agesBefore;
    this.#agesBefore = this.#ages;
    this.#ages = ages.fill(0);
    this.#enough = Math.max(this.#least, this.#enough * Math.exp(-passedNs / settleNs));
    const enough = this.#enough;
    const frames = Math.min(oldest, Math.max(fewestFrames, Math.round(fewestNs / Math.max(1, passedNs))));
    const closer = Math.max(fewestCells, enough * closerShare);
    let isMoving = false;
    let newcomers = 0;
    this.#boxes = [];
    for (const region of this.#regions.of(changed)) {
      const { old, young } = this.#grow(region, frames);
      const isObject = old >= enough || (region.length >= atOnce * enough && this.#isSolid(region, changed));
      if (isObject) isMoving = true;
      if (isObject || old >= closer) this.#boxes.push(this.#around(region));
      if (2 * young > region.length && region.length >= enough) newcomers++;
    }
    if (newcomers > 1) this.#enough = Math.min(this.#most, enough * growth ** (newcomers - 1));
    return isMoving;
  }

  #around(region: Int32Array): Box {
    const columns = this.#columns;
    let [left, right, bottom] = [columns, 0, 0];
    let top = Number.POSITIVE_INFINITY;
    for (const cell of region) {
      const column = cell % columns;
      const row = (cell - column) / columns;
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
    }
    return [left, top, right, bottom];
  }

  /** @returns How many of its cells are persistent, and how many are new. */
  #grow(region: Int32Array, frames: number): { old: number; young: number } {
    let old = 0;
    let young = 0;
    for (const cell of region) {
      const age = Math.min(oldest, this.#ageBefore(cell) + 1);
      this.#ages[cell] = age;
      if (age >= frames) old++;
      if (age === 1) young++;
    }
    return { old, young };
  }

  /** Of the cell and its neighbours: what moves is next to where it was. */
  #ageBefore(cell: number): number {
    const columns = this.#columns;
    const column = cell % columns;
    const [left, right] = [column > 0 ? -1 : 0, column + 1 < columns ? 1 : 0];
    let age = 0;
    for (let row = -columns; row <= columns; row += columns) {
      // There is none above the first row and below the last one.
      for (let x = left; x <= right; x++) age = Math.max(age, this.#agesBefore[cell + row + x] ?? 0);
    }
    return age;
  }

  /** Whether many of its cells have neighbours to the right, below, and diagonally between. */
  #isSolid(region: Int32Array, changed: Uint8Array): boolean {
    const columns = this.#columns;
    let corners = 0;
    for (const cell of region) {
      if (cell % columns === columns - 1) continue;
      if (changed[cell + 1] === 1 && changed[cell + columns] === 1 && changed[cell + columns + 1] === 1) corners++;
    }
    return corners >= leastSolid * region.length;
  }
}
