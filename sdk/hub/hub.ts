import { join } from 'node:path';
import { assertShape } from '../base/arguments.ts';
import { messageOf } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import type { MqttSettings } from '../config/schema.ts';
import { identityFile } from '../learn/ledger/identity.ts';
import type { NodeUpdates } from '../update/node-updates.ts';
import { brokerAddress } from './connection/address.ts';
import type { Link, RefusedError } from './connection/link.ts';
import { type Incoming, Session } from './connection/session.ts';
import { readTls } from './connection/tls.ts';
import { NodeTopics } from './contract/topics.ts';
import { CameraCommands } from './extensions/cameras/camera-commands.ts';
import { CameraEvents } from './extensions/cameras/camera-events.ts';
import { CameraStates } from './extensions/cameras/camera-states.ts';
import type { Extension, HubContext } from './extensions/extension.ts';
import { Fleet } from './extensions/fleet/fleet.ts';
import { HomeAssistant } from './extensions/home-assistant/home-assistant.ts';
import type { HubNode } from './extensions/hub-node.ts';
import { LearningStates } from './extensions/learning/learning-states.ts';
import { NodeStatistics } from './extensions/node-statistics.ts';
import { Requests } from './extensions/requests/requests.ts';
import type { KeptSettings, Verb } from './extensions/requests/verbs/verb.ts';
import { standardVerbs } from './extensions/requests/verbs/verbs.ts';
import { Updates } from './extensions/updates.ts';
import { Greeting } from './greeting.ts';
import { Outbox, type OutboxStats } from './outbox/outbox.ts';
import { Publisher, type PublisherStats } from './outbox/publisher.ts';
import { Refusals } from './outbox/refusals.ts';
import { RetainedList } from './retained/retained-list.ts';
import { RetainedScan } from './retained/retained-scan.ts';
import { type RetainedSource, RetainedTopics } from './retained/retained-topics.ts';

/** Of what a hub is made: the node that it tells of, its broker, and what goes beyond that. */
export interface HubOptions {
  node: HubNode;
  /** `broker` is a URL here: for the embedded broker, start it first and pass its `url`. */
  settings: Pick<MqttSettings, 'broker' | 'base' | 'username' | 'password' | 'tls' | 'home_assistant'> &
    Partial<Pick<MqttSettings, 'outbox'>>;
  /**
   * Folder for what is kept between runs, such as `dataFolder()`: messages for the broker (`outbox`), the key that
   * signs what is shared with other nodes (`learn.pem`), and the list of what the broker retains of this node
   * (`retained.json`). Default: messages are in memory, and what is shared is not signed.
   */
  data?: string;
  /** `ram`: of that, only the key is on disk (`storage.keep`). Default: `disk`. */
  keep?: 'disk' | 'ram';
  /**
   * The largest packet that the broker accepts, bytes, if it cannot announce it: the embedded one's
   * `maximumPacketSize`.
   */
  maximumPacketSize?: number;
  /** Additional extensions. */
  extensions?: readonly Extension[];
  /** Additional verbs for `request/<verb>`. */
  verbs?: readonly Verb[];
  /** Ends the process in order, for `request/restart`; only if a supervisor restarts it. */
  restartProcess?: () => void;
  /** Updates of this card, where it has a second system to write one to. */
  updates?: NodeUpdates;
  /** Where changes of settings are written, for the answers to them and for `stats`. Default: nowhere. */
  kept?: KeptSettings | undefined;
  /** Address of the console for other machines, shown in Home Assistant. */
  consoleUrl?: () => string | undefined;
  logger?: Logger;
}

/** Counts of a hub since it was started, and what waits for the broker now. */
export interface HubStats extends PublisherStats {
  connected: boolean;
  /** 5, or 4 for MQTT 3.1.1; null without a connection. */
  protocolVersion: 4 | 5 | null;
  /** Connections made so far. */
  connections: number;
  outbox: OutboxStats;
  /** Invalid commands. */
  rejectedCommands: number;
  /** Requests that were invalid, or too many. */
  rejectedRequests: number;
  /** Messages with examples of other nodes that were invalid, or too many. */
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

/** The folder for what need not outlive a restart; undefined where it is to be in memory. */
const keptFolder = ({ data, keep = 'disk' }: HubOptions) => (keep === 'disk' ? data : undefined);

/** Lists what the broker retains of this node, in the data folder. */
const retainedFile = 'retained.json';
const flushTimeoutMs = 2000;
const farewellTimeoutMs = 500;

/**
 * Publishes a node's cameras to an MQTT broker and executes commands from there; docs/mqtt.md lists the topics.
 *
 * The broker may be absent, go away and come back: the cameras are not affected, events wait in the outbox, and after
 * each connect all current states are published.
 *
 * @example
 * const hub = new Hub({ node, settings: { ...settings.mqtt, broker: 'mqtt://192.168.1.2' }, logger: console });
 * await hub.start();
 */
export class Hub {
  readonly #options: HubOptions & { readonly logger: Logger };
  readonly #outbox: Outbox;
  readonly #publisher: Publisher;
  readonly #refusals: Refusals;
  readonly #greeting: Greeting;
  /** Statistics, answers and the like, which wait in no outbox. */
  #refusedDirectly = 0;
  readonly #commands = new CameraCommands();
  readonly #requests: Requests;
  readonly #fleet: Fleet;
  readonly #extensions: readonly Extension[];
  #parts: Parts | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: HubOptions) {
    assertShape('Hub', options, { node: 'object', settings: 'object' });
    const { logger = silent } = options;
    this.#options = { ...options, logger };
    const disk = keptFolder(options);
    this.#outbox = new Outbox({
      folder: disk && join(disk, 'outbox'),
      bounds: options.settings.outbox,
      logger,
      onEvicted: (kind, topic) => {
        if (kind === 'learning' && topic !== undefined) this.#fleet.dropped(topic);
      },
    });
    this.#refusals = new Refusals(logger);
    this.#greeting = new Greeting({
      logger,
      retainedFile: disk && join(disk, retainedFile),
      onAccepted: (topic) => this.#refusals.accepted(topic),
      onRefused: (topic, error, consequence) => this.#refused(topic, error, consequence),
    });
    this.#publisher = new Publisher(this.#outbox, logger, { refusals: this.#refusals });
    const statistics = new NodeStatistics(
      () => {
        const { connected: _, protocolVersion: __, ...rest } = this.stats;
        return rest;
      },
      () => options.kept?.unwritten() ?? null,
    );
    this.#requests = new Requests([...standardVerbs, ...(options.verbs ?? [])], options);
    this.#fleet = new Fleet({ keyFile: options.data && join(options.data, identityFile) });
    this.#extensions = [
      // Before the states: what tells Home Assistant of them.
      new HomeAssistant({
        settings: options.settings.home_assistant,
        consoleUrl: options.consoleUrl,
        hasUpdates: options.updates !== undefined,
        onBirth: () => statistics.tellAgain(),
      }),
      new CameraStates(),
      new LearningStates(),
      new Updates(options.updates),
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
   * Listens to the cameras and starts connecting, without waiting for the broker. Call it when `node.pipelines` is
   * filled: `node.start({ before: () => hub.start() })`.
   *
   * @throws InputError when the broker's URL or a name is invalid, or a certificate cannot be read.
   */
  async start(): Promise<void> {
    await this.#stopping;
    if (this.#parts) throw new Error('the hub is already running');
    const { node, logger, maximumPacketSize, settings } = this.#options;
    const disk = keptFolder(this.#options);
    const { broker, base, username, password, tls } = settings;
    const address = brokerAddress(broker, { username, password, tls });
    if (tls) await readTls(tls);
    const topics = new NodeTopics(base, node.name);
    const session = new Session({
      address,
      clientId: `ocellus-${node.name}`,
      will: { topic: topics.status, payload: 'offline' },
      maximumPacketSize,
      onRefused: (topic, error) => this.#refused(topic, error),
      logger,
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
      disk === undefined
        ? undefined
        : new RetainedList({
            file: join(disk, retainedFile),
            logger,
            now: () => retained.remembered,
            isSettled: () => session.link !== undefined && this.#outbox.depth === 0,
          });
    const remembered = await list?.load();
    this.#parts = { topics, session, retained, list };
    this.#publisher.start();
    const context: HubContext = {
      node,
      topics,
      logger,
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
   * Sends what waits, for at most two seconds, publishes `offline` and disconnects; in bounded time whatever the broker
   * does. Stop the node first, so that the ends of its events are sent. May be called repeatedly.
   *
   * @param options `leaves`: it does not come back under this name. What the broker retains of it is emptied, `offline` too.
   */
  stop(options: { leaves?: boolean } = {}): Promise<void> {
    const { leaves = false } = options;
    this.#stopping ??= this.#stop(leaves).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** `stop()`, for `await using hub = new Hub(options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(leaves: boolean): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    parts.retained.settle();
    if (!leaves) parts.list?.freeze();
    for (const extension of this.#extensions) extension.stop();
    this.#parts = undefined;
    parts.scan?.stop();
    const { session, topics, list } = parts;
    let farewell = false;
    if (leaves) parts.retained.leave();
    if (session.link) {
      const sent = await this.#publisher.flush(flushTimeoutMs);
      if (!sent) this.#options.logger.warn(`MQTT: ${this.#outbox.depth} messages were not acknowledged in time`);
    }
    await list?.stop();
    if (session.link) {
      // Where the broker takes no more, the connection is cut, and its last will says the same.
      farewell = await this.#publisher.farewell(topics.status, leaves ? '' : 'offline', farewellTimeoutMs);
    }
    await session.stop(farewell);
    session.removeAllListeners();
    await this.#publisher.stop();
  }

  async #greet(link: Link): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    const isCurrent = () => parts.session.link === link && this.#parts === parts;
    if (!(await this.#greeting.introduce(link, parts.topics.status, this.#extensions)) || !isCurrent()) return;
    const { retained, topics } = parts;
    retained.doubt();
    retained.update();
    this.#publisher.attach(link);
    const scan = async (filters: readonly string[], probe?: string) => {
      parts.scan = new RetainedScan(filters, probe);
      return { scan: parts.scan, found: await parts.scan.run(link) };
    };
    const filters = this.#extensions.flatMap(({ states }) => states?.filters ?? []);
    // Something is retained for sure, if it may be.
    let seen = await scan(filters, this.#greeting.mayRetain(link) ? topics.status : undefined);
    if (parts.session.link !== link) return;
    this.#greeting.sayScanned(link, topics.root, seen.scan);
    if (!seen.scan.sees) {
      seen = await scan([...retained.remembered.keys()]);
      if (parts.session.link !== link) return;
    }
    retained.found(seen.found);
    retained.update();
    if (seen.scan.isComplete) for (const extension of this.#extensions) extension.scanned?.(seen.found);
    for (const extension of this.#extensions) extension.connected?.(link);
  }

  #refused(topic: string, error: RefusedError, consequence?: string): void {
    this.#refusedDirectly++;
    this.#refusals.refused(topic, messageOf(error), consequence);
  }

  #receive(message: Incoming): void {
    if (this.#parts?.scan?.take(message)) return;
    this.#extensions.some((extension) => extension.receive?.(message));
  }
}
