import type { EventEmitter } from 'node:events';
import { type MqttSettings, reservedCameraNames } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import { type Logger, silent } from '../log.ts';
import type { PipelineEvents } from '../pipeline/events.ts';
import type { NodeStats } from '../pipeline/node.ts';
import { brokerAddress } from './address.ts';
import { settingTopics } from './camera-settings.ts';
import { Commands } from './commands.ts';
import { type Link, RefusedError } from './link.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import type { Outbox, OutboxStats } from './outbox.ts';
import { Publisher } from './publisher.ts';
import { RetainedScan } from './retained-scan.ts';
import { type Incoming, Session } from './session.ts';
import type { HubCamera, HubNode } from './source.ts';
import { cameraStates } from './states.ts';
import { type CameraTopics, NodeTopics } from './topics.ts';

export interface HubOptions {
  node: HubNode;
  /** `broker` is a URL here: who wants the embedded broker starts it first and passes its `url`. */
  settings: Pick<MqttSettings, 'broker' | 'base' | 'username' | 'password'>;
  /** Where messages wait for the broker. Default: in memory, bounded. */
  outbox?: Outbox;
  logger?: Logger;
}

export interface HubStats {
  connected: boolean;
  /** 5, or 4 for MQTT 3.1.1; null without a connection. */
  protocolVersion: 4 | 5 | null;
  /** Connections made so far. */
  connections: number;
  outbox: OutboxStats;
  /** Messages the broker acknowledged, refused, and such as are larger than it takes. */
  published: number;
  refused: number;
  tooLarge: number;
  /** Commands that were wrong. */
  rejectedCommands: number;
}

interface OneCamera {
  readonly camera: HubCamera;
  readonly topics: CameraTopics;
}

/** What lives from `start()` to `stop()`. */
interface Parts {
  readonly topics: NodeTopics;
  readonly cameras: readonly OneCamera[];
  readonly session: Session;
  readonly commands: Commands;
  /** Of the newest connection. */
  scan?: RetainedScan;
}

const handshakeTimeoutMs = 10_000;
const flushTimeoutMs = 2000;
const farewellTimeoutMs = 500;
/** Stats that the network does not take are not worth memory. */
const maxUnsentBytes = 1024 * 1024;

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
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  readonly #publisher: Publisher;
  #parts: Parts | undefined;
  /** What the broker retains of this node, as far as is known; undefined where only the topic is. */
  readonly #retained = new Map<string, string | undefined>();
  #detach: (() => void)[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: HubOptions) {
    this.#node = options.node;
    this.#settings = options.settings;
    this.#outbox = options.outbox ?? new MemoryOutbox();
    this.#logger = options.logger ?? silent;
    this.#publisher = new Publisher(this.#outbox, this.#logger);
  }

  get stats(): HubStats {
    const link = this.#parts?.session.link;
    return {
      connected: link !== undefined,
      protocolVersion: link?.version ?? null,
      connections: this.#parts?.session.connections ?? 0,
      outbox: this.#outbox.stats,
      ...this.#publisher.stats,
      rejectedCommands: this.#parts?.commands.rejected ?? 0,
    };
  }

  /**
   * Listens to the cameras and begins to connect; does not wait for the broker. Call it when `node.pipelines` is
   * filled: `node.start({ before: () => hub.start() })`.
   *
   * @throws InputError when the broker's URL or a name is wrong.
   */
  async start(): Promise<void> {
    await this.#stopping;
    if (this.#parts) throw new Error('the hub runs already');
    const { broker, base, username, password } = this.#settings;
    const address = brokerAddress(broker, { username, password });
    const { name, pipelines } = this.#node;
    const topics = new NodeTopics(base, name);
    const session = new Session({
      address,
      clientId: `ocellus-${name}`,
      will: { topic: topics.status, payload: 'offline' },
      logger: this.#logger,
    });
    const commands = new Commands({
      topics,
      cameras: pipelines,
      logger: this.#logger,
      onSettled: (camera, setting) => this.#tellSetting(camera, setting),
    });
    const cameras = [...pipelines.values()].map((camera) => ({ camera, topics: topics.camera(camera.name) }));
    this.#parts = { topics, cameras, session, commands };
    await this.#publisher.start();
    for (const one of cameras) this.#listen(one);
    const onStats = (stats: NodeStats) => this.#tellStats(stats);
    this.#node.on('stats', onStats);
    this.#detach.push(() => this.#node.off('stats', onStats));
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

  async #stop(): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    for (const detach of this.#detach.splice(0)) detach();
    this.#parts = undefined;
    parts.scan?.stop();
    const { session, topics } = parts;
    let farewell = false;
    if (session.link) {
      const sent = await this.#publisher.flush(flushTimeoutMs);
      if (!sent) this.#logger.warn(`MQTT: ${this.#outbox.stats.depth} messages were not acknowledged in time`);
      // Where the broker takes no more, the connection is cut, and its last will says the same.
      farewell = await this.#publisher.farewell(topics.status, 'offline', farewellTimeoutMs);
    }
    await session.stop(farewell);
    session.removeAllListeners();
    await this.#publisher.stop();
    this.#retained.clear();
  }

  async #greet(link: Link): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    const { topics } = parts;
    const timer = setTimeout(() => link.close('it did not answer in time'), handshakeTimeoutMs);
    timer.unref();
    try {
      await link.publish(topics.status, 'online', { qos: 1, retain: true });
      await link.subscribe([topics.commands], { qos: 1, retained: false }).catch((error: unknown) => {
        if (!(error instanceof RefusedError)) throw error;
        this.#logger.error(
          `MQTT: the broker refuses ${topics.commands}, so there are no commands: ${messageOf(error)}`,
        );
      });
    } catch (error) {
      // A node that may not say `online` is of no use to anyone: said, and tried again.
      link.close(messageOf(error));
      return;
    } finally {
      clearTimeout(timer);
    }
    if (parts.session.link !== link || this.#parts !== parts) return;
    // Known topics stay known, so that those of what is gone are emptied; whether the broker still has their values is not.
    for (const topic of this.#retained.keys()) this.#retained.set(topic, undefined);
    this.#tellStates();
    this.#publisher.attach(link);
    const scan = new RetainedScan(topics);
    parts.scan = scan;
    const found = await scan.run(link);
    if (parts.session.link !== link) return;
    for (const topic of found) if (!this.#retained.has(topic)) this.#retained.set(topic, undefined);
    this.#tellStates();
  }

  #receive(message: Incoming): void {
    if (!this.#parts?.scan?.take(message)) this.#parts?.commands.handle(message);
  }

  #listen({ camera, topics }: OneCamera): void {
    const on = <K extends keyof PipelineEvents>(name: K, listener: (...args: PipelineEvents[K]) => void) => {
      // The emitter's type cannot follow a generic name.
      const emitter = camera as EventEmitter;
      emitter.on(name, listener as (...args: unknown[]) => void);
      this.#detach.push(() => emitter.off(name, listener as (...args: unknown[]) => void));
    };
    const tell = (topic: string, value: unknown) =>
      this.#publisher.put({ topic, payload: Buffer.from(JSON.stringify(value)), retain: false, kind: 'event' });
    const states = () => this.#tellStates();
    for (const name of ['status', 'motion', 'count', 'settings'] as const) on(name, states);
    let known = false;
    on('frame', () => {
      // The counts of a camera are known once its model is, and nothing else says so when all of them are 0.
      if (known || camera.counts.length === 0) return;
      known = true;
      states();
    });
    on('snapshot', ({ label, jpeg }) => {
      const topic = topics.snapshot(label);
      this.#retained.set(topic, undefined);
      this.#publisher.put({ topic, payload: jpeg, retain: true, kind: 'event' });
    });
    on('event', (message) => tell(topics.events, message));
    on('crossing', ({ line, label, direction, total, trackId }) =>
      tell(topics.crossing(line), { label, direction, total, track: trackId }),
    );
  }

  /**
   * Makes what the broker retains of this node what it should be: publishes what differs and empties topics of
   * cameras, labels and zones that are gone. Without a connection there is nothing to do: after the next connect all
   * is published anyway.
   */
  #tellStates(): void {
    const parts = this.#parts;
    if (!parts?.session.link) return;
    const wanted = new Set<string>();
    const unknown = new Set<string>();
    for (const { camera, topics } of parts.cameras) {
      const states = cameraStates(camera, topics);
      if (!states.known) unknown.add(camera.name);
      for (const [topic, value] of states.topics) {
        wanted.add(topic);
        if (value !== undefined && this.#retained.get(topic) !== value) this.#tellState(topic, value);
      }
    }
    for (const topic of this.#retained.keys()) {
      const camera = parts.topics.cameraOf(topic)!;
      if (wanted.has(topic) || unknown.has(camera) || reservedCameraNames.includes(camera)) continue;
      this.#tellState(topic, '');
      this.#retained.delete(topic);
    }
  }

  #tellState(topic: string, value: string): void {
    this.#retained.set(topic, value);
    // A snapshot that waits must not come after the message that empties its topic.
    const kind = this.#parts?.topics.isSnapshot(topic) ? 'event' : 'state';
    this.#publisher.put({ topic, payload: Buffer.from(value), retain: true, kind });
  }

  /** The answer to a command, also where nothing changed: a switch on a page jumps back then. */
  #tellSetting(camera: HubCamera, setting: string): void {
    const topics = this.#parts?.cameras.find((one) => one.camera === camera)?.topics;
    if (topics) this.#tellState(topics.state(setting), settingTopics.get(setting)!.format(camera.settings));
  }

  #tellStats(stats: NodeStats): void {
    this.#tellStates();
    const link = this.#parts?.session.link;
    if (!link || link.unsent > maxUnsentBytes) return;
    const { connections, outbox, published, refused, tooLarge, rejectedCommands } = this.stats;
    const mqtt = { connections, outbox, published, refused, tooLarge, rejectedCommands };
    link
      .publish(this.#parts!.topics.stats, JSON.stringify({ ...stats, mqtt }), { qos: 0, retain: false })
      // The next ones come in ten seconds.
      .catch(() => {});
  }
}
