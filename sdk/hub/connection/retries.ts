import { Backoff } from '../../base/backoff.ts';
import { type Cause, closedAgain } from './causes.ts';

/** A connection that lasted this long was good: the next failure counts as the first. */
export const goodConnectionMs = 10_000;
const slowRetryMs = 30_000;
/** This many connections in a row may end because of messages before the next ones wait longer and longer. */
const mostHurries = 60;

/** How long the next attempt waits, depending on how earlier connections went. */
export class Retries {
  readonly #backoff = new Backoff();
  /** Connections in a row that ended because of a message: something was learned from each. */
  #hurries = 0;
  /** Connections in a row that the broker ended soon and without a reason. */
  #shortConnections = 0;
  #wasShort = false;

  /** The last connection ended soon. */
  get wasShort(): boolean {
    return this.#wasShort;
  }

  /**
   * A connection, or an attempt at one, is over.
   *
   * @param livedMs Undefined: there was no CONNACK.
   * @param wasUsed Whether it was used for publishing.
   * @param hasLearned Something was learned about which message ends connections.
   * @returns What to log: the cause, or that the broker does the same again and again.
   */
  ended(
    cause: Cause,
    { livedMs, wasUsed, hasLearned }: { livedMs: number | undefined; wasUsed: boolean; hasLearned: boolean },
  ): Cause {
    // One that was given up after ten seconds without an answer was not: a broker that has too much to do gets time.
    const wasGood = livedMs !== undefined && livedMs > goodConnectionMs && !cause.isGivenUp;
    if (wasUsed) this.#wasShort = !wasGood;
    if (wasGood) this.#hurries = 0;
    const isHurry = hasLearned && this.#hurries++ < mostHurries;
    if (wasGood || isHurry) this.#backoff.reset();
    if (wasGood || cause.kind !== 'closed') this.#shortConnections = 0;
    else if (wasUsed && ++this.#shortConnections >= 3 && !isHurry) return closedAgain;
    return cause;
  }

  /** How long to wait after this, ms. */
  waitMs(cause: Cause): number {
    return cause.kind === 'login' ? slowRetryMs * (1 + Math.random()) : this.#backoff.next();
  }
}
