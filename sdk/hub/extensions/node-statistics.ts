import type { NodeStats } from '../../pipeline/node.ts';
import type { Extension, HubContext } from '../extension.ts';
import { Listeners } from '../listeners.ts';

/** Stats that the network does not take are not worth memory. */
const maxUnsentBytes = 1024 * 1024;

/** Tells the node's statistics at QoS 0, past the outbox: the next ones come in ten seconds. */
export class NodeStatistics implements Extension {
  readonly #listeners = new Listeners();
  readonly #connection: () => object;

  /** @param connection What to say of the connection itself. */
  constructor(connection: () => object) {
    this.#connection = connection;
  }

  start(context: HubContext): void {
    this.#listeners.on(context.node, 'stats', (stats) => this.#tell(stats, context));
  }

  stop(): void {
    this.#listeners.removeAll();
  }

  #tell(stats: NodeStats, { link, topics }: HubContext): void {
    if (!link || link.unsent > maxUnsentBytes) return;
    const text = JSON.stringify({ ...stats, mqtt: this.#connection() });
    link.publish(topics.stats, text, { qos: 0, retain: false }).catch(() => {});
  }
}
