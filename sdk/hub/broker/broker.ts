import { createServer, type Server } from 'node:net';
import type { Aedes, Client } from 'aedes';
import { writeToStream } from 'mqtt-packet';
import { boundConnections } from '../../access/connections.ts';
import { listenOn } from '../../access/listen.ts';
import { isLoopback } from '../../access/network.ts';
import { assertKind } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { type Logger, silent } from '../../base/log.ts';
import { within } from '../../base/within.ts';
import { type BrokerClient, mend } from './aedes-client.ts';
import { BrokerUsers } from './broker-users.ts';
import { Delivery } from './delivery.ts';
import { GuardedSocket } from './guarded-socket.ts';
import { Inbound, receiveMaximum } from './inbound.ts';
import { Memory } from './memory.ts';
import { RetainedStore } from './retained-store.ts';
import { isTopicName, maxLevels } from './topic-filter.ts';

/** Where the embedded broker listens, and whom it lets in. */
export interface BrokerOptions {
  /** Default 127.0.0.1. Anything but a loopback address needs `users`. */
  host?: string;
  /** Who may connect: hashes as `ocellus password` prints them, by user name. Default: anyone who can reach it. */
  users?: Readonly<Record<string, string>>;
  /** Port; 0 picks a free one. Default 1883. */
  port?: number;
  /** True: a port in use is an error. False (default): another one is used, with a warning. */
  strict?: boolean;
  logger?: Logger;
}

/** The broker that runs inside this process. */
export interface EmbeddedBroker {
  readonly host: string;
  readonly port: number;
  /** From this machine: `mqtt://127.0.0.1:1883` */
  readonly url: string;
  /** Credentials of this process, if `users` are set; random for each start. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** The largest packet it accepts after login, bytes. */
  readonly maximumPacketSize: number;
  /** Ends all connections and frees the port. */
  stop(): Promise<void>;
  /** `stop()`, for `await using broker = await startBroker()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const maxConnections = 100;
const maxConnectionsOfNetwork = 64;
const maxPacketBytes = 4 * 1024 * 1024;
/** Packet limit before login: CONNECT with a last will. */
const maxFirstBytes = 64 * 1024;
const connectTimeoutMs = 10_000;
/** Idle time after which the kernel sends TCP keep-alives. */
const aliveMs = 60_000;
/** How long to wait at stop for clients that do not read. */
const farewellMs = 500;

/**
 * Starts a broker for MQTT 5 and 3.1.1, so that Ocellus works without an external one.
 *
 * It is bounded: 100 connections (64 from one address), packets of 4 MiB (64 KiB before the password), 1,000
 * subscriptions a client, 10,000 retained topics with 64 MiB, and per client 1,000 messages in flight and as many
 * waiting. It stores nothing on disk and keeps no session of a disconnected client: with MQTT 5, CONNACK says so, and
 * that there are no shared subscriptions and no topic aliases. For TLS or persistent sessions use Mosquitto.
 *
 * @example
 * const broker = await startBroker({ port: 0 });
 * console.log(broker.url);
 * await broker.stop();
 *
 * @throws InputError when other machines could connect without a password, or the address or port cannot be used.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  assertKind('startBroker: options', options, 'object');
  const { host = '127.0.0.1', port = 1883, strict = false, logger = silent } = options;
  const users = BrokerUsers.of(options.users ?? {});
  if (!users && !isLoopback(host)) {
    throw new InputError(
      `embedded broker: on mqtt.host ${host} other machines reach it, so it has to ask for a password, and mqtt.users names nobody: put a user there, as in {home: PASSWORD} (a hash takes its place at the start), or leave mqtt.host out`,
    );
  }
  // Loaded only when a broker is needed.
  const { Aedes } = await import('aedes');
  // Else the first packet makes a buffer for each number of 16 bits: 9 MB.
  writeToStream.cacheNumbers = false;
  const retained = new RetainedStore();
  const delivery = new Delivery(retained);
  const inbounds = new WeakMap<Client, Inbound>();
  let isFull = false;
  const onFull = () => {
    if (!isFull) logger.warn('embedded broker: too much is retained, so new topics are not; empty some');
    isFull = true;
  };
  const aedes = await Aedes.createBroker({
    mq: delivery,
    persistence: new Memory(retained, onFull),
    connectTimeout: connectTimeoutMs,
    // A subscriber that does not read blocks the others until then.
    drainTimeout: 5000,
    maximumPacketSize: maxPacketBytes,
    receiveMaximum,
    maxTopicLevels: maxLevels,
    authenticate: (client, username, password, done) => {
      const connection = client.conn as GuardedSocket;
      const letIn = () => {
        connection.maxPacketBytes = maxPacketBytes;
        done(null, true);
      };
      if (!users) return letIn();
      users.refusal(connection.remoteAddress, username, password).then((code) => {
        if (code === undefined) letIn();
        else done(Object.assign(new Error('refused'), { returnCode: code }), false);
      });
    },
    authorizePublish: (client, packet, done) => {
      const problem = problemOf(packet.topic);
      if (problem === undefined) {
        // aedes stores what is retained in a few microtasks and passes on the rest at once; after an immediate each is
        // done before the next, so that nothing overtakes.
        setImmediate(done, null);
        return;
      }
      if (client) inbounds.get(client)?.refused(packet.messageId);
      done(new Error(problem));
    },
  });
  mend(aedes);
  aedes.on('clientError', (client, error) => logger.debug(`broker: client ${client.id}: ${messageOf(error)}`));
  aedes.on('connectionError', (_: Client, error) => logger.debug(`broker: ${messageOf(error)}`));
  const connections = new Set<GuardedSocket>();
  // Otherwise a small packet waits for the client's delayed ACK: one message at a time took 47 ms instead of 2.
  // And a client that vanished, with MQTT keep-alive off, would keep its connection forever.
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: aliveMs });
  // First in order, so that it sees a connection before it is used.
  boundConnections(server, maxConnectionsOfNetwork);
  server.on('connection', (socket) => {
    // Closed because there are too many.
    if (socket.destroyed) return;
    const connection = new GuardedSocket(socket, maxFirstBytes);
    connections.add(connection);
    const client = aedes.handle(connection) as BrokerClient;
    inbounds.set(client, new Inbound(client, delivery));
    connection.onTooLarge = (bytes) => client.rejectPacketTooLarge(bytes);
    connection.on('close', () => {
      connections.delete(connection);
      delivery.forget(client);
    });
  });
  server.maxConnections = maxConnections;
  try {
    await listenOn(server, host, port).catch(async (error: NodeJS.ErrnoException) => {
      if (strict || port === 0 || error.code !== 'EADDRINUSE') throw error;
      await listenOn(server, host, 0);
      logger.warn(`MQTT port ${port} is taken (another broker?), so the embedded broker uses port ${portOf(server)}`);
    });
  } catch (error) {
    await closeAedes(aedes);
    throw new InputError(`embedded broker: ${host}:${port} cannot be used: ${reasonOf(error)}`);
  }
  // From here on an error is one of accept(): the connection is lost, not the broker.
  server.on('error', () => {});
  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await within(farewellMs, closeAedes(aedes), undefined);
    // aedes knows only clients that have sent CONNECT.
    for (const connection of connections) connection.destroy();
    await closed;
  };
  let stopped: Promise<void> | undefined;
  const bound = portOf(server);
  const stopOnce = () => (stopped ??= stop());
  return {
    host,
    port: bound,
    url: `mqtt://${reachable(host)}:${bound}`,
    login: users?.own,
    maximumPacketSize: maxPacketBytes,
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
}

function problemOf(topic: string): string | undefined {
  if (topic.startsWith('$')) return 'topics with a leading $ belong to the broker';
  return isTopicName(topic) ? undefined : 'a topic to publish to has no wildcard';
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return 'the port is in use; choose another one (mqtt.port), or 0 for a free one';
    case 'EACCES':
      return 'ports below 1024 need root; choose another one (mqtt.port)';
    default:
      return messageOf(error);
  }
}

/** An address of this machine, as it stands in a URL, at which what listens on `host` answers. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

function closeAedes(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}
