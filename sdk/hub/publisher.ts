import { Backoff } from '../backoff.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { TokenBucket } from '../token-bucket.ts';
import { within } from '../within.ts';
import { type Link, RefusedError } from './link.ts';
import type { Entry, Message, Outbox } from './outbox.ts';
import { shrinkJpeg } from './shrink.ts';

/** Room for the fixed header, the topic's length, the packet id and the properties. */
const headerBytes = 16;
const acknowledgeTimeoutMs = 60_000;
/** What waited for a day is no reason to flood a hub that just came back, nor are the states of ten cameras. */
const mostPerSecond = 500;
const burst = 100;
/** A message that the broker refuses for the moment holds up the others so often, then it is given up. */
const mostTries = 10;

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
  readonly #tries = new WeakMap<Entry, number>();
  readonly #stats: PublisherStats = { published: 0, refused: 0, retried: 0, tooLarge: 0, shrunk: 0 };
  #link: Link | undefined;
  #underWay = 0;
  #saidRefusal: string | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  /** Until then nothing goes out: it is too early for the next message, or the broker cannot take it now. */
  #pause: NodeJS.Timeout | undefined;
  /** The broker refused something for the moment: one at a time, so that what is tried again keeps its place. */
  #isCareful = false;
  #isShrinking = false;
  #leaving = false;
  #onEmpty: (() => void) | undefined;
  #onSettled: (() => void) | undefined;

  /** @param options.perSecond The most messages a second. Default 500. */
  constructor(outbox: Outbox, logger: Logger, { perSecond = mostPerSecond }: { perSecond?: number } = {}) {
    this.#outbox = outbox;
    this.#logger = logger;
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
    this.#pump();
  }

  /** The connection is gone: what was not acknowledged goes over the next one again. */
  detach(): void {
    this.#link = undefined;
    this.#underWay = 0;
    this.#isCareful = false;
    this.#isShrinking = false;
    clearTimeout(this.#watchdog);
    clearTimeout(this.#pause);
    this.#pause = undefined;
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

  #begin(entry: Entry, link: Link): void {
    const room = link.maximumPacketSize - Buffer.byteLength(entry.topic) - headerBytes;
    if (entry.payload.length <= room) this.#send(entry, entry.payload, link);
    else if (isSnapshot(entry)) this.#shrink(entry, room, link);
    else this.#leaveOut(entry, link);
  }

  /** Nothing overtakes it: the event that speaks of it comes next. */
  async #shrink(entry: Entry, room: number, link: Link): Promise<void> {
    this.#isShrinking = true;
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
      this.#send(entry, smaller, link);
    }
    this.#pump();
  }

  #leaveOut(entry: Entry, link: Link): void {
    this.#outbox.settle(entry);
    if (this.#stats.tooLarge++ > 0) return;
    this.#logger.warn(
      `MQTT: ${entry.topic} is left out: ${entry.payload.length} bytes, the broker takes ${link.maximumPacketSize} a packet. The same goes for others that are too large.`,
    );
  }

  #send(entry: Entry, payload: Buffer, link: Link): void {
    this.#pace.take();
    this.#underWay++;
    this.#watch(link);
    const lifetimeMs = this.#outbox.lifetimeOf(entry);
    link.publish(entry.topic, payload, { qos: 1, retain: entry.retain, lifetimeMs }).then(
      () => {
        if (this.#link !== link) return;
        this.#stats.published++;
        this.#isCareful = false;
        this.#backoff.reset();
        this.#outbox.settle(entry);
        this.#settled(link);
      },
      (error: unknown) => {
        // Not refused: the connection is ending, and detach() puts it back.
        if (this.#link !== link || !(error instanceof RefusedError)) return;
        this.#refused(entry, error);
        this.#settled(link);
      },
    );
  }

  #refused(entry: Entry, error: RefusedError): void {
    const tries = (this.#tries.get(entry) ?? 0) + 1;
    const isFinal = !error.isTemporary || tries >= mostTries;
    const reason = messageOf(error);
    if (reason !== this.#saidRefusal) {
      const then = isFinal ? '' : '; it is tried again';
      this.#logger.error(`MQTT: the broker refuses ${entry.topic}: ${reason}${then}`);
    }
    this.#saidRefusal = reason;
    if (isFinal) {
      this.#stats.refused++;
      this.#outbox.settle(entry);
      return;
    }
    this.#stats.retried++;
    this.#tries.set(entry, tries);
    this.#outbox.putBack(entry);
    // Of a window that was refused as a whole the first one decides how long.
    if (!this.#isCareful || !this.#pause) this.#pauseFor(this.#backoff.next());
    this.#isCareful = true;
  }

  #settled(link: Link): void {
    this.#underWay--;
    this.#watch(link);
    this.#onSettled?.();
    this.#pump();
  }

  /** A broker that answers pings but acknowledges nothing would hold the window shut for ever. */
  #watch(link: Link): void {
    clearTimeout(this.#watchdog);
    if (this.#underWay === 0) return;
    this.#watchdog = setTimeout(
      () => link.close(`it acknowledged nothing for ${acknowledgeTimeoutMs / 1000} s`),
      acknowledgeTimeoutMs,
    );
    this.#watchdog.unref();
  }
}

/** A retained event is one: its payload is a JPEG. */
const isSnapshot = ({ kind, retain, payload }: Message) => kind === 'event' && retain && payload.length > 0;
