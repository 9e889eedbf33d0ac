import { type Box, iou } from './geometry.ts';

/** Two boxes that overlap this much are in the same place. */
export const samePlace = 0.6;
/** Observations in a row away from its place that end an object's rest: a box may jump once. */
const departure = 3;
/** With less of an overlap, and motion in its place, no box jumped: unless it is seen back there, it has left. */
const astray = 0.3;

/** Where a track is, for how long, and whether it is at rest there. */
export class Standing {
  stationary = false;
  motionlessCount = 0;
  positionChanges = 0;
  /** It stood still before a gap in the frames: it can only be found again in its place. */
  halted = false;
  #anchor: Box;
  #anchoredNs: number;
  /** It is at rest, and its last detection was in its place. */
  #settled = false;
  /** Its last detection was far from where it rests, and something moved there. */
  #strayed = false;
  /** Observations in a row away from where it rests. */
  #away = 0;

  constructor(box: Box, timeNs: number) {
    this.#anchor = box;
    this.#anchoredNs = timeNs;
  }

  /** No motion is expected of it: it is where it was. @param visible Whether the frame before showed it. */
  isFixed(visible: boolean): boolean {
    return (this.rests && (this.#settled || !visible)) || this.halted;
  }

  /** It is at rest, and nothing says that it began to leave. */
  get rests(): boolean {
    return this.stationary && !this.#strayed;
  }

  /** After a detection of it. @param stirs Whether something moved in this box; undefined if unknown. */
  judge(stirs: (box: Box) => boolean | undefined): void {
    this.#strayed &&= stirs(this.#anchor) ?? true;
  }

  /** Whether it had been in one place for this long by then. */
  stoodStill(seconds: number, untilNs: number): boolean {
    return untilNs - this.#anchoredNs >= seconds * 1e9;
  }

  /**
   * A detection of it.
   *
   * @param place Its filtered box, since a detection's edges jitter.
   * @param stationarySeconds Time in one place after which it is at rest.
   */
  observe(box: Box, place: Box, timeNs: number, stationarySeconds: number): void {
    const shared = iou(box, this.#anchor);
    this.#settled = this.stationary && shared >= samePlace;
    this.#strayed = shared < astray;
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
