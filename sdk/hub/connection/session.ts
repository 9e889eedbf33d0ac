import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { IClientOptions, MqttClient } from 'mqtt';
import { Backoff } from '../../base/backoff.ts';
import type { Logger } from '../../base/log.ts';
import { within } from '../../base/within.ts';
import type { BrokerAddress } from './address.ts';
import { BoundedStream, type LeftOut } from './bounded-stream.ts';
import {
  type Cause,
  causeOf,
  causeOfDisconnect,
  closed,
  closedAgain,
  endingOf,
  given,
  needsTls,
  needsWebSocket,
  noAnswer,
  noTlsYet,
  notMqtt,
  silence,
} from './causes.ts';
import { Complaints } from './complaints.ts';
import { Link, type RefusedError } from './link.ts';
import { readAllRefusals } from './reason-codes.ts';
import { SizeLimit } from './size-limit.ts';
import { Suspects } from './suspects.ts';
import { readTls, type TlsOptions } from './tls.ts';
import { WillChoice } from './will-choice.ts';

export interface SessionOptions {
  address: BrokerAddress;
  /** Fixed for a node, so that the broker ends its old connection when it comes back. */
  clientId: string;
  /** What the broker says when this client vanishes; retained, QoS 1. */
  will: { topic: string; payload: string };
  /** The largest packet of the broker, bytes, where it is known beforehand. */
  maximumPacketSize?: number;
  /** Told of what is refused and waits in no outbox. */
  onRefused?: (topic: string, error: RefusedError) => void;
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
 * A broker that does not answer MQTT 5, and answers 3.1.1, is not asked again for so long, for each time takes
 * `connectTimeoutMs`. The first time it may have been the network.
 */
const silentVersionMs = { first: 10 * 60_000, again: 24 * 3_600_000 };
/** So many connections in a row may end at messages before the next ones wait longer and longer. */
const mostHurries = 60;
/** How many causes are said between two good connections. */
const mostSaid = 20;

/**
 * Keeps a connection to the broker, for ever: MQTT 5, or 3.1.1 where the broker refuses 5 or does not answer it. After
 * each connection 5 is tried first again: a broker behind a proxy looks, while it restarts, like one that refuses it.
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
  /** Until then MQTT 3.1.1 goes first, performance.now(). */
  #silentUntil = 0;
  #wasSilent = false;
  /** MQTT 5 was not answered just before. */
  #isAfterSilence = false;
  readonly #will: WillChoice;
  readonly #limit: SizeLimit;
  readonly #suspects: Suspects;
  #hurries = 0;
  /** The last connection ended soon. */
  #wasShort = false;
  /** Causes since the last good connection; each is said once. */
  readonly #said = new Set<string>();
  #saidConnected: NodeJS.Timeout | undefined;
  #connections = 0;
  /** In a row, that the broker ended soon and without a reason. */
  #shortConnections = 0;

  constructor(options: SessionOptions) {
    super();
    this.#options = options;
    this.#will = new WillChoice(options.will);
    this.#limit = new SizeLimit(options.maximumPacketSize);
    this.#suspects = new Suspects(this.#limit);
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
    clearTimeout(this.#saidConnected);
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
        this.#mqtt = await import('mqtt');
        readAllRefusals();
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
    const version = this.#version;
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
      // A WebSocket puts a message together before anybody sees of it.
      wsOptions: { maxPayload: 2 * largestIncoming },
      will: this.#will.now,
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
    // Before it is looked at for packets, which it may not be.
    whole.prependOnceListener('data', (bytes: Buffer) => {
      other = strangeStart(bytes);
    });
    // MQTT.js tells only some of them.
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
      // After an error in what came MQTT.js reads on, and what the packet acknowledged waits for ever.
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
      this.#silentEnds = 0;
      if (this.#isAfterSilence) {
        this.#silentUntil = connectedAt + silentVersionMs[this.#wasSilent ? 'again' : 'first'];
        this.#wasSilent = true;
      }
      this.#isAfterSilence = false;
      if (version === 5) this.#wasSilent = false;
      if (!this.#will.accepted()) {
        // Was it the last will, or has the broker come back just now?
        stream.destroy();
        return;
      }
      this.#connections++;
      const close = (reason: string) => {
        cause ??= given(reason);
        stream.destroy();
      };
      this.#link = new Link(client, version, close, { limit: this.#limit, suspects: this.#suspects, onRefused });
      this.#sayConnected(version);
      this.emit('connected', this.#link);
    });
    client.once('close', () => {
      this.#client = undefined;
      clearTimeout(this.#saidConnected);
      const link = this.#link;
      this.#link = undefined;
      // Ends what MQTT.js may still have planned; without a stream it has nothing to wait for.
      client.end(true);
      if (connectedAt === undefined) {
        cause = other ?? cause ?? closed;
        if (!isSecure && cause.kind === 'closed') cause = noTlsYet;
      }
      cause ??= closed;
      // What this side ends says nothing of messages.
      const hasLearned = link?.ended(this.#running ? endingOf(cause) : undefined) ?? false;
      if (link) this.emit('disconnected');
      const wasGood = connectedAt !== undefined && performance.now() - connectedAt > goodConnectionMs;
      if (link) this.#wasShort = !wasGood;
      if (wasGood) this.#hurries = 0;
      const isHurry = hasLearned && this.#hurries++ < mostHurries;
      if (wasGood || isHurry) this.#backoff.reset();
      if (wasGood || cause.kind !== 'closed') this.#shortConnections = 0;
      else if (link && ++this.#shortConnections >= 3 && !isHurry) cause = closedAgain;
      if (connectedAt === undefined) {
        if (cause.kind === 'closed') this.#silentEnds++;
      } else if (!this.#will.isChecking) {
        // Whether it was the last will shows only with the same version.
        this.#version = performance.now() < this.#silentUntil ? 4 : 5;
      }
      this.#ended(cause, connectedAt !== undefined);
    });
  }

  #sayConnected(version: 4 | 5): void {
    const { address, logger } = this.#options;
    const say = () => {
      this.#said.clear();
      logger.info(`MQTT: connected to ${address.title} (MQTT ${version === 5 ? '5' : '3.1.1'})`);
      const lack = this.#will.lack;
      if (lack) logger.warn(`MQTT: ${lack}`);
    };
    // The last one was short: a line at each of them would hide what is wrong.
    if (!this.#wasShort) say();
    else this.#saidConnected = setTimeout(say, goodConnectionMs).unref();
  }

  #ended(cause: Cause, wasConnected: boolean): void {
    if (!this.#running) return;
    const { address, logger } = this.#options;
    const isSilent = cause.kind === 'silent' && this.#version === 5;
    let isAtOnce = this.#version === 5 && (cause.kind === 'protocol' || isSilent);
    this.#isAfterSilence = isSilent;
    if (!wasConnected) {
      const isOtherWill = this.#will.failed(cause, this.#version === 4 && this.#silentEnds >= 2);
      isAtOnce ||= isOtherWill;
    } else if (this.#will.isChecking) isAtOnce = true;
    if (cause.kind === 'protocol' || cause.kind === 'silent' || this.#silentEnds >= 2) {
      this.#version = this.#version === 5 ? 4 : 5;
      this.#silentEnds = 0;
    }
    if (isAtOnce) {
      this.#attempt();
      return;
    }
    if (!this.#said.has(cause.text) && this.#said.size < mostSaid) {
      const end = cause.text.endsWith('?') ? '' : '.';
      const hint =
        cause === closed && this.#connections === 0 ? ' If that goes on: does this port want TLS (mqtts://)?' : '';
      logger.warn(
        `MQTT: no connection to ${address.title}: ${cause.text}${end} It is tried again for as long as it takes.${hint}`,
      );
      this.#said.add(cause.text);
    }
    const wait = cause.kind === 'login' ? slowRetryMs * (1 + Math.random()) : this.#backoff.next();
    this.#retry = setTimeout(() => this.#attempt(), wait);
    this.#retry.unref();
  }
}

/** What answers there, where it is no MQTT. */
function strangeStart(bytes: Buffer): Cause | undefined {
  const text = bytes.subarray(0, 5).toString('latin1');
  if (text === 'HTTP/') return needsWebSocket;
  // The record of a TLS alert.
  if (bytes[0] === 0x15 && bytes[1] === 3) return needsTls;
  // CONNACK, or AUTH of MQTT 5.
  return bytes[0] === 0x20 || bytes[0] === 0xf0 ? undefined : notMqtt;
}

/**
 * Makes the connection; MQTT.js has no option for it: what makes its stream is asked for it once, in `connect()`.
 *
 * @returns What all that the broker sends comes from.
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
