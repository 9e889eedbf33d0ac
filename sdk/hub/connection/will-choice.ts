import { type Cause, notAuthorized } from './causes.ts';

interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** As it should be; at QoS 0 and not retained; none. */
type Mode = 'full' | 'plain' | 'none';

/**
 * The last will, as far as the broker takes it. Brokers refuse the whole connection for it: by a reason code, as `not
 * authorized` where its topic is denied, or by closing. Where it is not certain that it was the will, a connection with
 * less of it is followed by one with all of it.
 */
export class WillChoice {
  readonly #topic: string;
  readonly #wills: Record<Mode, Will | undefined>;
  #mode: Mode = 'full';
  #isProven = false;
  /** With this one there was a connection; the one that is on trial has the whole. */
  #candidate: Mode | undefined;

  constructor({ topic, payload }: { topic: string; payload: string }) {
    const will = { topic, payload: Buffer.from(payload) };
    this.#topic = topic;
    this.#wills = {
      full: { ...will, qos: 1, retain: true },
      plain: { ...will, qos: 0, retain: false },
      none: undefined,
    };
  }

  /** For the next connection. */
  get now(): Will | undefined {
    return this.#wills[this.#mode];
  }

  /** Whether the next connection is to show if it was the will. */
  get isChecking(): boolean {
    return this.#candidate !== undefined;
  }

  /** What is not as it should be. */
  get lack(): string | undefined {
    if (this.#mode === 'full') return undefined;
    const what = this.#mode === 'plain' ? 'only at QoS 0 and not retained' : 'not at all';
    return `the broker takes the last will on ${this.#topic} ${what}: when this node vanishes, nobody may be told`;
  }

  /** There is a connection. @returns False when it is to be given up for one with the whole will. */
  accepted(): boolean {
    if (this.#mode === 'full') this.#candidate = undefined;
    if (this.#mode === 'full' || this.#isProven) return true;
    this.#candidate = this.#mode;
    this.#mode = 'full';
    return false;
  }

  /**
   * There was no connection.
   *
   * @param isAtWitsEnd The broker closes, whatever version of MQTT it is.
   * @returns True when there is to be another try at once.
   */
  failed(cause: Cause, isAtWitsEnd: boolean): boolean {
    const { kind } = cause;
    const mayBeWill = cause === notAuthorized;
    if (kind === 'will' && this.#mode !== 'none') {
      this.#mode = this.#mode === 'full' ? 'plain' : 'none';
      this.#isProven = true;
      this.#candidate = undefined;
      return true;
    }
    if (this.#isProven) return false;
    if (this.#candidate && (mayBeWill || kind === 'closed')) {
      this.#mode = this.#candidate;
      this.#candidate = undefined;
      this.#isProven = true;
      return true;
    }
    if (mayBeWill) this.#mode = this.#mode === 'full' ? 'none' : 'full';
    else if (isAtWitsEnd) this.#mode = ({ full: 'plain', plain: 'none', none: 'full' } as const)[this.#mode];
    return false;
  }
}
