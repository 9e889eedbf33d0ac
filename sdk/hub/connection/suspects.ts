import { describeReason, tooLarge } from './reason-codes.ts';
import type { SizeLimit } from './size-limit.ts';

/** Something that was sent: a message, or a subscription. */
export interface Sent {
  /** Identical for all attempts at it. */
  readonly key: unknown;
  readonly topic: string;
  /** Bytes of the whole packet. */
  readonly bytes: number;
}

/** How a connection ended, as far as it says something about what was in flight. */
export interface Ending {
  /** `message`: the broker says that a message was the cause. `perhaps`: one may have been. */
  readonly fault: 'message' | 'perhaps';
  /** Reason code of DISCONNECT. */
  readonly code?: number;
}

/** A message is guilty after this many connections that ended while it alone was in flight. */
const mostStrikes = 2;
/**
 * How many messages are sent one by one after a connection ended with several in flight, in case those do not recur.
 */
const carefulFor = 64;
const firstBanMs = 10 * 60_000;
const longestBanMs = 6 * 3_600_000;
const mostRemembered = 1000;
const endsConnection = 'it ends the connection, or acknowledges nothing';

interface Verdict {
  readonly reason: string;
  /** It was too large: with fewer bytes than this it counts as another message. */
  readonly bytes?: number;
}

interface Precedent {
  /** Different messages in a row. */
  condemned: number;
  banMs: number;
  until: number;
}

/**
 * Finds the message at which a broker ends the connection, so that this does not repeat and all else gets through.
 *
 * After a connection ended with several messages in flight, each is sent alone. One that was alone in flight when a
 * connection ended is tried a second time, on a connection that was quiet for a moment before and did not end: a
 * broker that is killed, or a network that is cut, does not wait for one message. If that connection ends too, the message
 * is guilty. After two guilty messages of a topic, the topic is blocked for a time.
 *
 * This knowledge outlives the connections; it is kept in memory.
 */
export class Suspects {
  readonly #limit: SizeLimit;
  readonly #strikes = new Map<unknown, number>();
  /** Were in flight together when a connection ended. */
  readonly #company = new Set<unknown>();
  readonly #guilty = new Map<unknown, Verdict>();
  readonly #topics = new Map<string, Precedent>();
  #carefulLeft = 0;

  constructor(limit: SizeLimit) {
    this.#limit = limit;
  }

  /** Whether it has to be in flight alone. */
  mustBeAlone({ key, topic }: Sent): boolean {
    const isCareful = this.#carefulLeft > 0 && (this.#company.size > 0 || this.#strikes.size > 0);
    return isCareful || this.#strikes.has(key) || this.#topics.has(topic);
  }

  /** Whether the connection has to be quiet for a moment before it is sent. */
  needsQuiet({ key }: Sent): boolean {
    return this.#strikes.has(key);
  }

  /** @returns Why it is not to be sent, or undefined. A guilty message is reported once. */
  verdict({ key, topic, bytes }: Sent): string | undefined {
    const verdict = this.#guilty.get(key);
    this.#guilty.delete(key);
    if (verdict && !(verdict.bytes !== undefined && bytes < verdict.bytes)) return verdict.reason;
    const precedent = this.#topics.get(topic);
    const isBanned = precedent && precedent.condemned > 1 && performance.now() < precedent.until;
    return isBanned ? endsConnection : undefined;
  }

  /** The connection survived it. @param isAccepted False: it was refused. Undefined: not known. */
  survived({ key, topic, bytes }: Sent, isAccepted?: boolean): void {
    this.#strikes.delete(key);
    this.#company.delete(key);
    this.#topics.delete(topic);
    if (isAccepted) this.#limit.accept(bytes);
    // What is sent only once, such as an answer, keeps its strike until something is sent there again.
    if (this.#carefulLeft > 0 && --this.#carefulLeft === 0) this.#company.clear();
  }

  /** The connection ended with nothing in flight, in the quiet period before this was to be sent. */
  endedBefore({ key }: Sent): void {
    this.#strikes.delete(key);
  }

  /**
   * The connection ended.
   *
   * @param sent What was in flight.
   * @returns True when something was learned, so that the next connection will differ.
   */
  ended(sent: readonly Sent[], { fault, code }: Ending): boolean {
    const [only] = sent;
    if (!only) return false;
    this.#carefulLeft = carefulFor;
    if (sent.length > 1) {
      for (const { key } of sent) this.#company.add(key);
      return true;
    }
    const strikes = (this.#strikes.get(only.key) ?? 0) + 1;
    const isSure = fault === 'message' || this.#topics.has(only.topic) || strikes >= mostStrikes;
    this.#company.delete(only.key);
    if (isSure) this.#condemn(only, code);
    else remember(this.#strikes, only.key, strikes);
    return true;
  }

  #condemn(sent: Sent, code: number | undefined): void {
    const { key, topic, bytes } = sent;
    this.#strikes.delete(key);
    const reason = code === undefined ? endsConnection : describeReason(code);
    const precedent = this.#topics.get(topic) ?? { condemned: 0, banMs: firstBanMs, until: 0 };
    remember(this.#topics, topic, precedent);
    if (code === tooLarge) this.#limit.refuse(bytes);
    // A smaller one may pass, or show that the size was not the cause.
    if (code === tooLarge || (code === undefined && this.#limit.suspect(bytes))) {
      remember(this.#guilty, key, { reason, bytes });
      return;
    }
    remember(this.#guilty, key, { reason });
    this.#limit.doubt();
    if (++precedent.condemned < 2) return;
    precedent.until = performance.now() + precedent.banMs;
    precedent.banMs = Math.min(precedent.banMs * 2, longestBanMs);
  }
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > mostRemembered) map.delete(map.keys().next().value!);
}
