import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type Link, RefusedError } from './link.ts';
import type { Entry, Message, Outbox } from './outbox.ts';

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
  #saidEvicted = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

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
    const { evicted } = this.#outbox.stats;
    if (evicted > 0 && this.#saidEvicted === 0) {
      this.#logger.warn('MQTT: the outbox is full; the oldest events are dropped until the broker is back');
      this.#saidEvicted = evicted;
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
    this.#saidEvicted = 0;
  }

  /** Waits until all is acknowledged. @returns False when that took longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#outbox.stats.depth === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const empty = await new Promise<boolean>((resolve) => {
      this.#onEmpty = () => resolve(true);
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    clearTimeout(timer);
    this.#onEmpty = undefined;
    return empty;
  }

  async stop(): Promise<void> {
    this.detach();
    await this.#outbox.close();
  }

  #pump(): void {
    while (this.#link && this.#underWay < this.#link.window) {
      const entry = this.#outbox.next();
      if (!entry) break;
      this.#send(entry, this.#link);
    }
    if (this.#onEmpty && this.#outbox.stats.depth === 0) this.#onEmpty();
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
