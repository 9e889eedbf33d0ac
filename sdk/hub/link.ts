import type { MqttClient } from 'mqtt';
import { InputError } from '../errors.ts';

/** The most messages that are on their way at once. More would not be faster and would all come twice after a fault. */
const largestWindow = 16;

/** Reason codes of MQTT 5 that say nothing against the message: unspecified, of the implementation, quota exceeded. */
const temporaryCodes = [0x80, 0x83, 0x97];

/** A publish or a subscription that the broker refused. */
export class RefusedError extends InputError {
  override name = 'RefusedError';
  /** It may take the same another time. */
  readonly isTemporary: boolean;

  constructor(message: string, code?: number) {
    super(message);
    this.isTemporary = code !== undefined && temporaryCodes.includes(code);
  }
}

export interface PublishOptions {
  qos: 0 | 1;
  retain: boolean;
  /** When a message that still waits at the broker is of no use any more, ms since 1970 (MQTT 5). Default: never. */
  expiresMs?: number;
  /** MQTT 5: marks it as the answer to the message that came with it. */
  correlationData?: Buffer;
}

/** One connection to the broker, from its CONNACK to its end. */
export class Link {
  /** 5, or 4 for MQTT 3.1.1. */
  readonly version: 4 | 5;
  /** How many publishes the broker takes before it has acknowledged one. */
  readonly window: number;
  /** The largest packet the broker takes, in bytes. */
  readonly maximumPacketSize: number;
  readonly #client: MqttClient;
  readonly #close: (reason: string) => void;

  constructor(client: MqttClient, version: 4 | 5, close: (reason: string) => void) {
    const { receiveMaximum = largestWindow, maximumPacketSize = Number.POSITIVE_INFINITY } =
      client.serverProperties ?? {};
    this.version = version;
    this.window = Math.min(receiveMaximum, largestWindow);
    this.maximumPacketSize = maximumPacketSize;
    this.#client = client;
    this.#close = close;
  }

  /** Bytes written that the network has not taken yet. */
  get unsent(): number {
    return (this.#client.stream as { writableLength?: number } | undefined)?.writableLength ?? 0;
  }

  /**
   * Settles when the broker has acknowledged (QoS 1) or the bytes are written (QoS 0); never, when the connection ends
   * before: whoever waits listens for that end too.
   *
   * @throws RefusedError when the broker refuses it; any other error means that the connection is ending.
   */
  publish(
    topic: string,
    payload: Buffer | string,
    { qos, retain, expiresMs, correlationData }: PublishOptions,
  ): Promise<void> {
    const seconds =
      expiresMs === undefined || this.version === 4 ? undefined : Math.ceil((expiresMs - Date.now()) / 1000);
    const properties = {
      ...(seconds !== undefined && { messageExpiryInterval: Math.max(1, seconds) }),
      ...(correlationData && { correlationData }),
    };
    return new Promise((resolve, reject) => {
      this.#client.publish(topic, payload, { qos, retain, properties }, (error) =>
        error ? reject(refusal(error)) : resolve(),
      );
    });
  }

  /**
   * @param options.retained False: what is retained already is not wanted (MQTT 3.1.1 brokers send it all the same).
   * @param options.own What this client itself publishes is wanted too. Default: not.
   */
  subscribe(filters: string[], options: { qos: 0 | 1; retained: boolean; own?: boolean }): Promise<void> {
    return new Promise((resolve, reject) => {
      // nl: own messages do not come back. rap false: only what was retained before is marked as retained.
      this.#client.subscribe(
        filters,
        { qos: options.qos, nl: options.own !== true, rap: false, rh: options.retained ? 0 : 2 },
        (error) => (error ? reject(refusal(error)) : resolve()),
      );
    });
  }

  unsubscribe(filters: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.unsubscribe(filters, (error) => (error ? reject(refusal(error)) : resolve()));
    });
  }

  /** Cuts the connection; the session makes another one. */
  close(reason: string): void {
    this.#close(reason);
  }
}

/** MQTT.js gives the reason code of a PUBACK, and of a SUBACK the whole packet. */
function refusal(error: Error & { code?: unknown; packet?: { cmd?: string } }): Error {
  if (typeof error.code === 'number') return new RefusedError(error.message, error.code);
  return error.packet?.cmd === 'suback' ? new RefusedError(error.message) : error;
}
