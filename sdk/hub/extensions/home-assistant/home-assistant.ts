import type { HomeAssistantSettings } from '../../../config/schema.ts';
import type { Incoming } from '../../connection/session.ts';
import type { RetainedSource } from '../../retained/retained-topics.ts';
import type { Extension, HubContext, Subscription } from '../extension.ts';
import { Listeners } from '../listeners.ts';
import { Discovery } from './discovery.ts';
import { KnownModel } from './known-model.ts';
import { tellSightings } from './sightings.ts';

/** After a birth: Home Assistant is about to listen to what each entity is made of. */
const soonMs = 500;
/** After a birth: Home Assistant reads what is retained first, and many nodes do not answer at once. */
const birthDelayMs = { least: 1000, most: 5000 };

export interface HomeAssistantOptions {
  settings: HomeAssistantSettings;
  /** Where the console is, for other machines; undefined while that is not known or it is for this machine alone. */
  consoleUrl?: () => string | undefined;
  /** The node tells of updates, and installs one. */
  hasUpdates?: boolean;
  /** Home Assistant has started: what is not retained is unknown to it. */
  onBirth?: () => void;
}

/**
 * Announces a node and its cameras to Home Assistant: one retained discovery message per device, published before the
 * states, and again when Home Assistant says that it has started. docs/home-assistant.md lists the entities.
 *
 * Switched off, it removes what an earlier run announced.
 */
export class HomeAssistant implements Extension {
  readonly #settings: HomeAssistantSettings;
  readonly #onBirth: () => void;
  readonly #listeners = new Listeners();
  readonly #discovery: Discovery;
  readonly #model = new KnownModel();
  #context: HubContext | undefined;
  #states: RetainedSource | undefined;
  #birth: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor({ settings, consoleUrl, hasUpdates, onBirth }: HomeAssistantOptions) {
    this.#settings = settings;
    this.#onBirth = onBirth ?? (() => {});
    this.#discovery = new Discovery(settings.prefix, consoleUrl ?? (() => undefined), hasUpdates);
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
    const root = this.#discovery.root(node.name);
    this.#states = {
      filters: [`${root}/config`, `${root}/+/config`, topics.model],
      wanted: () => (this.#settings.enabled ? this.#discovery.wanted(context, this.#model.versions) : new Map()),
      isStale: (topic) => topic === topics.model || (topic.startsWith(`${root}/`) && topic.endsWith('/config')),
      found: (topic, payload) => {
        if (topic !== topics.model) this.#discovery.found(topic, payload);
        this.#discovery.changed();
      },
      remembered: (topic) => this.#discovery.remembered(topic),
      scanned: () => this.#discovery.scanned(),
    };
    if (!this.#settings.enabled) return;
    const update = () => {
      this.#discovery.changed();
      retained.update();
    };
    const learnModel = () => this.#model.learn(context, () => this.#context && update());
    for (const camera of node.pipelines.values()) {
      tellSightings(camera, context, this.#listeners);
      this.#listeners.on(camera, 'settings', update);
      let known = false;
      this.#listeners.on(camera, 'frame', () => {
        if (known || camera.counts.length === 0) return;
        known = true;
        learnModel();
        update();
      });
    }
    if (node.learning) {
      this.#listeners.on(node.learning, 'changed', () => {
        this.#discovery.changed();
        retained.updateSoon();
      });
    }
    this.#listeners.on(node, 'stats', () => {
      learnModel();
      update();
    });
  }

  stop(): void {
    this.#listeners.removeAll();
    clearTimeout(this.#birth);
    clearTimeout(this.#soon);
    this.#birth = undefined;
    this.#context = undefined;
    this.#discovery.forget();
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

  #tellAll(): void {
    this.#birth = undefined;
    this.#discovery.settle();
    this.#context?.retained.doubt();
    this.#context?.retained.update();
    // What was just announced is listened to a moment later.
    this.#soon = setTimeout(this.#onBirth, soonMs).unref();
  }
}
