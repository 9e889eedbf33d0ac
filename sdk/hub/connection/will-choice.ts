import { type Cause, notAuthorized } from './causes.ts';

interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** As intended; at QoS 0 and not retained; none. */
type Mode = 'full' | 'plain' | 'none';

/**
 * The last will, as far as the broker accepts it. Brokers refuse the whole connection because of it: by a reason code, such
 * as `not authorized` when its topic is denied, or by closing. If it is not certain that the will was the cause, a connection
 * with a reduced will is followed by one with the whole.
 */
export class WillChoice {
  readonly #topic: string;
  readonly #wills: Record<Mode, Will | undefined>;
  #mode: Mode = 'full';
  #isProven = false;
  /** A connection was made with this one; the one on trial has the whole. */
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

  /** Whether the next connection is to show if the will was the cause. */
  get isChecking(): boolean {
    return this.#candidate !== undefined;
  }

  /** What is missing, in words. */
  get lack(): string | undefined {
    if (this.#mode === 'full') return undefined;
    const what = this.#mode === 'plain' ? 'only at QoS 0 and not retained' : 'not at all';
    return `the broker takes the last will on ${this.#topic} ${what}: when this node vanishes, nobody may be told`;
  }

  /** A connection was made. @returns False when it is to be abandoned for one with the whole will. */
  accepted(): boolean {
    if (this.#mode === 'full') this.#candidate = undefined;
    if (this.#mode === 'full' || this.#isProven) return true;
    this.#candidate = this.#mode;
    this.#mode = 'full';
    return false;
  }

  /**
   * No connection was made.
   *
   * @param isAtWitsEnd The broker closes with every version of MQTT.
   * @returns True when to try again at once.
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
