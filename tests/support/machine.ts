import type { RunClock } from '../../sdk/store/age-clock.ts';

export const secondMs = 1000;
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const yearMs = 365 * dayMs;
/** What the wall clock really should show when a test begins. */
export const trueMs = 1_750_000_000_000;

/** A board whose clock a test sets. */
export class Machine {
  /** Time that really passed, also while it was off. */
  spentMs = 0;
  #upMs = 5 * secondMs;
  #boots = 1;
  #wallMs = trueMs;
  #isSet = false;

  /** What a process of it is given; a process counts its time from any point. */
  clock(): { now: () => number; run: RunClock } {
    const begin = this.#upMs;
    return {
      now: () => this.#upMs - begin,
      run: {
        boot: `boot-${this.#boots}`,
        uptimeSeconds: () => this.#upMs / secondMs,
        wallSeconds: () => this.#wallMs / secondMs,
        isSet: () => this.#isSet,
      },
    };
  }

  spend(ms: number): void {
    this.spentMs += ms;
    this.#upMs += ms;
    this.#wallMs += ms;
  }

  /** Somebody sets the clock, or it jumps; one that the network has set is kept right by it. */
  step(ms: number): void {
    if (!this.#isSet) this.#wallMs = Math.max(0, this.#wallMs + ms);
  }

  /** The network tells it the time. */
  learnTime(): void {
    this.#wallMs = trueMs + this.spentMs;
    this.#isSet = true;
  }

  /** Without a battery it begins with the time that it knew last, or with another one. */
  switchOff(forMs: number, wallMs = this.#wallMs): void {
    this.spentMs += forMs;
    this.#upMs = 5 * secondMs;
    this.#boots++;
    this.#wallMs = wallMs;
    this.#isSet = false;
  }
}

export const steps: [string, number][] = [-1, 1].flatMap((way) =>
  Object.entries({ hours: 5 * hourMs, days: 4 * dayMs, years: 3 * yearMs }).map(([name, ms]): [string, number] => [
    `${name} ${way < 0 ? 'back' : 'on'}`,
    way * ms,
  ]),
);
