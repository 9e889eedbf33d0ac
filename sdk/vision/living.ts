import { Absence } from './absence.ts';
import type { BoxFilter } from './box-filter.ts';
import { Course } from './course.ts';
import type { Box } from './geometry.ts';
import { Names } from './names.ts';
import type { Sighting } from './sighting.ts';
import { blended, type Signature } from './signature.ts';
import { Standing } from './standing.ts';
import type { Track } from './track.ts';

/** Share of the newest signature in what a track looks like. */
const newestWeight = 0.4;

/** A detection of a track: its row among those of its frame, and when. */
interface Seen {
  readonly box: Box;
  readonly score: number;
  readonly row: number;
  readonly timeNs: number;
}

/** A track while it lives: what was observed, where it is thought to be, whether it rests. */
export class Living {
  id: number;
  readonly names: Names;
  firstSeenNs: number;
  confirmed = false;
  visible = true;
  observations = 1;
  #last: Seen;
  /** What it looks like, and when that was seen; where nobody was near, nobody looked. */
  #appearance: { readonly signature: Signature; readonly timeNs: number } | undefined;
  readonly #course: Course;
  readonly #standing: Standing;
  readonly #absence = new Absence();

  constructor(id: number, { box, score, names, row }: Sighting, timeNs: number) {
    this.id = id;
    this.names = new Names(names);
    this.firstSeenNs = timeNs;
    this.#last = { box, score, row, timeNs };
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

  /** Pixels a second: how fast it was lately. */
  get speed(): number {
    return this.#course.speed;
  }

  get stationary(): boolean {
    return this.#standing.stationary;
  }

  /** It stood still before a time without frames: it is found again in its place or not at all. */
  get halted(): boolean {
    return this.#standing.halted;
  }

  /** Inferences in a row that did not find it; of what rests, those that nothing hid it from. */
  get misses(): number {
    return this.#absence.misses;
  }

  get signature(): Signature | undefined {
    return this.#appearance?.signature;
  }

  /** When its signature was taken; before all times when there is none. */
  get signatureNs(): number {
    return this.#appearance?.timeNs ?? Number.NEGATIVE_INFINITY;
  }

  /** A new frame, so many seconds after the last. */
  predict(seconds: number): void {
    this.#course.predict(seconds, this.#standing.isFixed(this.visible));
    this.visible = false;
  }

  /** Was it in one place for so long when it was seen last? */
  stoodStill(seconds: number): boolean {
    return this.#standing.stoodStill(seconds, this.lastSeenNs);
  }

  /** Nobody looked for a while: it is only where it was. */
  halt(): void {
    this.#course.halt();
    this.#standing.halted = true;
  }

  /** The view moved by so many pixels. */
  shift(dx: number, dy: number): void {
    this.#course.shift(dx, dy);
  }

  observe({ box, score, names, row }: Sighting, timeNs: number, stationarySeconds: number): void {
    this.#last = { box, score, row, timeNs };
    this.observations++;
    this.visible = true;
    this.#course.correct(box, score, timeNs);
    this.#absence.end();
    this.names.hear(names);
    if (!this.confirmed) this.names.choose();
    this.#standing.halted = false;
    this.#standing.observe(box, this.filter.box, timeNs, stationarySeconds);
  }

  /** `observe()`, where no prediction led there. */
  leap(sighting: Sighting, timeNs: number, stationarySeconds: number): void {
    const { box, lastSeenNs } = this;
    this.observe(sighting, timeNs, stationarySeconds);
    if (timeNs > lastSeenNs) this.#course.leap(box, sighting.box, (timeNs - lastSeenNs) / 1e9);
  }

  /** It was seen from near enough to others that its appearance may matter. */
  remember(signature: Signature, timeNs: number): void {
    const before = this.#appearance?.signature;
    this.#appearance = { signature: before ? blended(before, signature, newestWeight) : signature, timeNs };
  }

  /** This inference did not find it. */
  miss(): void {
    this.#absence.misses++;
  }

  /**
   * And it rests: may it be there all the same? Asked once for each miss.
   *
   * @param seconds That the inference speaks for.
   * @param stirs Something moves where it rests, now; undefined: nobody knows.
   * @param hidden Share of it that others cover, 0..1.
   */
  mayRestUnseen(seconds: number, stirs: boolean | undefined, hidden: number, lostSeconds: number): boolean {
    this.#absence.disturbed ||= stirs ?? true;
    return this.#absence.mayBeThere(seconds, stirs ?? false, hidden, lostSeconds);
  }

  /** It goes on under another name, as a track of its own: what was told of this one stays said. */
  rename(id: number, timeNs: number): void {
    this.id = id;
    this.names.choose();
    this.firstSeenNs = timeNs;
    this.#standing.positionChanges = 0;
  }

  /** @param cut To the picture, where its size is known. */
  snapshot(cut: (box: Box) => Box): Track {
    const { classId, label, medianScore } = this.names;
    const { box, score, row } = this.#last;
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
      detection: this.visible ? row : undefined,
      observations: this.observations,
      firstSeenNs: this.firstSeenNs,
      lastSeenNs: this.lastSeenNs,
      stationary,
      motionlessCount,
      positionChanges,
      tremble: this.#course.trembleOf(box),
      currentZones: none,
      enteredZones: none,
    };
  }
}

const none: readonly string[] = [];
