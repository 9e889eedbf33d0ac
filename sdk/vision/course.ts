import { BoxFilter } from './box-filter.ts';
import type { Box, Point } from './geometry.ts';
import { Tremble } from './tremble.ts';

/** Time constant, in seconds, of a track's peak speed: people who turn round stop for a moment. */
const speedSeconds = 5;

/** Where a track is estimated to be, how fast it moves, and how much its detections jitter. */
export class Course {
  readonly filter: BoxFilter;
  /** Where it would be now. */
  predicted: Box;
  /** Recent speed, pixels a second. */
  speed = 0;
  readonly #tremble = new Tremble();

  constructor(box: Box, timeNs: number) {
    this.filter = new BoxFilter(box);
    this.predicted = box;
    this.#tremble.observe(box, timeNs);
  }

  /** A new frame, this many seconds after the last. @param isFixed It stays where it was. */
  predict(seconds: number, isFixed: boolean): void {
    if (isFixed) this.filter.rest();
    else this.filter.predict(seconds);
    this.speed = Math.max(this.filter.speed, this.speed * Math.exp(-seconds / speedSeconds));
    this.predicted = this.filter.box;
  }

  /** No motion is predicted: it is where it was. */
  halt(): void {
    this.filter.rest();
    this.speed = 0;
  }

  /** The whole view moved by this many pixels. */
  shift(dx: number, dy: number): void {
    this.filter.shift(dx, dy);
    this.predicted = this.filter.box;
  }

  correct(box: Box, score: number, timeNs: number): void {
    this.filter.correct(box, score);
    this.#tremble.observe(box, timeNs);
  }

  /** It moved from one box to another that no prediction led to. */
  leap(from: Box, to: Box, seconds: number): void {
    this.filter.leap(from, to, seconds);
  }

  /** @param box Of the last detection. */
  trembleOf(box: Box): Point {
    return this.#tremble.of(box);
  }
}
