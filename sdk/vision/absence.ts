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

/** How a track is missed: for how long, how often, and how likely that is while it is there. */
export class Absence {
  /** Inferences in a row that did not find it; of what rests, those that nothing hid it from. */
  misses = 0;
  /** Something moved where it was since it was last seen. */
  disturbed = false;
  /** Seconds that it was looked for in vain, and those of them since something hid it or stirred there. */
  #missing = 0;
  #quiet = 0;
  /** Share of inferences that found it. */
  #found = usualShare;
  #inferences = usualInferences;

  /** It was found: only now it is known that the misses were misses, and no departure. */
  end(): void {
    this.disturbed = false;
    for (let i = Math.min(this.misses, inferencesRemembered); i > 0; i--) this.#count(0);
    this.#count(1);
    this.misses = 0;
    this.#missing = 0;
    this.#quiet = 0;
  }

  /**
   * This inference did not find it, and it rests: may it be there all the same?
   *
   * @param seconds That the inference speaks for.
   * @param stirs Something moves where it rests, now.
   * @param hidden Share of it that others cover, 0..1.
   */
  mayBeThere(seconds: number, stirs: boolean, hidden: number, lostSeconds: number): boolean {
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
