import { messageOf } from '../../base/errors.ts';
import type { NodeUpdates } from '../../update/node-updates.ts';
import type { Incoming } from '../connection/session.ts';
import { updateToWire } from '../contract/updates.ts';
import type { RetainedSource } from '../retained/retained-topics.ts';
import type { Extension, HubContext, Subscription } from './extension.ts';
import { Listeners } from './listeners.ts';

const longestAddress = 2000;

/**
 * Tells which version runs and which one there is, and looks at a release that is announced to all nodes. What is
 * announced is installed only by `request/update`, and only if it is signed. A node that cannot be updated empties what
 * an earlier run left.
 */
export class Updates implements Extension {
  readonly #updates: NodeUpdates | undefined;
  readonly #listeners = new Listeners();
  #context: HubContext | undefined;
  #states: RetainedSource | undefined;
  #announced: string | undefined;

  constructor(updates: NodeUpdates | undefined) {
    this.#updates = updates;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#updates && this.#context ? [{ filter: this.#context.topics.release, retained: true }] : [];
  }

  get states(): RetainedSource | undefined {
    return this.#states;
  }

  start(context: HubContext): void {
    const { topics, retained } = context;
    const updates = this.#updates;
    this.#context = context;
    this.#states = {
      filters: [topics.update],
      wanted: () =>
        updates ? new Map([[topics.update, updates.state && JSON.stringify(updateToWire(updates.state))]]) : new Map(),
      isStale: (topic) => topic === topics.update,
    };
    if (updates) this.#listeners.on(updates, 'changed', () => retained.update());
  }

  stop(): void {
    this.#listeners.removeAll();
    this.#context = undefined;
    this.#announced = undefined;
  }

  receive({ topic, payload }: Incoming): boolean {
    const context = this.#context;
    if (!context || !this.#updates || topic !== context.topics.release) return false;
    const release = payload.toString('utf8').trim();
    // It comes again after each connect; an empty one takes the announcement back.
    if (release === '' || release === this.#announced || payload.length > longestAddress) return true;
    this.#announced = release;
    this.#updates
      .request({ release, install: false })
      .catch((error: unknown) => context.logger.warn(`the release that was announced: ${messageOf(error)}`));
    return true;
  }
}
