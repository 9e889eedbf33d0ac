import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { within } from '../../base/within.ts';
import { type Link, packetBytes, RefusedError } from '../connection/link.ts';
import type { Entry, Message } from './message.ts';
import type { Outbox } from './outbox.ts';
import { Pacing } from './pacing.ts';
import { Refusals } from './refusals.ts';
import { SendWindow } from './send-window.ts';
import { shrinkJpeg } from './shrink.ts';
import { TemporaryRefusals } from './temporary-refusals.ts';

/** Neither a day's backlog nor the states of ten cameras may flood a hub that just came back. */
const mostPerSecond = 500;

/** Counts of messages since the publisher was started. */
export interface PublisherStats {
  /** Messages the broker acknowledged, and those it refused for good. */
  published: number;
  refused: number;
  /** Refused temporarily and retried. */
  retried: number;
  /** Dropped because they exceed the broker's limit, and snapshots that were shrunk instead. */
  tooLarge: number;
  shrunk: number;
}

/** Publishes what waits in an outbox through a window: never more in flight than the broker accepts at once. */
export class Publisher {
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  readonly #pacing: Pacing;
  readonly #window = new SendWindow(() => this.#stats.published);
  readonly #retries = new TemporaryRefusals(
    () => {
      this.#putBackDeferred();
      this.#pump();
    },
    (entries) => {
      this.#link?.retryHeld();
      for (const entry of entries) this.#outbox.putBack(entry);
      this.#pump();
    },
  );
  readonly #refusals: Refusals;
  readonly #stats: PublisherStats = { published: 0, refused: 0, retried: 0, tooLarge: 0, shrunk: 0 };
  #link: Link | undefined;
  #isShrinking = false;
  #saidRetain = false;
  #leaving = false;
  #onEmpty: (() => void) | undefined;

  /**
   * @param options.perSecond The most messages a second. Default 500.
   * @param options.refusals Logs what is refused. Default: a new one.
   */
  constructor(
    outbox: Outbox,
    logger: Logger,
    { perSecond = mostPerSecond, refusals = new Refusals(logger) }: { perSecond?: number; refusals?: Refusals } = {},
  ) {
    this.#outbox = outbox;
    this.#logger = logger;
    this.#refusals = refusals;
    this.#pacing = new Pacing(perSecond, () => this.#pump());
  }

  get stats(): Readonly<PublisherStats> {
    return { ...this.#stats };
  }

  start(): void {
    this.#outbox.open(() => this.#pump());
  }

  /** Queues a message, connected or not; never throws. */
  put(message: Message): void {
    this.#outbox.put(message);
  }

  /** Begins to publish over a connection. */
  attach(link: Link): void {
    this.#link = link;
    this.#window.clear();
    link.whenDecidable(() => this.#link === link && this.#retries.held.release());
    if (link.canRetain === false && !this.#saidRetain) {
      this.#saidRetain = true;
      this.#logger.warn(
        'MQTT: the broker retains nothing, so who comes later does not learn how things are until they change',
      );
    }
    this.#pump();
  }

  /** The connection is gone: what was not acknowledged is sent again over the next one. */
  detach(): void {
    this.#link = undefined;
    this.#isShrinking = false;
    this.#window.clear();
    this.#retries.clear();
    this.#pacing.stop();
    this.#outbox.rewind();
  }

  /** Waits until all is acknowledged. @returns False without a connection or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (!this.#link) return false;
    const empty = new Promise<boolean>((resolve) => {
      this.#onEmpty = () => resolve(true);
    });
    this.#pump();
    return within(timeoutMs, empty, false);
  }

  /**
   * Publishes a last retained message, bypassing the outbox, where the next process must not find it; nothing is sent
   * after it. The window applies to it as well.
   *
   * @returns False when it was not acknowledged within `timeoutMs`.
   */
  async farewell(topic: string, payload: string, timeoutMs: number): Promise<boolean> {
    const link = this.#link;
    if (!link) return false;
    this.#leaving = true;
    const publish = async () => {
      await this.#window.room(link.window);
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
    if (this.#outbox.depth === 0) this.#onEmpty?.();
  }

  #mayGo(link: Link): boolean {
    if (this.#leaving || this.#isShrinking || this.#retries.held.isFull || this.#pacing.isPaused) return false;
    if (this.#window.underWay >= (this.#retries.isCareful ? 1 : link.window)) return false;
    return this.#pacing.mayGo();
  }

  #begin(entry: Entry, link: Link, payload = entry.payload): void {
    if (entry.retain) this.#forgetOlder(entry);
    const bytes = packetBytes(entry.topic, payload.length);
    if (bytes <= link.maximumPacketSize) this.#send(entry, payload, link);
    else if (isSnapshot(entry)) this.#shrink(entry, link);
    else if (bytes < link.refusedPacketSize) this.#send(entry, payload, link);
    else this.#leaveOut(entry, link);
  }

  /** Nothing overtakes it: the event that refers to it comes next. */
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
    if (link.isUndecided) {
      this.#holdBack(entry);
      return;
    }
    this.#outbox.settle(entry, { isRefused: true });
    if (this.#stats.tooLarge++ > 0) return;
    this.#logger.warn(
      `MQTT: ${entry.topic} is left out: ${entry.payload.length} bytes, the broker takes ${link.maximumPacketSize} a packet. The same goes for others that are too large.`,
    );
  }

  #send(entry: Entry, payload: Buffer, link: Link): void {
    const { topic, retain } = entry;
    this.#pacing.take();
    this.#window.add(entry, link);
    // A retained one may be replaced by its successor, and would then be another message.
    const key = retain ? topic : entry;
    const lifetimeMs = this.#outbox.lifetimeOf(entry);
    link.publish(topic, payload, { qos: 1, retain, lifetimeMs, key }).then(
      () => {
        if (this.#link !== link) return;
        this.#stats.published++;
        this.#retries.isCareful = false;
        this.#pacing.accepted();
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
    if (error.isOpen) {
      this.#holdBack(entry);
      return;
    }
    // The broker's limit was found out meanwhile: the size may be the cause.
    if (packetBytes(entry.topic, payload.length) >= link.refusedPacketSize) {
      this.#begin(entry, link);
      return;
    }
    this.#setAside(entry, messageOf(error));
  }

  #holdBack(entry: Entry): void {
    // Sent later it would overwrite the newer one.
    if (this.#window.isOvertaken(entry)) this.#outbox.settle(entry);
    else this.#retries.held.add(entry);
  }

  #setAside(entry: Entry, reason: string): void {
    this.#stats.refused++;
    this.#refusals.refused(entry.topic, reason);
    this.#outbox.settle(entry, { isRefused: true });
  }

  /** The first time, the others wait for it, so that it keeps its place; after that they go on without it. */
  #refusedNow(entry: Entry, error: RefusedError): void {
    if (this.#window.isOvertaken(entry)) {
      this.#outbox.settle(entry);
      return;
    }
    const reason = messageOf(error);
    const nextTry = this.#retries.refused(entry, this.#stats.published);
    if (nextTry === 'give up') {
      this.#setAside(entry, reason);
      return;
    }
    this.#refusals.refused(entry.topic, reason, 'it is tried again');
    this.#stats.retried++;
    if (nextTry === 'defer') return;
    this.#outbox.putBack(entry);
    if (nextTry === 'all wait') this.#putBackDeferred();
    // If a whole window was refused, the first message decides how long to wait.
    if (!this.#retries.isCareful || !this.#pacing.isPaused) this.#pacing.backOff();
    this.#retries.isCareful = true;
  }

  #putBackDeferred(): void {
    for (const entry of this.#retries.takeDeferred()) this.#outbox.putBack(entry);
  }

  /** A newer value of its topic is sent: the older one would overwrite it. */
  #forgetOlder(newer: Entry): void {
    const isOlder = (entry: Entry) => entry !== newer && entry.retain && entry.topic === newer.topic;
    this.#window.overtake(isOlder);
    for (const entry of this.#retries.takeIf(isOlder)) this.#outbox.settle(entry);
  }

  #settled(entry: Entry, link: Link): void {
    this.#window.settled(entry, link);
    this.#pump();
  }
}

/** A retained event is one: its payload is a JPEG. */
const isSnapshot = ({ kind, retain, payload }: Message) => kind === 'event' && retain && payload.length > 0;
