import { Absence } from './absence.ts';
import { Attention } from './attention.ts';
import type { BoxFilter } from './box-filter.ts';
import { Course } from './course.ts';
import type { Box } from './geometry.ts';
import { Names } from './names.ts';
import { movedShape, type Shape } from './shape.ts';
import type { Sighting } from './sighting.ts';
import { blended, type Signature } from './signature.ts';
import { Standing } from './standing.ts';
import type { Track } from './track.ts';

/** Weight of the newest signature in a track's. */
const newestWeight = 0.4;

/** A detection of a track: its row among those of its frame, and when. */
interface Seen {
  readonly box: Box;
  readonly score: number;
  readonly row: number;
  readonly shape: Shape | undefined;
  readonly timeNs: number;
}

/** A live track: what was observed, where it is estimated to be, whether it rests. */
export class Living {
  id: number;
  readonly names: Names;
  firstSeenNs: number;
  confirmed = false;
  observations = 1;
  #last: Seen;
  readonly #attention: Attention;
  /** Its signature and when that was taken; none while no other track was near. */
  #appearance: { readonly signature: Signature; readonly timeNs: number } | undefined;
  readonly #course: Course;
  readonly #standing: Standing;
  readonly #absence = new Absence();

  constructor(id: number, { box, score, names, row, shape }: Sighting, timeNs: number) {
    this.id = id;
    this.names = new Names(names);
    this.firstSeenNs = timeNs;
    this.#last = { box, score, row, shape, timeNs };
    this.#attention = new Attention(timeNs);
    this.#course = new Course(box, timeNs);
    this.#standing = new Standing(box, timeNs);
  }

  /** Of the last detection. */
  get box(): Box {
    return this.#last.box;
  }

  get lastSeenNs(): number {
    return this.#last.timeNs;
  }

  get filter(): BoxFilter {
    return this.#course.filter;
  }

  /** Where it would be now. */
  get predicted(): Box {
    return this.#course.predicted;
  }

  /** Recent speed, pixels a second. */
  get speed(): number {
    return this.#course.speed;
  }

  /** Detected by the last inference that looked where it is. */
  get visible(): boolean {
    return this.#attention.visible;
  }

  /** The last inference did not look where it is. */
  get stale(): boolean {
    return this.#attention.stale;
  }

  get stationary(): boolean {
    return this.#standing.stationary;
  }

  /** At rest, and not seen far from its place at last: at low rates, few detections show that an object leaves. */
  get rests(): boolean {
    return this.#standing.rests;
  }

  /** After a detection of it. @param stirs Whether something moved in this box; undefined if unknown. */
  judgeRest(stirs: (box: Box) => boolean | undefined): void {
    this.#standing.judge(stirs);
  }

  /** It stood still before a gap in the frames: it can only be found again in its place. */
  get halted(): boolean {
    return this.#standing.halted;
  }

  /** Inferences in a row that did not find it; for an object at rest, those in which nothing hid it. */
  get misses(): number {
    return this.#absence.misses;
  }

  get signature(): Signature | undefined {
    return this.#appearance?.signature;
  }

  /** When its signature was taken; -Infinity without one. */
  get signatureNs(): number {
    return this.#appearance?.timeNs ?? Number.NEGATIVE_INFINITY;
  }

  /** A new frame, this many seconds after the last. */
  predict(seconds: number): void {
    this.#course.predict(seconds, this.#standing.isFixed(this.visible));
    this.#attention.begin();
  }

  /**
   * This inference did not look where it is: nothing is known of it.
   *
   * @param stirs Something moved in its place; undefined if unknown.
   */
  pass(stirs: boolean | undefined): void {
    this.#attention.pass();
    this.#absence.disturbed ||= stirs ?? true;
  }

  /** Whether it had been in one place for this long when last seen. */
  stoodStill(seconds: number): boolean {
    return this.#standing.stoodStill(seconds, this.lastSeenNs);
  }

  /** After a gap in the frames: it is where it was. */
  halt(): void {
    this.#course.halt();
    this.#standing.halted = true;
  }

  /** The whole view moved by this many pixels. */
  shift(dx: number, dy: number): void {
    this.#course.shift(dx, dy);
  }

  observe({ box, score, names, row, shape }: Sighting, timeNs: number, stationarySeconds: number): void {
    this.#last = { box, score, row, shape, timeNs };
    this.#attention.find(timeNs);
    this.observations++;
    this.#course.correct(box, score, timeNs);
    this.#absence.end();
    this.names.hear(names);
    if (!this.confirmed) this.names.choose();
    this.#standing.halted = false;
    this.#standing.observe(box, this.filter.box, timeNs, stationarySeconds);
  }

  /** `observe()` for a sighting that no prediction led to. */
  leap(sighting: Sighting, timeNs: number, stationarySeconds: number): void {
    const { box, lastSeenNs } = this;
    this.observe(sighting, timeNs, stationarySeconds);
    if (timeNs > lastSeenNs) this.#course.leap(box, sighting.box, (timeNs - lastSeenNs) / 1e9);
  }

  /** Updates its signature, as it is near enough to others for appearance to matter. */
  remember(signature: Signature, timeNs: number): void {
    const before = this.#appearance?.signature;
    this.#appearance = { signature: before ? blended(before, signature, newestWeight) : signature, timeNs };
  }

  /** An inference that looked where it is did not find it. @returns The seconds that it stands for. */
  miss(timeNs: number): number {
    this.#absence.misses++;
    return this.#attention.miss(timeNs);
  }

  /**
   * An inference that did not find it at rest: may it still be there? Call it once per miss.
   *
   * @param seconds That the inference stands for.
   * @param stirs Something moves where it rests, now; undefined if unknown.
   * @param hidden Share of it that others cover, 0..1.
   */
  mayRestUnseen(seconds: number, stirs: boolean | undefined, hidden: number, lostSeconds: number): boolean {
    this.#absence.disturbed ||= stirs ?? true;
    return this.#absence.mayBeThere(seconds, stirs ?? false, hidden, lostSeconds);
  }

  /** Continues under another name, as a new track: what was reported of this one stands. */
  rename(id: number, timeNs: number): void {
    this.id = id;
    this.names.choose();
    this.firstSeenNs = timeNs;
    this.#standing.positionChanges = 0;
  }

  /** @param cut To the picture, where its size is known. */
  snapshot(cut: (box: Box) => Box): Track {
    const { classId, label, medianScore } = this.names;
    const { box, score, row, shape } = this.#last;
    const { stationary, motionlessCount, positionChanges } = this.#standing;
    return {
      id: this.id,
      classId,
      label,
      box: cut(this.filter.box),
      score,
      medianScore,
      confirmed: this.confirmed,
      visible: this.visible,
      ...(this.stale && { stale: true }),
      detection: this.visible && !this.stale ? row : undefined,
      observations: this.observations,
      firstSeenNs: this.firstSeenNs,
      lastSeenNs: this.lastSeenNs,
      stationary,
      motionlessCount,
      positionChanges,
      tremble: this.#course.trembleOf(box),
      currentZones: none,
      enteredZones: none,
      // Out of sight it may have turned: nothing is known of its pose or outline.
      ...(this.visible && shape && movedShape(shape, box, this.filter.box)),
    };
  }
}

const none: readonly string[] = [];
