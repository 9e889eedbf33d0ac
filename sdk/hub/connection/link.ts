import type { MqttClient } from 'mqtt';
import { messageOf } from '../../base/errors.ts';
import { Fences } from './fences.ts';
import { type Flight, Flights } from './flights.ts';
import { describeReason } from './reason-codes.ts';
import { RefusedError } from './refused-error.ts';
import { SizeLimit } from './size-limit.ts';
import { type Ending, Suspects } from './suspects.ts';

export { RefusedError } from './refused-error.ts';

/** Maximum messages in flight. More would not be faster, and all would be duplicated after a fault. */
const largestWindow = 16;

/** Room for the fixed header, the topic's length, the packet id and the properties. */
const headerBytes = 16;

/** Bytes of a message on the network, with a margin. */
export const packetBytes = (topic: string, payloadBytes: number): number =>
  Buffer.byteLength(topic) + payloadBytes + headerBytes;

/** How a message is published. */
export interface PublishOptions {
  qos: 0 | 1;
  retain: boolean;
  /** Expiry of a message that waits at the broker, ms (MQTT 5). Default: none. */
  lifetimeMs?: number;
  /** MQTT 5: marks it as the answer to the message that came with it. */
  correlationData?: Buffer;
  /** Identical for all attempts at one message. Default: its topic. */
  key?: unknown;
}

/** How long a broker that has not answered something in time may take to answer a ping. */
const pongMs = 5000;

/** @param isAnswering False: the broker answers nothing, so that the end says nothing about what was sent. Default: true. */
type Close = (reason: string, isAnswering?: boolean) => void;

interface LinkOptions {
  /** What is known of the broker from earlier connections. */
  limit?: SizeLimit;
  suspects?: Suspects;
  /** Told of each refused publish without a `key`, which nobody else reports. */
  onRefused?: (topic: string, error: RefusedError) => void;
}

/** One connection to the broker, from its CONNACK to its end. */
export class Link {
  /** 5, or 4 for MQTT 3.1.1. */
  readonly version: 4 | 5;
  /** How many unacknowledged publishes the broker accepts. */
  readonly window: number;
  /** Whether it supports retained messages. If not, all are published without the flag. */
  readonly canRetain: boolean;
  readonly #maximumPacketSize: number;
  readonly #maximumQos: number;
  readonly #limit: SizeLimit;
  readonly #onRefused: LinkOptions['onRefused'];
  readonly #client: MqttClient;
  readonly #close: Close;
  /** Everything the broker has not answered yet. */
  readonly #flights: Flights;
  readonly #fences: Fences;

  /** Made by a hub. @internal */
  constructor(
    client: MqttClient,
    version: 4 | 5,
    close: Close,
    { limit = new SizeLimit(), suspects = new Suspects(limit), onRefused }: LinkOptions = {},
  ) {
    const {
      receiveMaximum = largestWindow,
      maximumPacketSize = Number.POSITIVE_INFINITY,
      retainAvailable = true,
      maximumQoS = 2,
    } = client.serverProperties ?? {};
    this.version = version;
    this.window = Math.min(receiveMaximum, largestWindow);
    this.canRetain = retainAvailable;
    this.#maximumPacketSize = maximumPacketSize;
    this.#maximumQos = maximumQoS;
    this.#limit = limit;
    this.#onRefused = onRefused;
    this.#client = client;
    this.#close = close;
    this.#flights = new Flights(suspects, (reason, isWaiting) => this.giveUp(reason, isWaiting));
    this.#fences = new Fences(client);
  }

  /** The largest packet, in bytes, for what can be made smaller: as the broker says, or as was found out. */
  get maximumPacketSize(): number {
    return Math.min(this.#maximumPacketSize, this.#limit.bytes);
  }

  /** This many bytes are too many; sizes between `maximumPacketSize` and this may pass. */
  get refusedPacketSize(): number {
    return Math.min(this.#maximumPacketSize + 1, this.#limit.refused);
  }

  /** Whether the largest packet may be wrong, since the broker ends connections whatever is sent. */
  get isUndecided(): boolean {
    return this.#flights.isUndecided;
  }

  /** Calls back when what was refused with `isOpen` is to be sent again: the broker has accepted something else. */
  whenDecidable(then: () => void): void {
    this.#flights.whenDecidable(then);
  }

  /** What was refused with `isOpen` may be sent again on this connection, once it has waited long enough. */
  retryHeld(): void {
    this.#flights.retryHeld();
  }

  /** Bytes written that the network has not accepted yet. */
  get unsent(): number {
    return (this.#client.stream as { writableLength?: number } | undefined)?.writableLength ?? 0;
  }

  /**
   * Resolves when the broker has acknowledged (QoS 1) or the bytes are written (QoS 0); never, if the connection ends
   * before: listen for that end too. It waits its turn while the message that ended the last connection is being
   * identified.
   *
   * @throws RefusedError when the broker refuses it, or ended connections because of it; any other error means that the
   * connection is ending.
   */
  async publish(topic: string, payload: Buffer | string, options: PublishOptions): Promise<void> {
    const { key = topic } = options;
    const bytes = packetBytes(topic, Buffer.byteLength(payload)) + (options.correlationData?.length ?? 0);
    try {
      const flight = await this.#flights.turn({ key, topic, bytes }, options.qos === 0);
      await this.#publish(flight, payload, options);
    } catch (error) {
      if (error instanceof RefusedError && !error.isOpen && options.key === undefined) this.#onRefused?.(topic, error);
      throw error;
    }
  }

  /**
   * Subscribes to topic filters; resolves once the broker has acknowledged it.
   *
   * @param options.retained False: without messages already retained (MQTT 3.1.1 brokers send them all the same).
   * @param options.own True: with what this client itself publishes. Default: without.
   */
  async subscribe(filters: string[], options: { qos: 0 | 1; retained: boolean; own?: boolean }): Promise<void> {
    // nl: own messages are not returned. rap false: only what was retained before is marked as retained.
    const flags = { qos: options.qos, nl: options.own !== true, rap: false, rh: options.retained ? 0 : 2 } as const;
    const topic = `subscribe ${filters.join(' ')}`;
    const flight = await this.#flights.turn(
      { key: topic, topic, bytes: Buffer.byteLength(topic), isSubscription: true },
      false,
    );
    return new Promise((resolve, reject) => {
      this.#client.subscribe(filters, flags, (error) => {
        const problem = error && refusal(error);
        if (!problem || problem instanceof RefusedError) this.#flights.land(flight);
        if (problem) reject(problem);
        else resolve();
      });
    });
  }

  /** @throws RefusedError when the broker refuses; another error without a connection. */
  unsubscribe(filters: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.unsubscribe(filters, (error) => (error ? reject(refusal(error)) : resolve()));
    });
  }

  /** Closes the connection at once; the session makes another one. */
  close(reason: string): void {
    this.#close(reason);
  }

  /**
   * Closes the connection since something was not answered in time. A ping tells whether that is to blame: a broker that has
   * answered it has read all before it. One that does not, or goes on slowly, has too much to do; a thousand nodes come back
   * to it at once.
   *
   * @param isWaiting Whether it is still not answered.
   */
  giveUp(reason: string, isWaiting: () => boolean): void {
    const { oldest } = this.#flights;
    const end = (isAnswering: boolean) => {
      clearTimeout(timer);
      if (isWaiting()) this.#close(reason, isAnswering);
    };
    const timer = setTimeout(() => end(false), pongMs);
    timer.unref();
    this.#fences.add(() => end(this.#flights.oldest === oldest));
  }

  /**
   * It has ended. @param ending Undefined: for a reason that has nothing to do with what was sent.
   * @returns True when something was learned about which message may be the cause.
   */
  ended(ending: Ending | undefined): boolean {
    return this.#flights.ended(ending);
  }

  #publish(flight: Flight, payload: Buffer | string, options: PublishOptions): Promise<void> {
    const { lifetimeMs, correlationData } = options;
    const seconds = lifetimeMs === undefined || this.version === 4 ? undefined : Math.ceil(lifetimeMs / 1000);
    const properties = {
      ...(seconds !== undefined && { messageExpiryInterval: Math.max(1, seconds) }),
      ...(correlationData && { correlationData }),
    };
    const qos = this.#maximumQos === 0 ? 0 : options.qos;
    const retain = options.retain && this.canRetain;
    return new Promise((resolve, reject) => {
      const done = (error?: Error) => {
        const problem = error && refusal(error);
        if (qos === 0) {
          // If the broker acknowledges nothing, all that can be known is that it keeps answering.
          if (options.qos === 0 || problem) settle(problem);
          return;
        }
        if (problem && !(problem instanceof RefusedError)) return reject(problem);
        if (problem?.isTooLarge) this.#limit.refuse(flight.bytes);
        this.#flights.land(flight, !problem);
        settle(problem);
      };
      const settle = (problem?: Error) => (problem ? reject(problem) : resolve());
      this.#client.publish(flight.topic, payload, { qos, retain, properties }, done);
      if (qos > 0) return;
      this.#fences.add(() => {
        this.#flights.land(flight);
        resolve();
      });
    });
  }
}

/** MQTT.js passes the reason code of a PUBACK, but the whole packet of a SUBACK. */
function refusal(error: Error & { code?: unknown; packet?: { cmd?: string; granted?: number[] } }): Error {
  if (error.packet?.cmd === 'suback') {
    const code = error.packet.granted?.find((one) => one >= 128);
    return new RefusedError(code === undefined ? messageOf(error) : `Subscribe error: ${describeReason(code)}`, code);
  }
  const { code } = error;
  return typeof code === 'number' ? new RefusedError(`Publish error: ${describeReason(code)}`, code) : error;
}
