import { type Box, iou } from './geometry.ts';

/** Two boxes that overlap so much are in the same place. */
export const samePlace = 0.6;
/** Observations away from its place, in a row, that take an object out of its rest: a box may jump once. */
const departure = 3;

/** Where a track stands, for how long, and whether it rests there. */
export class Standing {
  stationary = false;
  motionlessCount = 0;
  positionChanges = 0;
  /** It stood still before a time without frames: it is found again in its place or not at all. */
  halted = false;
  #anchor: Box;
  #anchoredNs: number;
  /** It rests, and its last detection was where it rests. */
  #settled = false;
  /** Observations in a row away from where it rests. */
  #away = 0;

  constructor(box: Box, timeNs: number) {
    this.#anchor = box;
    this.#anchoredNs = timeNs;
  }

  /** It is only where it was: no motion is expected of it. @param visible The frame before showed it. */
  isFixed(visible: boolean): boolean {
    return (this.stationary && (this.#settled || !visible)) || this.halted;
  }

  /** Was it in one place for so long by then? */
  stoodStill(seconds: number, untilNs: number): boolean {
    return untilNs - this.#anchoredNs >= seconds * 1e9;
  }

  /**
   * It was detected.
   *
   * @param place Its filtered box, since a detection's edges tremble.
   * @param stationarySeconds In one place for so long, it rests.
   */
  observe(box: Box, place: Box, timeNs: number, stationarySeconds: number): void {
    this.#settled = this.stationary && iou(box, this.#anchor) >= samePlace;
    if (iou(place, this.#anchor) >= samePlace) {
      this.#away = 0;
      this.motionlessCount++;
      if (this.stoodStill(stationarySeconds, timeNs)) this.stationary = true;
      return;
    }
    if (this.stationary && ++this.#away < departure) return;
    if (this.stationary) this.positionChanges++;
    this.stationary = false;
    this.#away = 0;
    this.motionlessCount = 0;
    this.#anchor = place;
    this.#anchoredNs = timeNs;
  }
}
