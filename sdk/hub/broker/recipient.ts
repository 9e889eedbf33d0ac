import { writeToStream } from 'mqtt-packet';
import type { BrokerClient } from './aedes-client.ts';
import { type Message, packetBytes } from './message.ts';

/** Messages of QoS 1 and 2 that a client has not acknowledged; MQTT 5 lets it ask for fewer. */
const largestWindow = 1000;
/** With more waiting, the client is disconnected: it is too slow for its subscriptions. */
const maxWaiting = 1000;
const maxWaitingBytes = 16 * 1024 * 1024;
/** Quota exceeded. */
const tooSlow = 0x97;

interface Waiting {
  readonly message: Message;
  readonly at: number;
}

/** Sends to one client: never more in flight than it allows, and never a packet larger than it accepts. */
export class Recipient {
  readonly #client: BrokerClient;
  readonly #window: number;
  readonly #maxBytes: number;
  readonly #onWay = new Set<number>();
  readonly #waiting: Waiting[] = [];
  readonly #onRoom: (() => void)[] = [];
  #waitingBytes = 0;
  #lastId = 0;

  constructor(client: BrokerClient) {
    this.#client = client;
    this.#window = Math.min(client.receiveMaximum, largestWindow);
    this.#maxBytes = client.maximumPacketSize ?? Number.POSITIVE_INFINITY;
  }

  get isOpen(): boolean {
    return !this.#client.closed;
  }

  /** @param done Called when the socket accepts more, whether or not this one was sent. */
  send(message: Message, done: () => void): void {
    if (!this.isOpen) {
      // The client is gone, or must not get it: as if it had been sent.
      done();
    } else if (this.#maxBytes !== Number.POSITIVE_INFINITY && packetBytes(message) > this.#maxBytes) {
      done();
    } else if (message.qos === 0) {
      this.#write(message, undefined, done);
    } else if (this.#onWay.size < this.#window && this.#waiting.length === 0) {
      this.#write(message, this.#newId(), done);
    } else {
      this.#wait(message);
      // The publisher may be the very client whose acknowledgement is awaited, so do not wait here.
      done();
    }
  }

  /** Resolves when a message of QoS 1 or 2 would go out at once, or the client is gone. */
  async room(): Promise<void> {
    while (this.isOpen && (this.#onWay.size >= this.#window || this.#waiting.length > 0)) {
      await new Promise<void>((resolve) => this.#onRoom.push(resolve));
    }
  }

  /** The client acknowledged a message. */
  acknowledged(id: number): void {
    if (!this.#onWay.delete(id)) return;
    while (this.#waiting.length > 0 && this.#onWay.size < this.#window) {
      const { message, at } = this.#waiting.shift()!;
      this.#waitingBytes -= packetBytes(message);
      const fresh = aged(message, performance.now() - at);
      if (fresh) this.#write(fresh, this.#newId(), () => {});
    }
    this.#tellRoom();
  }

  close(): void {
    this.#waiting.length = 0;
    this.#onWay.clear();
    this.#tellRoom();
  }

  #tellRoom(): void {
    for (const resolve of this.#onRoom.splice(0)) resolve();
  }

  #wait(message: Message): void {
    this.#waiting.push({ message, at: performance.now() });
    this.#waitingBytes += packetBytes(message);
    if (this.#waiting.length <= maxWaiting && this.#waitingBytes <= maxWaitingBytes) return;
    this.close();
    this.#client.disconnect({ reasonCode: tooSlow });
  }

  /** The window is smaller than the range of ids, so one is free. */
  #newId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1;
    while (this.#onWay.has(this.#lastId));
    this.#onWay.add(this.#lastId);
    return this.#lastId;
  }

  #write(message: Message, messageId: number | undefined, done: () => void): void {
    const packet = { ...message, cmd: 'publish', dup: false, messageId } as const;
    if (writeToStream(packet, this.#client.conn, { protocolVersion: this.#client.version })) done();
    else this.#client.waitForDrain(done);
  }
}

/** What is left of its time, or undefined where none is. */
function aged(message: Message, ms: number): Message | undefined {
  const seconds = message.properties?.messageExpiryInterval;
  if (seconds === undefined) return message;
  const left = Math.ceil(seconds - ms / 1000);
  return left <= 0 ? undefined : { ...message, properties: { ...message.properties, messageExpiryInterval: left } };
}
