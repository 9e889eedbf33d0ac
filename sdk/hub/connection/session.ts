import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Logger } from '../../base/log.ts';
import { within } from '../../base/within.ts';
import type { BrokerAddress } from './address.ts';
import { BoundedStream, type LeftOut } from './bounded-stream.ts';
import {
  type Cause,
  causeOf,
  causeOfDisconnect,
  closed,
  endingOf,
  given,
  needsTls,
  needsWebSocket,
  noAnswer,
  noTlsYet,
  notMqtt,
  silence,
  tooSlow,
} from './causes.ts';
import { Complaints } from './complaints.ts';
import { ConnectionLog } from './connection-log.ts';
import { Link, type RefusedError } from './link.ts';
import { makeNumbersWhenNeeded, readAllRefusals } from './reason-codes.ts';
import { Retries } from './retries.ts';
import { SizeLimit } from './size-limit.ts';
import { Suspects } from './suspects.ts';
import { readTls, type TlsOptions } from './tls.ts';
import { VersionChoice } from './version-choice.ts';
import { WillChoice } from './will-choice.ts';

export interface SessionOptions {
  address: BrokerAddress;
  /** Fixed for a node, so that the broker ends its old connection when it comes back. */
  clientId: string;
  /** What the broker publishes when this client vanishes; retained, QoS 1. */
  will: { topic: string; payload: string };
  /** The largest packet the broker accepts, bytes, if known beforehand. */
  maximumPacketSize?: number;
  /** Told of what is refused and is not in an outbox. */
  onRefused?: (topic: string, error: RefusedError) => void;
  logger: Logger;
}

/** A message that came from the broker. */
export interface Incoming {
  topic: string;
  payload: Buffer;
  /** It was retained at the broker before the subscription. */
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
/** How long the broker keeps commands while the connection is down; older ones were meant for another time. */
const sessionExpirySeconds = 3600;
const keepaliveSeconds = 30;
/** Largest message accepted; a retained snapshot is well below. MQTT 5 brokers respect it, larger ones of others are dropped. */
const largestIncoming = 4 * 1024 * 1024;
const endTimeoutMs = 500;

/**
 * Keeps a connection to the broker: MQTT 5, or 3.1.1 where the broker refuses 5 or does not answer it. After each
 * connection 5 is tried first again: a restarting broker behind a proxy looks like one that refuses it.
 *
 * With MQTT 5 the session outlives the connection by an hour, so that commands sent during a short absence arrive. With
 * 3.1.1, where a session never ends, each connection has a new one.
 *
 * Each connection is a new MQTT.js client. So nothing of MQTT.js outlives a connection, neither its unbounded queue nor
 * its replay; what must not be lost waits in the outbox, and subscriptions are renewed.
 */
export class Session extends EventEmitter<SessionEvents> {
  readonly #options: SessionOptions;
  readonly #retries = new Retries();
  readonly #log: ConnectionLog;
  readonly #complaints = new Complaints('messages that are too large');
  #mqtt: typeof import('mqtt') | undefined;
  #client: MqttClient | undefined;
  #link: Link | undefined;
  #running = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #versions = new VersionChoice();
  readonly #will: WillChoice;
  /** What was learned of the broker over earlier connections. */
  readonly #learned: { readonly limit: SizeLimit; readonly suspects: Suspects };

  constructor(options: SessionOptions) {
    super();
    this.#options = options;
    this.#will = new WillChoice(options.will);
    const limit = new SizeLimit(options.maximumPacketSize);
    this.#learned = { limit, suspects: new Suspects(limit) };
    this.#log = new ConnectionLog(options.logger, options.address.title);
  }

  /** The connection, while there is one. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** How often a connection was made. */
  get connections(): number {
    return this.#log.connections;
  }

  /** Starts connecting, without waiting. Once per session. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { address, logger } = this.#options;
    if (address.tls?.skip_verification) {
      logger.warn(
        `MQTT: the certificate of ${address.title} is NOT verified (mqtt.tls.skip_verification): anyone in between can read and change everything. Name its CA in mqtt.tls.ca instead.`,
      );
    }
    this.#attempt();
  }

  /** @param farewell False: the connection is cut, so that the broker publishes the last will. */
  async stop(farewell: boolean): Promise<void> {
    this.#running = false;
    clearTimeout(this.#retry);
    this.#log.ended();
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
      if (!this.#mqtt) {
        // Not by `import`: to find the names that CommonJS exports, Node reads all of it one more time.
        this.#mqtt = createRequire(import.meta.url)('mqtt') as typeof import('mqtt');
        readAllRefusals();
        makeNumbersWhenNeeded();
      }
      const { tls } = this.#options.address;
      const tlsOptions = tls && (await readTls(tls));
      if (this.#running) this.#connect(this.#mqtt, tlsOptions);
    } catch (error) {
      this.#ended(causeOf(error), false);
    }
  }

  #connect(mqtt: typeof import('mqtt'), tls: TlsOptions | undefined): void {
    const { address, clientId, onRefused, logger } = this.#options;
    const version = this.#versions.now;
    const { protocol } = address.options;
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
      // A WebSocket assembles a message before anything here sees it.
      wsOptions: { maxPayload: 2 * largestIncoming },
      will: this.#will.now,
      // Those of its own are gone once it has ended, and an acknowledgement that it reads after that is an exception.
      incomingStore: new mqtt.Store({ clean: false }),
      outgoingStore: new mqtt.Store({ clean: false }),
      ...(version === 5 && {
        properties: { maximumPacketSize: largestIncoming, sessionExpiryInterval: sessionExpirySeconds },
      }),
      // Its own log prints each packet, the password in CONNECT too.
      log: () => {},
    };
    const client = mqtt.connect(options);
    const whole = connectBounded(client, ({ topic, bytes }) => {
      this.#complaints.say(
        logger,
        topic,
        `a message of ${bytes} bytes is left out, at most ${largestIncoming} are taken`,
      );
    });
    this.#client = client;
    const { stream } = client;
    let cause: Cause | undefined;
    let connectedAt: number | undefined;
    /** The port is of another kind. */
    let other: Cause | undefined;
    let isSecure = protocol !== 'mqtts';
    whole.once('secureConnect', () => {
      isSecure = true;
    });
    // Before it is parsed as packets, which it may not be.
    whole.prependOnceListener('data', (bytes: Buffer) => {
      other = strangeStart(bytes);
    });
    // MQTT.js reports only some of them.
    stream.on('error', (error) => {
      cause ??= causeOf(error, connectedAt === undefined ? protocol : undefined);
    });
    client.on('error', (error) => {
      const isUnanswered = error.message === 'connack timeout';
      const isMalformed =
        !('code' in error) && /^(Invalid|Malformed|Cannot parse|Packet|Not supported)/.test(error.message);
      // What is still to be written waits for TCP, TLS or the WebSocket.
      if (isUnanswered) cause ??= stream.writableLength === 0 ? silence : noAnswer;
      else if (isMalformed) cause ??= notMqtt;
      else cause ??= causeOf(error, connectedAt === undefined ? protocol : undefined);
      // After a parse error MQTT.js reads on, and what the packet acknowledged would stay pending forever.
      stream.destroy();
    });
    client.on('disconnect', ({ reasonCode }) => {
      if (reasonCode) cause ??= causeOfDisconnect(reasonCode);
    });
    client.on('message', (topic, payload, { retain, properties: { responseTopic, correlationData } = {} }) => {
      const message = { topic, payload, retained: retain, responseTopic, correlationData };
      if (this.#client === client) this.emit('message', message);
    });
    client.once('connect', () => {
      connectedAt = performance.now();
      this.#versions.connected(version, connectedAt);
      // Was it the version or the last will, or has the broker come back just now?
      if (this.#versions.isChecking || !this.#will.accepted()) {
        stream.destroy();
        return;
      }
      const close = (reason: string, isAnswering = true) => {
        cause ??= isAnswering ? given(reason) : tooSlow(reason);
        stream.destroy();
      };
      this.#link = new Link(client, version, close, { ...this.#learned, onRefused });
      this.#log.connected(version, this.#retries.wasShort, () => this.#will.lack);
      this.emit('connected', this.#link);
    });
    client.once('close', () => {
      this.#client = undefined;
      this.#log.ended();
      const link = this.#link;
      this.#link = undefined;
      // Cancels whatever MQTT.js may still have scheduled; without a stream it has nothing to wait for.
      client.end(true);
      if (connectedAt === undefined) {
        cause = other ?? cause ?? closed;
        if (!isSecure && cause.kind === 'closed') cause = noTlsYet;
      }
      cause ??= closed;
      // If this side ended it, that says nothing about messages.
      const hasLearned = link?.ended(this.#running ? endingOf(cause) : undefined) ?? false;
      if (link) this.emit('disconnected');
      const livedMs = connectedAt === undefined ? undefined : performance.now() - connectedAt;
      cause = this.#retries.ended(cause, { livedMs, wasUsed: link !== undefined, hasLearned });
      if (connectedAt === undefined) {
        if (cause.kind === 'closed') this.#versions.endedSilently();
      } else if (!this.#will.isChecking) {
        // Whether it was the last will can be told only with the same version.
        this.#versions.renew(performance.now());
      }
      this.#ended(cause, connectedAt !== undefined);
    });
  }

  #ended(cause: Cause, wasConnected: boolean): void {
    if (!this.#running) return;
    const isNotVersion = this.#versions.isNotIt;
    let isAtOnce = this.#versions.failed(cause);
    if (!wasConnected) {
      const isOtherWill = this.#will.failed(cause, isNotVersion);
      isAtOnce ||= isOtherWill;
    } else if (this.#will.isChecking || this.#versions.isChecking) isAtOnce = true;
    if (isAtOnce) {
      this.#attempt();
      return;
    }
    this.#log.failed(cause);
    this.#retry = setTimeout(() => this.#attempt(), this.#retries.waitMs(cause));
    this.#retry.unref();
  }
}

/** What answers there, if it is not MQTT. */
function strangeStart(bytes: Buffer): Cause | undefined {
  const text = bytes.subarray(0, 5).toString('latin1');
  if (text === 'HTTP/') return needsWebSocket;
  // A TLS alert record.
  if (bytes[0] === 0x15 && bytes[1] === 3) return needsTls;
  // CONNACK, or AUTH of MQTT 5.
  return bytes[0] === 0x20 || bytes[0] === 0xf0 ? undefined : notMqtt;
}

/**
 * Makes the connection; MQTT.js has no option for it: its stream builder is called once, in `connect()`.
 *
 * @returns The stream of all that the broker sends.
 */
function connectBounded(client: MqttClient, onLeftOut: (message: LeftOut) => void): Duplex {
  const made = client as unknown as { streamBuilder: (client: MqttClient) => Duplex };
  const { streamBuilder } = made;
  let whole: Duplex | undefined;
  made.streamBuilder = (own) => {
    whole = streamBuilder(own);
    return new BoundedStream(whole, { most: largestIncoming, onLeftOut });
  };
  client.connect();
  return whole!;
}
