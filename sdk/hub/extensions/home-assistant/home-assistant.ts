import { packageVersion } from '../../../base/assets.ts';
import { messageOf } from '../../../base/errors.ts';
import type { HomeAssistantSettings } from '../../../config/schema.ts';
import type { Incoming } from '../../connection/session.ts';
import type { RetainedSource } from '../../retained/retained-topics.ts';
import type { Extension, HubContext, Subscription } from '../extension.ts';
import type { HubCamera } from '../hub-node.ts';
import { taughtOn } from '../learning/taught.ts';
import { Listeners } from '../listeners.ts';
import { hasNoDetector } from '../no-detector.ts';
import { Announcement } from './announcement.ts';
import { cameraComponents } from './camera-components.ts';
import { type Component, type DeviceId, toldApart } from './component.ts';
import { modelVersions } from './model-versions.ts';
import { deviceNames, title } from './names.ts';
import { nodeComponents } from './node-components.ts';
import { tellSightings } from './sightings.ts';

/** A message is not larger than this, whatever the broker takes: some 800 entities. */
const largestMessage = 256 * 1024;
/** Room for the topic, the header and the properties of PUBLISH. */
const headerBytes = 256;
/** After a birth: Home Assistant is about to listen to what each entity is made of. */
const soonMs = 500;
/** After a birth: Home Assistant reads what is retained first, and many nodes do not answer at once. */
const birthDelayMs = { least: 1000, most: 5000 };

export interface HomeAssistantOptions {
  settings: HomeAssistantSettings;
  /** Where the console is, for other machines; undefined while that is not known or it is for this machine alone. */
  consoleUrl?: () => string | undefined;
  /** Home Assistant has started: what is not retained is unknown to it. */
  onBirth?: () => void;
}

/**
 * Announces a node and its cameras to Home Assistant: one retained discovery message for each device, told before the
 * states, and again when Home Assistant says that it has started. docs/home-assistant.md lists the entities.
 *
 * Switched off, it takes back what an earlier run announced.
 */
export class HomeAssistant implements Extension {
  readonly #settings: HomeAssistantSettings;
  readonly #consoleUrl: () => string | undefined;
  readonly #onBirth: () => void;
  readonly #listeners = new Listeners();
  readonly #announcements = new Map<string, Announcement>();
  #context: HubContext | undefined;
  #states: RetainedSource | undefined;
  /** What an earlier run left is known; before, a message would overwrite it unread. */
  #hasScanned = false;
  /** undefined: not known yet; null: nothing to say. */
  #versions: string | null | undefined;
  #isLearning = false;
  /** As they were built last. */
  #messages: ReadonlyMap<string, string | undefined> = new Map();
  #mustBuild = true;
  #packetSize = Number.POSITIVE_INFINITY;
  #birth: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  readonly #saidLeftOut = new Set<string>();

  constructor({ settings, consoleUrl, onBirth }: HomeAssistantOptions) {
    this.#settings = settings;
    this.#onBirth = onBirth ?? (() => {});
    this.#consoleUrl = consoleUrl ?? (() => undefined);
  }

  get subscriptions(): readonly Subscription[] {
    return this.#settings.enabled ? [{ filter: this.#birthTopic, retained: false }] : [];
  }

  get states(): RetainedSource | undefined {
    return this.#states;
  }

  start(context: HubContext): void {
    this.#context = context;
    const { node, topics, retained } = context;
    const root = this.#root(node.name);
    this.#states = {
      filters: [`${root}/config`, `${root}/+/config`, topics.model],
      wanted: () => this.#wanted(context),
      isStale: (topic) => topic === topics.model || (topic.startsWith(`${root}/`) && topic.endsWith('/config')),
      found: (topic, payload) => {
        if (topic !== topics.model) this.#announcement(topic).found(payload);
        this.#mustBuild = true;
      },
      remembered: (topic) => this.#announcements.get(topic)?.remembered,
      scanned: () => {
        this.#hasScanned = true;
        this.#mustBuild = true;
      },
    };
    if (!this.#settings.enabled) return;
    const update = () => {
      this.#mustBuild = true;
      retained.update();
    };
    for (const camera of node.pipelines.values()) {
      tellSightings(camera, context, this.#listeners);
      this.#listeners.on(camera, 'settings', update);
      let known = false;
      this.#listeners.on(camera, 'frame', () => {
        if (known || camera.counts.length === 0) return;
        known = true;
        this.#learnVersions(context, update);
        update();
      });
    }
    if (node.learning) this.#listeners.on(node.learning, 'changed', update);
    this.#listeners.on(node, 'stats', () => {
      this.#learnVersions(context, update);
      update();
    });
  }

  stop(): void {
    this.#listeners.removeAll();
    clearTimeout(this.#birth);
    clearTimeout(this.#soon);
    this.#birth = undefined;
    this.#context = undefined;
    this.#announcements.clear();
    this.#messages = new Map();
    this.#hasScanned = false;
    this.#mustBuild = true;
  }

  receive({ topic, payload, retained }: Incoming): boolean {
    if (!this.#settings.enabled || topic !== this.#birthTopic) return false;
    // A birth that lies retained is older than this connection, and all was told after that.
    if (retained || this.#birth || payload.toString() !== 'online') return true;
    const { least, most } = birthDelayMs;
    this.#birth = setTimeout(() => this.#tellAll(), least + Math.random() * (most - least));
    this.#birth.unref();
    this.#onBirth();
    this.#soon = setTimeout(this.#onBirth, soonMs).unref();
    return true;
  }

  get #birthTopic(): string {
    return `${this.#settings.prefix}/status`;
  }

  #root(node: string): string {
    return `${this.#settings.prefix}/device/ocellus_${node}`;
  }

  #announcement(topic: string): Announcement {
    let announcement = this.#announcements.get(topic);
    if (!announcement) this.#announcements.set(topic, (announcement = new Announcement()));
    return announcement;
  }

  #tellAll(): void {
    this.#birth = undefined;
    for (const announcement of this.#announcements.values()) announcement.settle();
    this.#mustBuild = true;
    this.#context?.retained.doubt();
    this.#context?.retained.update();
    // What was just announced is listened to a moment later.
    this.#soon = setTimeout(this.#onBirth, soonMs).unref();
  }

  /** Once, when the model is known. */
  #learnVersions({ node, logger }: HubContext, update: () => void): void {
    if (hasNoDetector(node)) this.#versions = null;
    if (this.#isLearning || !node.card) return;
    this.#isLearning = true;
    modelVersions(node.card)
      .catch((error: unknown) => {
        logger.warn(`Home Assistant: the model's version is not known: ${messageOf(error)}`);
        return null;
      })
      .then((versions) => {
        this.#versions = versions;
        if (this.#context) update();
      });
  }

  #wanted(context: HubContext): ReadonlyMap<string, string | undefined> {
    if (!this.#settings.enabled) return new Map();
    const packetSize = context.link?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (this.#mustBuild || packetSize !== this.#packetSize) {
      this.#packetSize = packetSize;
      this.#messages = this.#build(context);
      this.#mustBuild = false;
    }
    return this.#messages;
  }

  #build(context: HubContext): ReadonlyMap<string, string | undefined> {
    const { node, topics } = context;
    const root = this.#root(node.name);
    const messages = new Map<string, string | undefined>();
    // The node first: its cameras are reached by way of it.
    const { senses } = node;
    const isReady = this.#hasScanned && this.#versions !== undefined && senses !== undefined;
    const id: DeviceId = { id: `ocellus_${node.name}`, prefix: node.name };
    const status = { t: topics.status };
    const ids = new Set<string>();
    const names = deviceNames(node.name, node.pipelines.keys());
    const make = (topic: string, dev: object, avty: object[], components: readonly Component[]) =>
      this.#message(
        topic,
        { dev, o: { name: 'Ocellus', sw: packageVersion() }, avty, avty_mode: 'all' },
        toldApart(components, ids),
      );
    const url = httpUrl(this.#consoleUrl());
    const about = { mf: 'Ocellus', sw: packageVersion(), ...(url && { cu: url }) };
    messages.set(
      `${root}/config`,
      isReady
        ? make(
            `${root}/config`,
            { ids: [id.id], name: title(node.name), mdl: 'Node', ...about },
            [status],
            nodeComponents(id, topics, senses, typeof this.#versions === 'string'),
          )
        : undefined,
    );
    const taught = taughtOn(node.learning, node.pipelines.keys());
    for (const camera of node.pipelines.values()) {
      const topic = `${root}/${camera.name}/config`;
      const mine: DeviceId = { id: `${id.id}:${camera.name}`, prefix: names.get(camera.name)!.prefix };
      const device = {
        ids: [mine.id],
        name: names.get(camera.name)!.title,
        mdl: 'Camera',
        via_device: id.id,
        ...about,
      };
      // `disabled` is a state of its own on this topic, and Home Assistant would take it for nothing.
      const seeing = {
        t: topics.camera(camera.name).status,
        val_tpl: "{{ 'online' if value == 'online' else 'offline' }}",
      };
      const knows = isReady && taught && (hasNoDetector(node) || hasLabels(camera, node.card?.labels));
      const components = knows ? cameraComponents(mine, camera, topics, taught.get(camera.name)) : [];
      messages.set(topic, knows ? make(topic, device, [status, seeing], components) : undefined);
    }
    if (this.#versions !== null) messages.set(topics.model, this.#versions);
    return messages;
  }

  #message(topic: string, head: object, components: readonly Component[]): string {
    const announcement = this.#announcement(topic);
    const maxBytes = Math.min(this.#packetSize, largestMessage) - headerBytes;
    const message = announcement.message(head, components, maxBytes);
    const { leftOut } = announcement;
    if (leftOut > 0 && !this.#saidLeftOut.has(topic)) {
      this.#saidLeftOut.add(topic);
      this.#context?.logger.warn(
        `Home Assistant: ${leftOut} of ${components.length} entities on ${topic} are left out: the message may have ${maxBytes} bytes. Watch fewer labels or zones to have them all.`,
      );
    }
    return message;
  }
}

/** Are its labels known? Before its model is, none is wrong; one that watches nothing the model knows has none. */
function hasLabels({ counts, settings }: HubCamera, known: readonly string[] = []): boolean {
  const { labels } = settings.detect;
  return counts.length > 0 || (labels.length > 0 && !labels.some((label) => known.includes(label)));
}

const httpUrl = (text: string | undefined): string | undefined =>
  text !== undefined && /^https?:\/\/./.test(text) && URL.canParse(text) ? text : undefined;
