import { RefusedError } from './refused-error.ts';
import type { Ending, Sent, Suspects } from './suspects.ts';

/** At most this many QoS 0 messages wait for their turn. */
const mostWaiting = 64;
/** How long a connection is quiet before what may have ended the last one is sent again. */
const quietMs = 1000;
/** Time allowed for the acknowledgement, plus the time for its bytes at 128 kbit/s. */
const trialMs = 15_000;
const slowestBytesPerMs = 16;
const behindAnother = 'one before it may end the connection';

/** Something that was sent and has not been answered yet. */
export interface Flight extends Sent {
  readonly isAlone: boolean;
}

interface Waiting {
  readonly sent: Sent;
  readonly start: (flight: Flight) => void;
}

/**
 * Messages in flight on one connection, and those waiting: suspects of having ended earlier connections are sent alone,
 * to find the culprit.
 */
export class Flights {
  readonly #suspects: Suspects;
  readonly #giveUp: (reason: string, isWaiting: () => boolean) => void;
  /** In the order of sending. */
  readonly #flights = new Set<Flight>();
  #waiting: Waiting[] = [];
  /** It waits for a quiet period of the connection. */
  #isQuietFor: Flight | undefined;
  #hasEnded = false;
  /** Of which something is kept back: what comes after it does not overtake it. */
  readonly #held = new Set<string>();
  readonly #onDecidable: (() => void)[] = [];

  /** @param giveUp Closes the connection, if this is still waited for when it is known whether the broker answers at all. */
  constructor(suspects: Suspects, giveUp: (reason: string, isWaiting: () => boolean) => void) {
    this.#suspects = suspects;
    this.#giveUp = giveUp;
    suspects.connected();
  }

  /** Connections ended with nothing accepted on them, so that what was sent may not be the cause. */
  get isUndecided(): boolean {
    return this.#suspects.isUndecided;
  }

  /** Calls back when what was refused with `isOpen` is to be sent again. */
  whenDecidable(then: () => void): void {
    this.#onDecidable.push(then);
  }

  /** What was sent first of all that is not answered. */
  get oldest(): Flight | undefined {
    return this.#flights.values().next().value;
  }

  /**
   * Waits until it may be sent.
   *
   * @param isOptional It is refused while many others wait.
   * @throws RefusedError when it is no longer to be sent, or too many wait.
   */
  async turn(sent: Sent, isOptional: boolean): Promise<Flight> {
    const verdict = this.#suspects.verdict(sent);
    const isHeld = verdict?.isOpen || (this.#held.has(sent.topic) && this.#suspects.isUndecided);
    if (isHeld) this.#held.add(sent.topic);
    if (verdict || isHeld) throw new RefusedError(verdict?.reason ?? behindAnother, undefined, isHeld);
    if (isOptional && this.#waiting.length >= mostWaiting) throw new Error('too much waits for the broker');
    const flight = await new Promise<Flight>((start) => {
      this.#waiting.push({ sent, start });
      this.#advance();
    });
    if (!flight.isAlone || !this.#suspects.needsQuiet(sent)) return flight;
    this.#isQuietFor = flight;
    await new Promise((resolve) => setTimeout(resolve, quietMs).unref());
    this.#isQuietFor = undefined;
    if (this.#hasEnded) throw new Error('the connection has ended');
    this.#judge(flight);
    return flight;
  }

  /** What is kept back is sent again, in its order, as far as it has no verdict of its own. */
  retryHeld(): void {
    this.#held.clear();
  }

  /** It was answered, and the connection goes on after it. */
  land(flight: Flight, isAccepted?: boolean): void {
    if (this.#hasEnded || !this.#flights.delete(flight)) return;
    const isDecidable = this.#suspects.survived(flight, isAccepted);
    this.#advance();
    if (!isDecidable) return;
    this.#held.clear();
    for (const then of this.#onDecidable) then();
  }

  /**
   * The connection has ended. @param ending Undefined: for a reason that has nothing to do with what was sent.
   * @returns True when something was learned about which message may be the cause.
   */
  ended(ending: Ending | undefined): boolean {
    this.#hasEnded = true;
    this.#waiting = [];
    const quiet = this.#isQuietFor;
    if (quiet) this.#suspects.endedBefore(quiet);
    if (!ending) return false;
    return this.#suspects.ended(
      [...this.#flights].filter((flight) => flight !== quiet),
      ending,
    );
  }

  /** All others wait for it, so it gets less time than usual to be acknowledged. */
  #judge(flight: Flight): void {
    const { topic, bytes } = flight;
    const wait = trialMs + bytes / slowestBytesPerMs;
    const isWaiting = () => !this.#hasEnded && this.#flights.has(flight);
    const end = () => {
      if (isWaiting()) this.#giveUp(`it did not acknowledge ${topic} for ${Math.round(wait / 1000)} s`, isWaiting);
    };
    setTimeout(end, wait).unref();
  }

  #advance(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const isAlone = this.#suspects.mustBeAlone(first.sent);
      const isBusy = isAlone ? this.#flights.size > 0 : [...this.#flights].some((flight) => flight.isAlone);
      if (isBusy) return;
      this.#waiting.shift();
      const flight = { ...first.sent, isAlone };
      this.#flights.add(flight);
      first.start(flight);
    }
  }
}
