import { toWire } from '../../base/wire.ts';
import type { NodeStats } from '../../pipeline/node.ts';
import { nodeStatsToWire } from '../contract/stats.ts';
import type { Extension, HubContext } from './extension.ts';
import { Listeners } from './listeners.ts';

/** Stats that the network does not take are not worth memory. */
const maxUnsentBytes = 1024 * 1024;

/** Publishes the node's statistics at QoS 0, past the outbox: the next ones follow in ten seconds. */
export class NodeStatistics implements Extension {
  readonly #listeners = new Listeners();
  readonly #connection: () => object;
  readonly #unwritten: () => string | null;
  #context: HubContext | undefined;
  #last: NodeStats | undefined;

  /**
   * @param connection What to say of the connection itself.
   * @param unwritten Why changed settings could not be written. Default: null, since they are written nowhere.
   */
  constructor(connection: () => object, unwritten: () => string | null = () => null) {
    this.#connection = connection;
    this.#unwritten = unwritten;
  }

  start(context: HubContext): void {
    this.#context = context;
    this.#listeners.on(context.node, 'stats', (stats) => {
      this.#last = stats;
      this.#tell(stats, context);
    });
  }

  stop(): void {
    this.#listeners.removeAll();
    this.#context = undefined;
    this.#last = undefined;
  }

  connected(): void {
    this.tellAgain();
  }

  /** Publishes them at once for a new subscriber, since they are not retained. */
  tellAgain(): void {
    if (this.#last && this.#context) this.#tell(this.#last, this.#context);
  }

  #tell(stats: NodeStats, { link, topics }: HubContext): void {
    if (!link || link.unsent > maxUnsentBytes) return;
    const [settings_unwritten, mqtt] = [this.#unwritten(), toWire(this.#connection())];
    const text = JSON.stringify({ ...nodeStatsToWire(stats), settings_unwritten, mqtt });
    link.publish(topics.stats, text, { qos: 0, retain: false }).catch(() => {});
  }
}
