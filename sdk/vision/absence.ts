/** An undisturbed object at rest is kept for this many times `lostSeconds`: networks miss parked cars now and then. */
const restFactor = 30;
/**
 * While there is motion in its place it is kept for this many times `lostSeconds`: rain, a branch, headlights, a
 * passer-by who was not detected.
 */
const stirFactor = 5;
/** An occlusion smaller than the first is ignored; from the second on it hides the object. */
const coveredAtAll = 0.1;
const hides = 0.5;
/**
 * The object is gone once its misses in a row are less likely than this: where its place was disturbed, and where not.
 */
const chance = { disturbed: 1e-3, calm: 1e-6 };
/** Prior of the detection rate, its weight in inferences, and the bounds of the estimate. */
const usualShare = 0.8;
const usualInferences = 5;
const leastShare = 0.2;
const mostShare = 0.95;
/** Inferences over which the detection rate is estimated. */
const inferencesRemembered = 50;

/** How a track is missed: for how long, how often, and how likely that is while the object is there. */
export class Absence {
  /** Inferences in a row that did not find it; for an object at rest, those in which nothing hid it. */
  misses = 0;
  /** Something moved where it was since it was last seen. */
  disturbed = false;
  /** Seconds without a detection, and those of them since something hid it or moved there. */
  #missing = 0;
  #quiet = 0;
  /** Detection rate: the share of inferences that found it. */
  #found = usualShare;
  #inferences = usualInferences;

  /** It was detected: only now are the misses known to be misses and not a departure. */
  end(): void {
    this.disturbed = false;
    for (let i = Math.min(this.misses, inferencesRemembered); i > 0; i--) this.#count(0);
    this.#count(1);
    this.misses = 0;
    this.#missing = 0;
    this.#quiet = 0;
  }

  /**
   * This inference did not find it, and it rests: may it still be there?
   *
   * @param seconds That the inference stands for.
   * @param stirs Something moves where it rests, now.
   * @param hidden Share of it that others cover, 0..1.
   */
  mayBeThere(seconds: number, stirs: boolean, hidden: number, lostSeconds: number): boolean {
    this.#missing += seconds;
    if (hidden >= coveredAtAll) {
      // An occlusion of a quarter explains a miss, but not for a minute.
      this.#quiet = 0;
      this.misses = 0;
      const share = Math.min(1, hidden / hides);
      return this.#missing <= lostSeconds * (1 + (restFactor - 1) * share * share);
    }
    this.#quiet = stirs && this.#missing <= lostSeconds * stirFactor ? 0 : this.#quiet + seconds;
    if (this.disturbed) return this.#quiet <= lostSeconds || this.misses < this.#missesFor(chance.disturbed);
    return this.#quiet <= lostSeconds * restFactor || this.misses < this.#missesFor(chance.calm);
  }

  /** How many misses in a row have this chance while it is there. */
  #missesFor(chance: number): number {
    const share = Math.min(mostShare, Math.max(leastShare, this.#found));
    return Math.log(chance) / Math.log(1 - share);
  }

  #count(found: number): void {
    this.#inferences = Math.min(inferencesRemembered, this.#inferences + 1);
    this.#found += (found - this.#found) / this.#inferences;
  }
}
