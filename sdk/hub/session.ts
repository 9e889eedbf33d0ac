import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { IClientOptions, MqttClient } from 'mqtt';
import { Backoff } from '../backoff.ts';
import type { Logger } from '../log.ts';
import { within } from '../within.ts';
import type { BrokerAddress } from './address.ts';
import { BoundedStream, type LeftOut } from './bounded-stream.ts';
import { type Cause, causeOf, causeOfCode, closed, closedAgain } from './causes.ts';
import { Complaints } from './complaints.ts';
import { Link } from './link.ts';
import { readTls, type TlsOptions } from './tls.ts';

export interface SessionOptions {
  address: BrokerAddress;
  /** Fixed for a node, so that the broker ends its old connection when it comes back. */
  clientId: string;
  /** What the broker says when this client vanishes; retained, QoS 1. */
  will: { topic: string; payload: string };
  logger: Logger;
}

export interface Incoming {
  topic: string;
  payload: Buffer;
  /** It lay at the broker before the subscription. */
  retained: boolean;
  /** MQTT 5: where the sender wants the answer, and what marks it as the answer to this message. */
  responseTopic?: string;
  correlationData?: Buffer;
}

interface SessionEvents {
  connected: [Link];
  disconnected: [];
  message: [Incoming];
}

const connectTimeoutMs = 10_000;
/** For so long the broker keeps commands that come while the connection is gone; older ones were meant for another time. */
const sessionExpirySeconds = 3600;
const keepaliveSeconds = 30;
/** The largest message that is taken in: a retained snapshot is well below. MQTT 5 brokers keep to it; of others it is left out. */
const largestIncoming = 4 * 1024 * 1024;
/** A connection that lived so long was a good one: the next failure is the first again. */
const goodConnectionMs = 10_000;
const slowRetryMs = 30_000;
const endTimeoutMs = 500;

/**
 * Keeps a connection to the broker, for ever: MQTT 5, or 3.1.1 where the broker refuses 5. After each connection 5 is
 * tried first again: a broker behind a proxy looks, while it restarts, like one that refuses it.
 *
 * With MQTT 5 the session outlives the connection by an hour, so that commands sent during a short absence arrive. With
 * 3.1.1, where a session never ends, each connection has a new one.
 *
 * Each connection is a new MQTT.js client. So nothing of MQTT.js outlives a connection, neither its unbounded queue nor
 * its replay; what must not be lost waits in the outbox, and subscriptions are made anew.
 */
export class Session extends EventEmitter<SessionEvents> {
  readonly #options: SessionOptions;
  readonly #backoff = new Backoff();
  readonly #complaints = new Complaints('messages that are too large');
  #mqtt: typeof import('mqtt') | undefined;
  #client: MqttClient | undefined;
  #link: Link | undefined;
  #running = false;
  #retry: NodeJS.Timeout | undefined;
  #version: 4 | 5 = 5;
  /** Connections in a row that ended before CONNACK without a word: how some brokers refuse a version. */
  #silentEnds = 0;
  #said: string | undefined;
  #connections = 0;
  /** In a row, that the broker ended soon and without a reason. */
  #shortConnections = 0;

  constructor(options: SessionOptions) {
    super();
    this.#options = options;
  }

  /** The connection, while there is one. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** How often a connection was made. */
  get connections(): number {
    return this.#connections;
  }

  /** Begins to connect; does not wait for it. Once: for another time there is another session. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { address, logger } = this.#options;
    if (address.tls?.skip_verification) {
      logger.warn(
        `MQTT: the certificate of ${address.title} is NOT verified (mqtt.tls.skip_verification): whoever is in between can read and change everything. Name its CA in mqtt.tls.ca instead.`,
      );
    }
    this.#attempt();
  }

  /** @param farewell False: the connection is cut, so that the broker publishes the last will. */
  async stop(farewell: boolean): Promise<void> {
    this.#running = false;
    clearTimeout(this.#retry);
    const client = this.#client;
    if (!client) return;
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    if (farewell && this.#link) {
      client.end();
      await within(endTimeoutMs, closed, undefined);
    }
    if (this.#client === client) client.stream.destroy();
    await within(endTimeoutMs, closed, undefined);
  }

  async #attempt(): Promise<void> {
    try {
      this.#mqtt ??= await import('mqtt');
      const { tls } = this.#options.address;
      const tlsOptions = tls && (await readTls(tls));
      if (this.#running) this.#connect(this.#mqtt, tlsOptions);
    } catch (error) {
      this.#ended(causeOf(error));
    }
  }

  #connect(mqtt: typeof import('mqtt'), tls: TlsOptions | undefined): void {
    const { address, clientId, will, logger } = this.#options;
    const version = this.#version;
    const options: IClientOptions = {
      ...address.options,
      ...tls,
      clientId,
      protocolVersion: version,
      clean: version === 4,
      keepalive: keepaliveSeconds,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      manualConnect: true,
      // A WebSocket puts a message together before anybody sees of it.
      wsOptions: { maxPayload: 2 * largestIncoming },
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
      ...(version === 5 && {
        properties: { maximumPacketSize: largestIncoming, sessionExpiryInterval: sessionExpirySeconds },
      }),
      // Its own log prints each packet, the password in CONNECT too.
      log: () => {},
    };
    const client = mqtt.connect(options);
    boundIncoming(client, ({ topic, bytes }) => {
      this.#complaints.say(
        logger,
        topic,
        `a message of ${bytes} bytes is left out, at most ${largestIncoming} are taken`,
      );
    });
    client.connect();
    this.#client = client;
    let cause: Cause | undefined;
    let connectedAt: number | undefined;
    client.on('error', (error) => {
      cause ??= causeOf(error);
    });
    client.on('disconnect', ({ reasonCode }) => {
      if (reasonCode) cause ??= causeOfCode(reasonCode);
    });
    client.on('message', (topic, payload, { retain, properties: { responseTopic, correlationData } = {} }) => {
      const message = { topic, payload, retained: retain, responseTopic, correlationData };
      if (this.#client === client) this.emit('message', message);
    });
    client.once('connect', () => {
      connectedAt = performance.now();
      this.#silentEnds = 0;
      this.#connections++;
      this.#link = new Link(client, version, (reason) => {
        cause ??= { kind: 'other', text: reason };
        client.stream.destroy();
      });
      this.#said = undefined;
      this.#options.logger.info(`MQTT: connected to ${address.title} (MQTT ${version === 5 ? '5' : '3.1.1'})`);
      this.emit('connected', this.#link);
    });
    client.once('close', () => {
      this.#client = undefined;
      const wasConnected = this.#link !== undefined;
      this.#link = undefined;
      // Ends what MQTT.js may still have planned; without a stream it has nothing to wait for.
      client.end(true);
      if (wasConnected) this.emit('disconnected');
      const wasGood = connectedAt !== undefined && performance.now() - connectedAt > goodConnectionMs;
      if (wasGood) this.#backoff.reset();
      cause ??= closed;
      if (wasGood || cause.kind !== 'closed') this.#shortConnections = 0;
      else if (wasConnected && ++this.#shortConnections >= 3) cause = closedAgain;
      if (wasConnected) this.#version = 5;
      else if (cause.kind === 'closed') this.#silentEnds++;
      this.#ended(cause);
    });
  }

  #ended(cause: Cause): void {
    if (!this.#running) return;
    const { address, logger } = this.#options;
    const fallBack = this.#version === 5 && cause.kind === 'protocol';
    if (cause.kind === 'protocol' || this.#silentEnds >= 2) {
      this.#version = this.#version === 5 ? 4 : 5;
      this.#silentEnds = 0;
    }
    if (fallBack) {
      this.#attempt();
      return;
    }
    if (cause.text !== this.#said) {
      const end = cause.text.endsWith('?') ? '' : '.';
      logger.warn(
        `MQTT: no connection to ${address.title}: ${cause.text}${end} It is tried again for as long as it takes.`,
      );
      this.#said = cause.text;
    }
    const wait = cause.kind === 'login' ? slowRetryMs * (1 + Math.random()) : this.#backoff.next();
    this.#retry = setTimeout(() => this.#attempt(), wait);
    this.#retry.unref();
  }
}

/** MQTT.js has no option for it: what makes its stream is asked for it once, in `connect()`. */
function boundIncoming(client: MqttClient, onLeftOut: (message: LeftOut) => void): void {
  const made = client as unknown as { streamBuilder: (client: MqttClient) => Duplex };
  const { streamBuilder } = made;
  made.streamBuilder = (own) => new BoundedStream(streamBuilder(own), { most: largestIncoming, onLeftOut });
}
