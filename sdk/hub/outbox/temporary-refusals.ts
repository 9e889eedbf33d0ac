import { Backoff } from '../../base/backoff.ts';
import type { Entry } from './message.ts';

/** How often a message is tried that the broker refuses temporarily while accepting others. */
const mostTries = 10;
/** So many of them wait for their next try, while the others go on. */
const mostDeferred = 16;

/**
 * What becomes of a message that was refused for the moment. `give up`: it was tried often enough. `defer`: the others go on
 * without it. `wait`: the others wait for it, so that it keeps its place; `all wait`: those that were deferred do too, for the
 * broker takes no other one either.
 */
export type NextTry = 'give up' | 'defer' | 'wait' | 'all wait';

/** Messages that the broker refused for the moment, and when they are tried again. */
export class TemporaryRefusals {
  /** The broker refused something for the moment: one at a time, so that what is tried again keeps its place. */
  isCareful = false;
  readonly #onDue: () => void;
  readonly #tries = new WeakMap<Entry, { count: number; published: number }>();
  /** Refused for the moment more than once while the broker takes others: they go on without it. */
  #deferred: Entry[] = [];
  #retry: NodeJS.Timeout | undefined;
  readonly #backoff = new Backoff();
  /** Messages published when the first of them was deferred. */
  #publishedBefore = 0;

  /** @param onDue Called when what was deferred is to be tried again. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** @param published Messages that the broker has acknowledged by now. */
  refused(entry: Entry, published: number): NextTry {
    const before = this.#tries.get(entry);
    // While the broker takes nothing at all it is not the message.
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

  /** Those that were deferred: they are deferred no more. */
  takeDeferred(): Entry[] {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    return this.#deferred.splice(0);
  }

  /** Such of those that were deferred: they are deferred no more. */
  takeIf(is: (entry: Entry) => boolean): Entry[] {
    const taken = this.#deferred.filter(is);
    if (taken.length > 0) this.#deferred = this.#deferred.filter((entry) => !taken.includes(entry));
    return taken;
  }

  /** The connection is gone. */
  clear(): void {
    this.isCareful = false;
    this.takeDeferred();
  }
}
