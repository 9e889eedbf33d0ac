import type { Cause } from './causes.ts';

/**
 * A broker that does not answer MQTT 5 but answers 3.1.1 is not asked again for this long, since each attempt takes a full
 * connection timeout. The first time it may have been the network.
 */
const silentVersionMs = { first: 10 * 60_000, again: 24 * 3_600_000 };

/** Which version of MQTT the next connection speaks: 5, or 3.1.1 where the broker refuses 5 or does not answer it. */
export class VersionChoice {
  /** 5, or 4 for MQTT 3.1.1. */
  now: 4 | 5 = 5;
  /** Connections in a row that ended before CONNACK without a word: how some brokers refuse a version. */
  #silentEnds = 0;
  /** Until then MQTT 3.1.1 goes first, performance.now(). */
  #silentUntil = 0;
  #wasSilent = false;
  /** The previous attempt with MQTT 5 was not answered. */
  #isAfterSilence = false;
  /** This broker has answered MQTT 5 before: what did not answer it may have been the network. */
  #hasAnswered = false;
  #isChecking = false;

  /** The connection that was just made is not to be used: MQTT 5 is asked for once more, at once. */
  get isChecking(): boolean {
    return this.#isChecking;
  }

  /** 3.1.1 was also refused without a word, so the broker may be refusing the last will. */
  get isNotIt(): boolean {
    return this.now === 4 && this.#silentEnds >= 2;
  }

  /** A connection was made: see `isChecking`. @param nowMs performance.now() */
  connected(version: 4 | 5, nowMs: number): void {
    this.#silentEnds = 0;
    // The network came back between two attempts, which says nothing about the version.
    this.#isChecking = this.#isAfterSilence && this.#hasAnswered;
    if (this.#isAfterSilence && !this.#isChecking) {
      this.#silentUntil = nowMs + silentVersionMs[this.#wasSilent ? 'again' : 'first'];
      this.#wasSilent = true;
    }
    this.#isAfterSilence = false;
    this.#hasAnswered = version === 5;
    if (version === 5) this.#wasSilent = false;
  }

  /** A connection ended before CONNACK without a word. */
  endedSilently(): void {
    this.#silentEnds++;
  }

  /** A connection is over: the next one begins with 5 again, unless 5 is not answered. */
  renew(nowMs: number): void {
    this.now = nowMs < this.#silentUntil ? 4 : 5;
  }

  /** An attempt failed. @returns True when it was about MQTT 5, so that the next one, with 3.1.1, need not wait. */
  failed(cause: Cause): boolean {
    const isSilent = cause.kind === 'silent' && this.now === 5;
    const isAboutIt = this.now === 5 && (cause.kind === 'protocol' || isSilent);
    this.#isAfterSilence = isSilent;
    if (cause.kind === 'protocol' || cause.kind === 'silent' || this.#silentEnds >= 2) {
      this.now = this.now === 5 ? 4 : 5;
      this.#silentEnds = 0;
    }
    return isAboutIt;
  }
}
