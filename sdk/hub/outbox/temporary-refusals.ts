import { Backoff } from '../../base/backoff.ts';
import { HeldBack } from './held-back.ts';
import type { Entry } from './message.ts';

/** Attempts at a message that the broker refuses temporarily while accepting others. */
const mostTries = 10;
/** At most this many of them wait for their next attempt while the others go on. */
const mostDeferred = 16;

/**
 * What happens to a message that was refused temporarily. `give up`: it was tried often enough. `defer`: the others go on
 * without it. `wait`: the others wait for it, so that it keeps its place; `all wait`: so do those that were deferred, since
 * the broker does not accept any other either.
 */
export type NextTry = 'give up' | 'defer' | 'wait' | 'all wait';

/** Messages that the broker refused temporarily, or may have, and when they are retried. */
export class TemporaryRefusals {
  /** The broker refused something temporarily: one message at a time, so that a retried one keeps its place. */
  isCareful = false;
  /** Those after which connections ended. */
  readonly held: HeldBack;
  readonly #onDue: () => void;
  readonly #tries = new WeakMap<Entry, { count: number; published: number }>();
  /** Refused temporarily more than once while the broker accepts others, which go on without it. */
  #deferred: Entry[] = [];
  #retry: NodeJS.Timeout | undefined;
  readonly #backoff = new Backoff();
  /** Messages published when the first of them was deferred. */
  #publishedBefore = 0;

  /** @param onDue Called when what was deferred is to be retried. @param release The same for what was held back. */
  constructor(onDue: () => void, release: (entries: readonly Entry[]) => void) {
    this.#onDue = onDue;
    this.held = new HeldBack(release);
  }

  /** @param published Messages that the broker has acknowledged by now. */
  refused(entry: Entry, published: number): NextTry {
    const before = this.#tries.get(entry);
    // While the broker accepts nothing, the message is not the cause.
    const isNewTry = !before || before.count < 2 || before.published !== published;
    const count = (before?.count ?? 0) + (isNewTry ? 1 : 0);
    this.#tries.set(entry, { count, published });
    if (count >= mostTries) return 'give up';
    const isAlone = this.#deferred.length === 0;
    if (isAlone) this.#publishedBefore = published;
    const takesNone = !isAlone && this.#publishedBefore === published;
    if (count < 2 || takesNone || this.#deferred.length >= mostDeferred) return takesNone ? 'all wait' : 'wait';
    this.#deferred.push(entry);
    this.isCareful = true;
    const waitMs = this.#backoff.next();
    this.#retry ??= setTimeout(this.#onDue, waitMs).unref();
    return 'defer';
  }

  /** Takes all deferred messages out. */
  takeDeferred(): Entry[] {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    return this.#deferred.splice(0);
  }

  /** Takes the matching messages out. */
  takeIf(is: (entry: Entry) => boolean): Entry[] {
    const taken = this.#deferred.filter(is);
    if (taken.length > 0) this.#deferred = this.#deferred.filter((entry) => !taken.includes(entry));
    return [...taken, ...this.held.takeIf(is)];
  }

  /** The connection is gone. */
  clear(): void {
    this.isCareful = false;
    this.takeDeferred();
    this.held.clear();
  }
}
