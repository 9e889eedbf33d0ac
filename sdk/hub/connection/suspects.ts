import { describeReason, tooLarge } from './reason-codes.ts';
import type { SizeLimit } from './size-limit.ts';

/** Something that was sent: a message, or a subscription. */
export interface Sent {
  /** Identical for all attempts at it. */
  readonly key: unknown;
  readonly topic: string;
  /** Bytes of the whole packet. */
  readonly bytes: number;
  /** A subscription: that it passes does not show that messages do. */
  readonly isSubscription?: true;
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
/** How long what is suspected waits for another message to be accepted before it is tried without that. */
const longestWaitMs = 20_000;
const endsConnection = 'it ends the connection, or acknowledges nothing';

/** Why something is not to be sent. */
export interface Verdict {
  readonly reason: string;
  /**
   * Perhaps any other message would have ended the connection too, since nothing was accepted on it: it is not to be
   * given up, but kept until another message was accepted.
   */
  readonly isOpen: boolean;
}

interface Guilt {
  readonly reason: string;
  /** It was too large: with fewer bytes than this it counts as another message. */
  readonly bytes?: number;
}

/** A topic of which messages ended connections on which nothing was accepted before. */
interface OpenCase {
  readonly keys: Map<unknown, Guilt>;
  /** Connections that ended, in a row. */
  ends: number;
  /** When it is tried although nothing else was accepted. */
  until: number;
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
 * A broker that ends each connection, whatever is sent, must not make one message after another guilty. So this is
 * certain only if something else was accepted on the same connection before, or the broker said so. Otherwise the case
 * stays open: the message is kept, others are tried, and once one of them is accepted, it is tried again on that connection.
 *
 * This knowledge outlives the connections; it is kept in memory.
 */
export class Suspects {
  readonly #limit: SizeLimit;
  readonly #strikes = new Map<unknown, number>();
  /** Were in flight together when a connection ended. */
  readonly #company = new Set<unknown>();
  readonly #guilty = new Map<unknown, Guilt>();
  readonly #topics = new Map<string, Precedent>();
  readonly #open = new Map<string, OpenCase>();
  /** Something that was published has passed on this connection. */
  #hasAccepted = false;
  #carefulLeft = 0;

  constructor(limit: SizeLimit) {
    this.#limit = limit;
  }

  /** A new connection begins. */
  connected(): void {
    this.#hasAccepted = false;
  }

  /** Connections ended with nothing accepted on them, so that what was sent may not be the cause. */
  get isUndecided(): boolean {
    return this.#open.size > 0 && !this.#hasAccepted;
  }

  /** Whether it has to be in flight alone. */
  mustBeAlone({ key, topic }: Sent): boolean {
    const isCareful = this.#carefulLeft > 0 && (this.#company.size > 0 || this.#strikes.size > 0);
    return isCareful || this.#strikes.has(key) || this.#topics.has(topic) || this.#open.has(topic);
  }

  /** Whether the connection has to be quiet for a moment before it is sent. */
  needsQuiet({ key, topic }: Sent): boolean {
    return this.#strikes.has(key) || this.#open.has(topic);
  }

  /** @returns Why it is not to be sent, or undefined. A guilty message is reported once, an open case until it is decided. */
  verdict(sent: Sent): Verdict | undefined {
    const { key, topic } = sent;
    const guilt = this.#guilty.get(key);
    this.#guilty.delete(key);
    if (guilt && !isSmaller(sent, guilt)) return { reason: guilt.reason, isOpen: false };
    const precedent = this.#topics.get(topic);
    const isBanned = precedent && precedent.condemned > 1 && performance.now() < precedent.until;
    if (isBanned) return { reason: endsConnection, isOpen: false };
    return this.#isHeld(sent) ? { reason: endsConnection, isOpen: true } : undefined;
  }

  /**
   * The connection survived it. @param isAccepted False: it was refused. Undefined: not known.
   *
   * @returns True when open cases can be decided now: what is kept is to be tried again, on this connection.
   */
  survived({ key, topic, bytes, isSubscription }: Sent, isAccepted?: boolean): boolean {
    const isOpen = this.#open.size > 0;
    this.#strikes.delete(key);
    this.#company.delete(key);
    this.#topics.delete(topic);
    this.#open.delete(topic);
    if (isAccepted) this.#limit.accept(bytes);
    // What is sent only once, such as an answer, keeps its strike until something is sent there again.
    if (this.#carefulLeft > 0 && --this.#carefulLeft === 0) this.#company.clear();
    if (isSubscription || this.#hasAccepted) return false;
    this.#hasAccepted = true;
    // Nothing that is undecided may have taught a size.
    if (isOpen) this.#limit.doubt();
    return isOpen;
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
    const hasAccepted = this.#hasAccepted;
    this.#hasAccepted = false;
    const [only] = sent;
    if (!only) return false;
    this.#carefulLeft = carefulFor;
    if (sent.length > 1) {
      for (const { key } of sent) this.#company.add(key);
      return true;
    }
    const { key, topic } = only;
    const strikes = (this.#strikes.get(key) ?? 0) + 1;
    const isKnown = this.#topics.has(topic) || this.#open.has(topic);
    this.#company.delete(key);
    if (fault !== 'message' && !isKnown && strikes < mostStrikes) {
      remember(this.#strikes, key, strikes);
      return true;
    }
    this.#strikes.delete(key);
    const isCertain = fault === 'message' || hasAccepted || (this.#topics.get(topic)?.condemned ?? 0) > 0;
    if (!isCertain) return this.#suspect(only);
    this.#condemn(only, code);
    return true;
  }

  #isHeld(sent: Sent): boolean {
    const open = this.#open.get(sent.topic);
    if (!open || this.#hasAccepted || performance.now() >= open.until) return false;
    const guilt = open.keys.get(sent.key);
    return guilt ? !isSmaller(sent, guilt) : open.ends > 1;
  }

  /** @returns Whether its topic was not suspected before. */
  #suspect({ key, topic, bytes }: Sent): boolean {
    const known = this.#open.get(topic);
    const open = known ?? { keys: new Map(), ends: 0, until: 0 };
    remember(this.#open, topic, open);
    const isSize = this.#limit.suspect(bytes);
    if (isSize) remember(open.keys, key, { reason: endsConnection, bytes });
    else {
      remember(open.keys, key, { reason: endsConnection });
      this.#limit.doubt();
      open.ends++;
    }
    open.until = performance.now() + longestWaitMs;
    return !known || isSize;
  }

  #condemn({ key, topic, bytes }: Sent, code: number | undefined): void {
    const reason = code === undefined ? endsConnection : describeReason(code);
    const precedent = this.#topics.get(topic) ?? { condemned: 0, banMs: firstBanMs, until: 0 };
    remember(this.#topics, topic, precedent);
    this.#open.delete(topic);
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

/** Whether it is so much smaller than what was too large that it may pass. */
const isSmaller = ({ bytes }: Sent, guilt: Guilt) => guilt.bytes !== undefined && bytes < guilt.bytes;

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > mostRemembered) map.delete(map.keys().next().value!);
}
