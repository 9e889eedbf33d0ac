import { join } from 'node:path';
import { assertShape } from '../base/arguments.ts';
import { messageOf } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import type { MqttSettings } from '../config/schema.ts';
import { identityFile } from '../learn/ledger/identity.ts';
import { brokerAddress } from './connection/address.ts';
import { type Link, RefusedError } from './connection/link.ts';
import { type Incoming, Session } from './connection/session.ts';
import { readTls } from './connection/tls.ts';
import { NodeTopics } from './contract/topics.ts';
import { CameraCommands } from './extensions/cameras/camera-commands.ts';
import { CameraEvents } from './extensions/cameras/camera-events.ts';
import { CameraStates } from './extensions/cameras/camera-states.ts';
import type { Extension, HubContext, Subscription } from './extensions/extension.ts';
import { Fleet } from './extensions/fleet/fleet.ts';
import { HomeAssistant } from './extensions/home-assistant/home-assistant.ts';
import type { HubNode } from './extensions/hub-node.ts';
import { LearningStates } from './extensions/learning/learning-states.ts';
import { NodeStatistics } from './extensions/node-statistics.ts';
import { Requests } from './extensions/requests/requests.ts';
import type { Verb } from './extensions/requests/verbs/verb.ts';
import { standardVerbs } from './extensions/requests/verbs/verbs.ts';
import { Outbox, type OutboxStats } from './outbox/outbox.ts';
import { Publisher, type PublisherStats } from './outbox/publisher.ts';
import { Refusals } from './outbox/refusals.ts';
import { RetainedList } from './retained/retained-list.ts';
import { RetainedScan } from './retained/retained-scan.ts';
import { type RetainedSource, RetainedTopics } from './retained/retained-topics.ts';

export interface HubOptions {
  node: HubNode;
  /** `broker` is a URL here: who wants the embedded broker starts it first and passes its `url`. */
  settings: Pick<MqttSettings, 'broker' | 'base' | 'username' | 'password' | 'tls' | 'home_assistant'> &
    Partial<Pick<MqttSettings, 'outbox'>>;
  /**
   * `dataFolder()`: messages for the broker are kept there between runs, in a folder `outbox`, and the key that signs
   * what is shared with other nodes, `learn.pem`; and `retained.json`, the list of what the broker retains of this node.
   * Default: messages are in memory, and what is shared is not signed.
   */
  data?: string;
  /** The largest packet the broker takes, bytes, where it cannot say so itself: the embedded one's `maximumPacketSize`. */
  maximumPacketSize?: number;
  /** What it tells and answers beside what every hub does. */
  extensions?: readonly Extension[];
  /** What can be asked on `request/<verb>` beside what every hub answers. */
  verbs?: readonly Verb[];
  /** Ends the process in order; given only where someone watches over it and starts it again. For `request/restart`. */
  restartProcess?: () => void;
  /** Where the console is, for other machines: shown in Home Assistant. */
  consoleUrl?: () => string | undefined;
  logger?: Logger;
}

export interface HubStats extends PublisherStats {
  connected: boolean;
  /** 5, or 4 for MQTT 3.1.1; null without a connection. */
  protocolVersion: 4 | 5 | null;
  /** Connections made so far. */
  connections: number;
  outbox: OutboxStats;
  /** Commands that were wrong. */
  rejectedCommands: number;
  /** Requests that were wrong, or too many. */
  rejectedRequests: number;
  /** Messages of other nodes with what they were taught that were wrong, or too many. */
  rejectedLearning: number;
}

/** What lives from `start()` to `stop()`. */
interface Parts {
  readonly topics: NodeTopics;
  readonly session: Session;
  readonly retained: RetainedTopics;
  readonly list: RetainedList | undefined;
  /** Of the newest connection. */
  scan?: RetainedScan;
}

const handshakeTimeoutMs = 10_000;
const flushTimeoutMs = 2000;
const farewellTimeoutMs = 500;
/** So many connections are given up because the node may not say on them that it is there; then it does without. */
const mostRefusedOnline = 2;

/**
 * Tells a node's cameras to an MQTT broker and takes commands from there; docs/mqtt.md lists the topics.
 *
 * The broker may be absent, go away and come back: the cameras never notice, events wait in the outbox, and after each
 * connect all states are published as they are then.
 *
 * @example
 * const hub = new Hub({ node, settings: { ...settings.mqtt, broker: 'mqtt://192.168.1.2' }, logger: console });
 * await hub.start();
 */
export class Hub {
  readonly #node: HubNode;
  readonly #settings: HubOptions['settings'];
  readonly #data: string | undefined;
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  readonly #publisher: Publisher;
  readonly #refusals: Refusals;
  readonly #maximumPacketSize: number | undefined;
  /** Statistics, answers and the like, which wait in no outbox. */
  #refusedDirectly = 0;
  /** Connections in a row over which it could not say that it is there. */
  #refusedOnline = 0;
  readonly #saidSubscriptions = new Set<string>();
  readonly #commands = new CameraCommands();
  readonly #requests: Requests;
  readonly #fleet: Fleet;
  readonly #extensions: readonly Extension[];
  #parts: Parts | undefined;
  #stopping: Promise<void> | undefined;
  #saidBlind = false;

  constructor(options: HubOptions) {
    assertShape('Hub', options, { node: 'object', settings: 'object' });
    this.#node = options.node;
    this.#settings = options.settings;
    this.#data = options.data;
    this.#logger = options.logger ?? silent;
    this.#outbox = new Outbox({
      folder: options.data && join(options.data, 'outbox'),
      bounds: options.settings.outbox,
      logger: this.#logger,
    });
    this.#maximumPacketSize = options.maximumPacketSize;
    this.#refusals = new Refusals(this.#logger);
    this.#publisher = new Publisher(this.#outbox, this.#logger, { refusals: this.#refusals });
    const statistics = new NodeStatistics(() => {
      const { connected: _, protocolVersion: __, ...rest } = this.stats;
      return rest;
    });
    this.#requests = new Requests([...standardVerbs, ...(options.verbs ?? [])], options);
    this.#fleet = new Fleet({ keyFile: options.data && join(options.data, identityFile) });
    this.#extensions = [
      // Before the states: what tells Home Assistant of them.
      new HomeAssistant({
        settings: options.settings.home_assistant,
        consoleUrl: options.consoleUrl,
        onBirth: () => statistics.tellAgain(),
      }),
      new CameraStates(),
      new LearningStates(),
      new CameraEvents(),
      this.#commands,
      this.#requests,
      statistics,
      this.#fleet,
      ...(options.extensions ?? []),
    ];
  }

  get stats(): HubStats {
    const link = this.#parts?.session.link;
    const publisher = this.#publisher.stats;
    return {
      connected: link !== undefined,
      protocolVersion: link?.version ?? null,
      connections: this.#parts?.session.connections ?? 0,
      outbox: this.#outbox.stats,
      ...publisher,
      refused: publisher.refused + this.#refusedDirectly,
      rejectedCommands: this.#commands.rejected,
      rejectedRequests: this.#requests.rejected,
      rejectedLearning: this.#fleet.rejected,
    };
  }

  /**
   * Listens to the cameras and begins to connect; does not wait for the broker. Call it when `node.pipelines` is
   * filled: `node.start({ before: () => hub.start() })`.
   *
   * @throws InputError when the broker's URL or a name is wrong, or a certificate cannot be read.
   */
  async start(): Promise<void> {
    await this.#stopping;
    if (this.#parts) throw new Error('the hub runs already');
    const { broker, base, username, password, tls } = this.#settings;
    const address = brokerAddress(broker, { username, password, tls });
    if (tls) await readTls(tls);
    const { name } = this.#node;
    const topics = new NodeTopics(base, name);
    const session = new Session({
      address,
      clientId: `ocellus-${name}`,
      will: { topic: topics.status, payload: 'offline' },
      maximumPacketSize: this.#maximumPacketSize,
      onRefused: (topic, error) => {
        this.#refusedDirectly++;
        this.#refusals.refused(topic, messageOf(error));
      },
      logger: this.#logger,
    });
    const sources: RetainedSource[] = [];
    const retained = new RetainedTopics({
      sources,
      // A snapshot that waits must not come after the message that empties its topic.
      publish: (topic, value) => {
        const kind = topics.isSnapshot(topic) ? 'event' : 'state';
        this.#publisher.put({ topic, payload: Buffer.from(value), retain: true, kind });
      },
      isConnected: () => session.link !== undefined,
      changed: () => list?.changed(),
    });
    const list =
      this.#data === undefined
        ? undefined
        : new RetainedList({
            file: join(this.#data, 'retained.json'),
            logger: this.#logger,
            now: () => retained.remembered,
            isSettled: () => session.link !== undefined && this.#outbox.stats.depth === 0,
          });
    const remembered = await list?.load();
    this.#parts = { topics, session, retained, list };
    this.#publisher.start();
    const context: HubContext = {
      node: this.#node,
      topics,
      logger: this.#logger,
      retained,
      get link() {
        return session.link;
      },
      put: (message) => this.#publisher.put(message),
      waiting: (kind) => this.#outbox.bytesOf(kind),
    };
    for (const extension of this.#extensions) {
      extension.start(context);
      if (extension.states) sources.push(extension.states);
    }
    if (remembered) retained.recall(remembered);
    session.on('connected', (link) => this.#greet(link));
    session.on('disconnected', () => {
      this.#publisher.detach();
      this.#parts?.scan?.stop();
    });
    session.on('message', (message) => this.#receive(message));
    session.start();
  }

  /**
   * Sends what waits, for two seconds at most, says `offline` and leaves; bounded whatever the broker does. Stop the
   * node first, so that the ends of its events go out. Safe to call twice.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** `stop()`, for `await using hub = new Hub(options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    parts.list?.freeze();
    for (const extension of this.#extensions) extension.stop();
    this.#parts = undefined;
    parts.scan?.stop();
    const { session, topics, list } = parts;
    let farewell = false;
    if (session.link) {
      const sent = await this.#publisher.flush(flushTimeoutMs);
      if (!sent) this.#logger.warn(`MQTT: ${this.#outbox.stats.depth} messages were not acknowledged in time`);
    }
    await list?.stop();
    if (session.link) {
      // Where the broker takes no more, the connection is cut, and its last will says the same.
      farewell = await this.#publisher.farewell(topics.status, 'offline', farewellTimeoutMs);
    }
    await session.stop(farewell);
    session.removeAllListeners();
    await this.#publisher.stop();
  }

  async #greet(link: Link): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    const { topics, retained, session } = parts;
    const timer = setTimeout(() => link.close('it did not answer in time'), handshakeTimeoutMs);
    timer.unref();
    try {
      await this.#sayOnline(link, topics.status);
      for (const { subscriptions = [] } of this.#extensions) {
        for (const subscription of subscriptions) await this.#subscribe(link, subscription);
      }
    } catch (error) {
      link.close(messageOf(error));
      return;
    } finally {
      clearTimeout(timer);
    }
    if (session.link !== link || this.#parts !== parts) return;
    retained.doubt();
    retained.update();
    this.#publisher.attach(link);
    const run = async (scan: RetainedScan) => {
      parts.scan = scan;
      return { found: await scan.run(link), isComplete: scan.isComplete };
    };
    const filters = this.#extensions.flatMap(({ states }) => states?.filters ?? []);
    // Something is retained for sure, if it may be.
    const probe = link.canRetain && this.#refusedOnline === 0 ? topics.status : undefined;
    const scan = new RetainedScan(filters, probe);
    let seen = await run(scan);
    if (session.link !== link) return;
    // Where it could not say that it is there, there is nothing to be seen.
    const maySee = link.canRetain && this.#refusedOnline === 0;
    if (maySee && (!scan.sees || scan.isRefused)) this.#sayBlind(topics.root, scan.isRefused);
    if (!scan.sees) {
      seen = await run(new RetainedScan([...retained.remembered.keys()]));
      if (session.link !== link) return;
    }
    retained.found(seen.found);
    retained.update();
    if (seen.isComplete) for (const extension of this.#extensions) extension.scanned?.(seen.found);
    for (const extension of this.#extensions) extension.connected?.(link);
  }

  /** @throws RefusedError the first times: where it may not even say that, it may not say anything. */
  async #sayOnline(link: Link, topic: string): Promise<void> {
    try {
      await link.publish(topic, 'online', { qos: 1, retain: true, key: topic });
      this.#refusedOnline = 0;
      this.#refusals.accepted(topic);
    } catch (error) {
      if (!(error instanceof RefusedError) || ++this.#refusedOnline <= mostRefusedOnline) throw error;
      this.#refusedDirectly++;
      this.#refusals.refused(topic, messageOf(error), 'the rest goes on without it');
    }
  }

  #sayBlind(root: string, isRefused: boolean): void {
    if (this.#saidBlind) return;
    this.#saidBlind = true;
    const known = this.#data === undefined ? 'this run' : `this data folder (${join(this.#data, 'retained.json')})`;
    const why = isRefused
      ? `refuses the subscriptions by which this node looks at what it left there (does its access list allow to read ${root}/#?)`
      : 'gives nothing of what it retains to a subscription with wildcards (RabbitMQ is so)';
    this.#logger.warn(
      `MQTT: the broker ${why}, so only the topics that ${known} knows are looked at: what else an earlier run left below ${root} or told Home Assistant stays. Empty such topics by hand.`,
    );
  }

  async #subscribe(link: Link, { filter, retained }: Subscription): Promise<void> {
    await link.subscribe([filter], { qos: 1, retained }).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      const text = `MQTT: the broker refuses ${filter}, so nothing is taken from there: ${messageOf(error)}`;
      if (!this.#saidSubscriptions.has(text)) this.#logger.error(text);
      this.#saidSubscriptions.add(text);
    });
  }

  #receive(message: Incoming): void {
    if (this.#parts?.scan?.take(message)) return;
    this.#extensions.some((extension) => extension.receive?.(message));
  }
}
