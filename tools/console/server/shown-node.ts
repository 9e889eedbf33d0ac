import type { Logger } from '../../../sdk/base/log.ts';
import { NodeTopics } from '../../../sdk/hub/contract/topics.ts';
import type { HubStats } from '../../../sdk/hub/hub.ts';
import type { ConsoleState, EventMessage, StoredEvent } from '../protocol.ts';
import { CameraDesk } from './camera-desk.ts';
import type { Clients } from './clients.ts';
import { LearningDesk } from './learning/desk.ts';
import { learningState, viewStates } from './learning/state.ts';
import type { ConsoleNode } from './source.ts';
import { mqttState } from './state.ts';
import { StatsTicker } from './stats-ticker.ts';

/** What the page shows. */
export interface Shown {
  readonly node: ConsoleNode;
  /** The broker's URL, to show on the page; undefined without one. */
  readonly mqttUrl?: string | undefined;
  /** The hub whose figures the page and `/metrics` show; undefined without a broker. */
  readonly hub?: { readonly stats: HubStats } | undefined;
}

/** Listens to one node for the pages, from `attach()` to `detach()`. */
export class ShownNode {
  readonly shown: Shown;
  readonly stats: StatsTicker;
  readonly #clients: Clients;
  readonly #logger: Logger;
  readonly #learning: LearningDesk | undefined;
  readonly #desks = new Map<string, CameraDesk>();

  constructor(shown: Shown, clients: Clients, logger: Logger) {
    this.shown = shown;
    this.#clients = clients;
    this.#logger = logger;
    const { node, hub } = shown;
    this.stats = new StatsTicker(node, hub, (message) => clients.broadcast(message));
    const { learning } = node;
    this.#learning =
      learning &&
      new LearningDesk({
        ...{ learning, node: node.name, tell: (message) => clients.broadcast(message) },
        cameras: () => this.#desks.keys(),
        watched: () => clients.size > 0,
      });
  }

  /** Its pipelines exist. */
  attach(): void {
    const { node } = this.shown;
    for (const [name, camera] of node.pipelines) {
      const desk = new CameraDesk(camera, {
        logger: this.#logger,
        states: () => viewStates(node.learning, name),
        tell: (message) => this.#clients.broadcast(message),
      });
      this.#desks.set(name, desk);
      desk.attach();
    }
    this.#learning?.attach();
    node.history.on('event', this.#toldEvent).on('removed', this.#toldRemoved);
  }

  detach(): void {
    this.stats.stop();
    for (const desk of this.#desks.values()) desk.detach();
    this.#desks.clear();
    this.#learning?.detach();
    this.shown.node.history.off('event', this.#toldEvent).off('removed', this.#toldRemoved);
  }

  /** What it says of the node. */
  get state(): Pick<ConsoleState, 'node' | 'mqtt' | 'cameras' | 'learning'> {
    const { node, mqttUrl } = this.shown;
    return {
      node: node.name,
      mqtt: mqttState(mqttUrl, new NodeTopics(node.settings.mqtt.base, node.name).root),
      cameras: [...this.#desks.values()].map((desk) => desk.state()),
      learning: node.learning ? learningState(node.learning, node.name) : null,
    };
  }

  get desks(): ReadonlyMap<string, CameraDesk> {
    return this.#desks;
  }

  /** @throws RangeError when there is no such camera. */
  desk(camera: string): CameraDesk {
    const desk = this.#desks.get(camera);
    if (!desk) {
      throw new RangeError(
        `there is no camera ${JSON.stringify(camera)}; expected ${[...this.#desks.keys()].join(', ')}`,
      );
    }
    return desk;
  }

  readonly #toldEvent = (change: EventMessage['type'], event: StoredEvent) =>
    this.#clients.broadcast({ type: 'event', change, event });

  readonly #toldRemoved = (ids: readonly string[]) => this.#clients.broadcast({ type: 'removed', ids });
}
