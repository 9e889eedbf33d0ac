import { Backoff } from '../../base/backoff.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import { within } from '../../base/within.ts';
import { type Link, packetBytes, RefusedError } from '../connection/link.ts';
import type { Entry, Message } from './message.ts';
import type { Outbox } from './outbox.ts';
import { Refusals } from './refusals.ts';
import { shrinkJpeg } from './shrink.ts';

const acknowledgeTimeoutMs = 60_000;
/** What waited for a day is no reason to flood a hub that just came back, nor are the states of ten cameras. */
const mostPerSecond = 500;
const burst = 100;
/** A message that the broker refuses for the moment, while it takes others, is tried so often. */
const mostTries = 10;
/** So many of them wait for their next try, while the others go on. */
const mostDeferred = 16;

export interface PublisherStats {
  /** Messages the broker acknowledged, and such as it refused for good. */
  published: number;
  refused: number;
  /** Refused for the moment and tried again. */
  retried: number;
  /** Left out because they are larger than the broker takes, and snapshots that were made smaller instead. */
  tooLarge: number;
  shrunk: number;
}

/** Publishes what waits in an outbox through a window: never more on its way than the broker takes at once. */
export class Publisher {
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  readonly #pace: TokenBucket;
  readonly #backoff = new Backoff();
  readonly #tries = new WeakMap<Entry, { count: number; published: number }>();
  readonly #refusals: Refusals;
  readonly #stats: PublisherStats = { published: 0, refused: 0, retried: 0, tooLarge: 0, shrunk: 0 };
  #link: Link | undefined;
  #underWay = 0;
  /** On its way, in the order in which it was sent. */
  readonly #sent = new Set<Entry>();
  /** Of those the retained ones with a newer value of their topic on its way too: they are not tried again. */
  readonly #overtaken = new WeakSet<Entry>();
  #watchdog: NodeJS.Timeout | undefined;
  /** Until then nothing goes out: it is too early for the next message, or the broker cannot take it now. */
  #pause: NodeJS.Timeout | undefined;
  /** The broker refused something for the moment: one at a time, so that what is tried again keeps its place. */
  #isCareful = false;
  /** Refused for the moment more than once while the broker takes others: they go on without it. */
  #deferred: Entry[] = [];
  #retry: NodeJS.Timeout | undefined;
  readonly #retryBackoff = new Backoff();
  /** Messages published when the first of them was deferred. */
  #publishedBefore = 0;
  #isShrinking = false;
  #saidRetain = false;
  #leaving = false;
  #onEmpty: (() => void) | undefined;
  #onSettled: (() => void) | undefined;

  /**
   * @param options.perSecond The most messages a second. Default 500.
   * @param options.refusals Says what is refused. Default: one of its own.
   */
  constructor(
    outbox: Outbox,
    logger: Logger,
    { perSecond = mostPerSecond, refusals = new Refusals(logger) }: { perSecond?: number; refusals?: Refusals } = {},
  ) {
    this.#outbox = outbox;
    this.#logger = logger;
    this.#refusals = refusals;
    this.#pace = new TokenBucket({ burst: Math.max(burst, perSecond / 5), eachMs: 1000 / perSecond });
  }

  get stats(): Readonly<PublisherStats> {
    return { ...this.#stats };
  }

  start(): void {
    this.#outbox.open(() => this.#pump());
  }

  /** Accepts a message, connected or not; never throws. */
  put(message: Message): void {
    this.#outbox.put(message);
  }

  /** Begins to publish over a connection. */
  attach(link: Link): void {
    this.#link = link;
    this.#underWay = 0;
    this.#sent.clear();
    if (link.canRetain === false && !this.#saidRetain) {
      this.#saidRetain = true;
      this.#logger.warn(
        'MQTT: the broker retains nothing, so who comes later does not learn how things are until they change',
      );
    }
    this.#pump();
  }

  /** The connection is gone: what was not acknowledged goes over the next one again. */
  detach(): void {
    this.#link = undefined;
    this.#underWay = 0;
    this.#isCareful = false;
    this.#isShrinking = false;
    this.#deferred = [];
    this.#sent.clear();
    clearTimeout(this.#watchdog);
    clearTimeout(this.#pause);
    clearTimeout(this.#retry);
    this.#pause = undefined;
    this.#retry = undefined;
    this.#outbox.rewind();
  }

  /** Waits until all is acknowledged. @returns False when there is no connection or it took longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (!this.#link) return false;
    const empty = new Promise<boolean>((resolve) => {
      this.#onEmpty = () => resolve(true);
    });
    this.#pump();
    return within(timeoutMs, empty, false);
  }

  /**
   * Publishes a last retained message past the outbox, for it must not be found there by the next process; nothing
   * goes out after it. The window holds for it as well.
   *
   * @returns False when it was not acknowledged within `timeoutMs`.
   */
  async farewell(topic: string, payload: string, timeoutMs: number): Promise<boolean> {
    const link = this.#link;
    if (!link) return false;
    this.#leaving = true;
    const publish = async () => {
      while (this.#underWay >= link.window) {
        await new Promise<void>((resolve) => {
          this.#onSettled = resolve;
        });
      }
      await link.publish(topic, payload, { qos: 1, retain: true });
      return true;
    };
    return within(timeoutMs, publish(), false);
  }

  async stop(): Promise<void> {
    this.detach();
    this.#refusals.stop();
    this.#leaving = false;
    await this.#outbox.close();
  }

  #pump(): void {
    const link = this.#link;
    while (link && this.#link === link && this.#mayGo(link)) {
      const entry = this.#outbox.next();
      if (!entry) break;
      this.#begin(entry, link);
    }
    if (this.#outbox.stats.depth === 0) this.#onEmpty?.();
  }

  #mayGo(link: Link): boolean {
    if (this.#leaving || this.#isShrinking || this.#pause) return false;
    if (this.#underWay >= (this.#isCareful ? 1 : link.window)) return false;
    const waitMs = Math.ceil(this.#pace.waitMs);
    if (waitMs > 0) this.#pauseFor(waitMs);
    return waitMs === 0;
  }

  #pauseFor(ms: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#pump();
    }, ms);
    this.#pause.unref();
  }

  #begin(entry: Entry, link: Link, payload = entry.payload): void {
    if (entry.retain) this.#forgetOlder(entry);
    const bytes = packetBytes(entry.topic, payload.length);
    if (bytes <= link.maximumPacketSize) this.#send(entry, payload, link);
    else if (isSnapshot(entry)) this.#shrink(entry, link);
    else if (bytes < link.refusedPacketSize) this.#send(entry, payload, link);
    else this.#leaveOut(entry, link);
  }

  /** Nothing overtakes it: the event that speaks of it comes next. */
  async #shrink(entry: Entry, link: Link): Promise<void> {
    this.#isShrinking = true;
    const room = link.maximumPacketSize - packetBytes(entry.topic, 0);
    const smaller = await shrinkJpeg(entry.payload, room);
    if (this.#link !== link) return;
    this.#isShrinking = false;
    if (!smaller) this.#leaveOut(entry, link);
    else {
      if (this.#stats.shrunk++ === 0) {
        this.#logger.warn(
          `MQTT: snapshots are made smaller for this broker: ${entry.topic} has ${entry.payload.length} bytes, it takes ${link.maximumPacketSize} a packet`,
        );
      }
      this.#begin(entry, link, smaller);
    }
    this.#pump();
  }

  #leaveOut(entry: Entry, link: Link): void {
    this.#outbox.settle(entry, { isRefused: true });
    if (this.#stats.tooLarge++ > 0) return;
    this.#logger.warn(
      `MQTT: ${entry.topic} is left out: ${entry.payload.length} bytes, the broker takes ${link.maximumPacketSize} a packet. The same goes for others that are too large.`,
    );
  }

  #send(entry: Entry, payload: Buffer, link: Link): void {
    const { topic, retain } = entry;
    this.#pace.take();
    this.#underWay++;
    this.#sent.add(entry);
    this.#watch(link, entry);
    // A retained one is replaced by its successor, and would be another one then.
    const key = retain ? topic : entry;
    const lifetimeMs = this.#outbox.lifetimeOf(entry);
    link.publish(topic, payload, { qos: 1, retain, lifetimeMs, key }).then(
      () => {
        if (this.#link !== link) return;
        this.#stats.published++;
        this.#isCareful = false;
        this.#backoff.reset();
        this.#refusals.accepted(topic);
        this.#outbox.settle(entry);
        this.#settled(entry, link);
      },
      (error: unknown) => {
        // Not refused: the connection is ending, and detach() puts it back.
        if (this.#link !== link || !(error instanceof RefusedError)) return;
        if (error.isTemporary) this.#refusedNow(entry, error);
        else this.#refusedForGood(entry, payload, error, link);
        this.#settled(entry, link);
      },
    );
  }

  #refusedForGood(entry: Entry, payload: Buffer, error: RefusedError, link: Link): void {
    // What the broker takes was found out meanwhile: it may be the size.
    if (packetBytes(entry.topic, payload.length) >= link.refusedPacketSize) {
      this.#begin(entry, link);
      return;
    }
    this.#setAside(entry, messageOf(error));
  }

  #setAside(entry: Entry, reason: string): void {
    this.#stats.refused++;
    this.#refusals.refused(entry.topic, reason);
    this.#outbox.settle(entry, { isRefused: true });
  }

  /** The first time the others wait for it, so that it keeps its place; then they go on without it. */
  #refusedNow(entry: Entry, error: RefusedError): void {
    if (this.#overtaken.has(entry)) {
      this.#outbox.settle(entry);
      return;
    }
    const { published } = this.#stats;
    const before = this.#tries.get(entry);
    // While the broker takes nothing at all it is not the message.
    const isNewTry = !before || before.count < 2 || before.published !== published;
    const count = (before?.count ?? 0) + (isNewTry ? 1 : 0);
    this.#tries.set(entry, { count, published });
    const reason = messageOf(error);
    if (count >= mostTries) {
      this.#setAside(entry, reason);
      return;
    }
    this.#refusals.refused(entry.topic, reason, 'it is tried again');
    this.#stats.retried++;
    const isAlone = this.#deferred.length === 0;
    if (isAlone) this.#publishedBefore = published;
    const takesNone = !isAlone && this.#publishedBefore === published;
    if (count >= 2 && !takesNone && this.#deferred.length < mostDeferred) {
      this.#deferred.push(entry);
      this.#isCareful = true;
      this.#retryIn(this.#retryBackoff.next());
      return;
    }
    this.#outbox.putBack(entry);
    // The broker takes no other one either: all wait, in order.
    if (takesNone) this.#putBackDeferred();
    // Of a window that was refused as a whole the first one decides how long.
    if (!this.#isCareful || !this.#pause) this.#pauseFor(this.#backoff.next());
    this.#isCareful = true;
  }

  #retryIn(ms: number): void {
    this.#retry ??= setTimeout(() => {
      this.#putBackDeferred();
      this.#pump();
    }, ms).unref();
  }

  #putBackDeferred(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const entry of this.#deferred.splice(0)) this.#outbox.putBack(entry);
  }

  /** A newer value of its topic goes out: the older one would overwrite it. */
  #forgetOlder(newer: Entry): void {
    const isOlder = (entry: Entry) => entry !== newer && entry.retain && entry.topic === newer.topic;
    for (const entry of this.#sent) if (isOlder(entry)) this.#overtaken.add(entry);
    const older = this.#deferred.filter(isOlder);
    if (older.length === 0) return;
    this.#deferred = this.#deferred.filter((entry) => !older.includes(entry));
    for (const entry of older) this.#outbox.settle(entry);
  }

  #settled(entry: Entry, link: Link): void {
    this.#underWay--;
    const [oldest] = this.#sent;
    this.#sent.delete(entry);
    if (oldest === entry) this.#watch(link);
    this.#onSettled?.();
    this.#pump();
  }

  /**
   * A broker that answers pings but acknowledges nothing would hold the window shut for ever; one that leaves out a
   * single message, a place in it.
   *
   * @param begun Nothing was on its way before it. Default: another one is the oldest now.
   */
  #watch(link: Link, begun?: Entry): void {
    if (begun && this.#sent.size > 1) return;
    clearTimeout(this.#watchdog);
    if (this.#sent.size === 0) return;
    const [oldest] = this.#sent;
    const { published } = this.#stats;
    this.#watchdog = setTimeout(() => {
      const isOnlyOne = this.#stats.published > published;
      const what = isOnlyOne ? `did not acknowledge ${oldest!.topic}` : 'acknowledged nothing';
      link.close(`it ${what} for ${acknowledgeTimeoutMs / 1000} s`);
    }, acknowledgeTimeoutMs);
    this.#watchdog.unref();
  }
}

/** A retained event is one: its payload is a JPEG. */
const isSnapshot = ({ kind, retain, payload }: Message) => kind === 'event' && retain && payload.length > 0;
