import { BoxFilter } from './box-filter.ts';
import { type Box, iou } from './geometry.ts';
import { Names } from './names.ts';
import type { Sighting } from './sighting.ts';
import { blended, type Signature } from './signature.ts';
import type { Track } from './track.ts';
import { Tremble } from './tremble.ts';

/** Two boxes that overlap so much are in the same place. */
export const samePlace = 0.6;
/** Observations away from its place, in a row, that take an object out of its rest: a box may jump once. */
const departure = 3;
/** An object at rest that nobody disturbed stays for so many times `lostSeconds`: the network blinks, cars do not. */
const restFactor = 30;
/** While its place stirs it stays for so many times `lostSeconds`: rain, a branch, headlights, who passes undetected. */
const stirFactor = 5;
/** Others that cover a smaller share of it do not matter, and those that cover so much hide it. */
const coveredAtAll = 0.1;
const hides = 0.5;
/** Misses in a row that are less likely than this say that it is gone: where its place was disturbed, and where not. */
const chance = { disturbed: 1e-3, calm: 1e-6 };
/** Share of inferences that find a thing before there were any, how many inferences that is worth, and the bounds of what is believed. */
const usualShare = 0.8;
const usualInferences = 5;
const leastShare = 0.2;
const mostShare = 0.95;
/** Inferences that the share of finds is judged by. */
const inferencesRemembered = 50;
/** Seconds after which two thirds of a track's greatest speed are forgotten: who turns round stands for a moment. */
const speedSeconds = 5;
/** Share of the newest inference in what a track looks like. */
const newestWeight = 0.4;

/** A track while it lives: what was observed, where it is thought to be, whether it rests. */
export class Living {
  id: number;
  readonly names: Names;
  readonly filter: BoxFilter;
  readonly #tremble = new Tremble();
  firstSeenNs: number;
  /** Of the last detection. */
  box: Box;
  score: number;
  confirmed = false;
  visible = true;
  observations = 1;
  lastSeenNs: number;
  /** Where it would be now. */
  predicted: Box;
  /** Pixels a second: how fast it was lately. */
  speed = 0;
  stationary = false;
  motionlessCount = 0;
  positionChanges = 0;
  /** Inferences in a row that did not find it; of what rests, those that nothing hid it from. */
  misses = 0;
  /** Something moved where it was since it was last seen. */
  disturbed = false;
  /** What it looks like, and when that was seen; where nobody was near, it was not looked at. */
  signature: Signature | undefined;
  signatureNs = Number.NEGATIVE_INFINITY;
  /** Of its last detection. */
  #row: number;
  #anchor: Box;
  #anchoredNs: number;
  /** It rests, and its last detection was where it rests. */
  #settled = false;
  /** It stood still before a time without frames: it is found again in its place or not at all. */
  #halted = false;
  /** Observations in a row away from where it rests. */
  #away = 0;
  /** Seconds that it was looked for in vain, and those of them since something hid it or stirred there. */
  #missing = 0;
  #quiet = 0;
  /** Share of inferences that found it. */
  #found = usualShare;
  #inferences = usualInferences;

  constructor(id: number, { box, score, names, row }: Sighting, timeNs: number) {
    this.#row = row;
    this.id = id;
    this.names = new Names(names);
    this.filter = new BoxFilter(box);
    this.firstSeenNs = timeNs;
    this.lastSeenNs = timeNs;
    this.box = box;
    this.score = score;
    this.predicted = box;
    this.#anchor = box;
    this.#anchoredNs = timeNs;
    this.#tremble.observe(box, timeNs);
  }

  get halted(): boolean {
    return this.#halted;
  }

  /** A new frame, so many seconds after the last. */
  predict(seconds: number): void {
    if ((this.stationary && (this.#settled || !this.visible)) || this.#halted) this.filter.rest();
    else this.filter.predict(seconds);
    this.speed = Math.max(this.filter.speed, this.speed * Math.exp(-seconds / speedSeconds));
    this.predicted = this.filter.box;
    this.visible = false;
  }

  /** Was it in one place for so long when it was seen last? */
  stoodStill(seconds: number): boolean {
    return this.lastSeenNs - this.#anchoredNs >= seconds * 1e9;
  }

  /** Nobody looked for a while: it is only where it was. */
  halt(): void {
    this.filter.rest();
    this.speed = 0;
    this.#halted = true;
  }

  /** The view moved by so many pixels. */
  shift(dx: number, dy: number): void {
    this.filter.shift(dx, dy);
    this.predicted = this.filter.box;
  }

  observe({ box, score, names, row }: Sighting, timeNs: number, stationarySeconds: number): void {
    this.#row = row;
    this.filter.correct(box, score);
    this.#take(box, score, timeNs);
    this.names.hear(names);
    if (!this.confirmed) this.names.choose();
    this.#settled = this.stationary && iou(box, this.#anchor) >= samePlace;
    // The filtered box, since a detection's edges tremble.
    const place = this.filter.box;
    if (iou(place, this.#anchor) >= samePlace) {
      this.#away = 0;
      this.motionlessCount++;
      if (timeNs - this.#anchoredNs >= stationarySeconds * 1e9) this.stationary = true;
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

  /** `observe()`, where no prediction led there. */
  leap(sighting: Sighting, timeNs: number, stationarySeconds: number): void {
    const { box, lastSeenNs } = this;
    this.observe(sighting, timeNs, stationarySeconds);
    if (timeNs > lastSeenNs) this.filter.leap(box, sighting.box, (timeNs - lastSeenNs) / 1e9);
  }

  /** It was seen from near enough to others that its appearance may matter. */
  remember(signature: Signature, timeNs: number): void {
    this.signature = this.signature ? blended(this.signature, signature, newestWeight) : signature;
    this.signatureNs = timeNs;
  }

  /**
   * This inference did not find it, and it rests: may it be there all the same?
   *
   * @param seconds That the inference speaks for.
   * @param stirs Something moves where it rests, now.
   * @param hidden Share of it that others cover, 0..1.
   */
  mayRestUnseen(seconds: number, stirs: boolean, hidden: number, lostSeconds: number): boolean {
    this.#missing += seconds;
    if (hidden >= coveredAtAll) {
      // Who covers a quarter explains a miss, but not for a minute.
      this.#quiet = 0;
      this.misses = 0;
      const share = Math.min(1, hidden / hides);
      return this.#missing <= lostSeconds * (1 + (restFactor - 1) * share * share);
    }
    this.#quiet = stirs && this.#missing <= lostSeconds * stirFactor ? 0 : this.#quiet + seconds;
    if (this.disturbed) return this.#quiet <= lostSeconds || this.misses < this.#missesFor(chance.disturbed);
    return this.#quiet <= lostSeconds * restFactor || this.misses < this.#missesFor(chance.calm);
  }

  /** It goes on under another name, as a track of its own: what was told of this one stays said. */
  rename(id: number, timeNs: number): void {
    this.id = id;
    this.names.choose();
    this.firstSeenNs = timeNs;
    this.positionChanges = 0;
  }

  /** @param cut To the picture, where its size is known. */
  snapshot(cut: (box: Box) => Box): Track {
    const { names } = this;
    return {
      id: this.id,
      classId: names.classId,
      label: names.label,
      box: cut(this.filter.box),
      score: this.score,
      medianScore: names.medianScore,
      confirmed: this.confirmed,
      visible: this.visible,
      detection: this.visible ? this.#row : undefined,
      observations: this.observations,
      firstSeenNs: this.firstSeenNs,
      lastSeenNs: this.lastSeenNs,
      stationary: this.stationary,
      motionlessCount: this.motionlessCount,
      positionChanges: this.positionChanges,
      tremble: this.#tremble.of(this.box),
      currentZones: none,
      enteredZones: none,
    };
  }

  #take(box: Box, score: number, timeNs: number): void {
    this.box = box;
    this.#tremble.observe(box, timeNs);
    this.score = score;
    this.observations++;
    this.visible = true;
    this.lastSeenNs = timeNs;
    this.disturbed = false;
    this.#halted = false;
    // Only now it is known that the misses were misses, and no departure.
    for (let i = Math.min(this.misses, inferencesRemembered); i > 0; i--) this.#count(0);
    this.#count(1);
    this.misses = 0;
    this.#missing = 0;
    this.#quiet = 0;
  }

  /** Inferences in a row that miss it with less than this chance while it is there. */
  #missesFor(chance: number): number {
    const share = Math.min(mostShare, Math.max(leastShare, this.#found));
    return Math.log(chance) / Math.log(1 - share);
  }

  #count(found: number): void {
    this.#inferences = Math.min(inferencesRemembered, this.#inferences + 1);
    this.#found += (found - this.#found) / this.#inferences;
  }
}

const none: readonly string[] = [];
