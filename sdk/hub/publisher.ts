import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type Link, RefusedError } from './link.ts';
import type { Entry, Message, Outbox } from './outbox.ts';
import { within } from './within.ts';

/** Room for the fixed header, the topic's length, the packet id and the properties. */
const headerBytes = 16;
const acknowledgeTimeoutMs = 60_000;

/** Publishes what waits in an outbox through a window: never more on its way than the broker takes at once. */
export class Publisher {
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  #link: Link | undefined;
  #underWay = 0;
  #published = 0;
  #refused = 0;
  #tooLarge = 0;
  #saidRefusal: string | undefined;
  /** Evictions before this connection was lost; undefined once the full outbox was told. */
  #evictedBefore: number | undefined = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #leaving = false;
  #onEmpty: (() => void) | undefined;
  #onSettled: (() => void) | undefined;

  constructor(outbox: Outbox, logger: Logger) {
    this.#outbox = outbox;
    this.#logger = logger;
  }

  get stats(): { published: number; refused: number; tooLarge: number } {
    return { published: this.#published, refused: this.#refused, tooLarge: this.#tooLarge };
  }

  async start(): Promise<void> {
    await this.#outbox.open(() => this.#pump());
  }

  /** Accepts a message, connected or not; never throws. */
  put(message: Message): void {
    this.#outbox.put(message);
    if (this.#evictedBefore !== undefined && this.#outbox.stats.evicted > this.#evictedBefore) {
      this.#logger.warn('MQTT: the outbox is full; the oldest events are dropped until the broker takes some');
      this.#evictedBefore = undefined;
    }
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
    clearTimeout(this.#watchdog);
    this.#outbox.rewind();
    this.#evictedBefore = this.#outbox.stats.evicted;
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
    while (this.#link && !this.#leaving && this.#underWay < this.#link.window) {
      const entry = this.#outbox.next();
      if (!entry) break;
      this.#send(entry, this.#link);
    }
    if (this.#outbox.stats.depth === 0) this.#onEmpty?.();
  }

  #send(entry: Entry, link: Link): void {
    const bytes = entry.payload.length + Buffer.byteLength(entry.topic) + headerBytes;
    if (bytes > link.maximumPacketSize) {
      this.#outbox.settle(entry);
      if (this.#tooLarge++ === 0) {
        this.#logger.warn(
          `MQTT: ${entry.topic} is left out: ${bytes} bytes, the broker takes ${link.maximumPacketSize}. The same goes for others that are too large.`,
        );
      }
      return;
    }
    this.#underWay++;
    this.#watch(link);
    link.publish(entry.topic, entry.payload, { qos: 1, retain: entry.retain }).then(
      () => {
        if (this.#link !== link) return;
        this.#published++;
        this.#settle(entry, link);
      },
      (error: unknown) => {
        // Not refused: the connection is ending, and detach() puts it back.
        if (this.#link !== link || !(error instanceof RefusedError)) return;
        this.#refused++;
        const reason = messageOf(error);
        if (reason !== this.#saidRefusal) this.#logger.error(`MQTT: the broker refuses ${entry.topic}: ${reason}`);
        this.#saidRefusal = reason;
        this.#settle(entry, link);
      },
    );
  }

  #settle(entry: Entry, link: Link): void {
    this.#outbox.settle(entry);
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
