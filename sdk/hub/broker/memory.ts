import { Readable } from 'node:stream';
import type { Message } from './message.ts';
import type { RetainedStore } from './retained-store.ts';

interface Numbered {
  readonly messageId: number;
}

const notThere = new Error('no such message');

/**
 * The persistence of aedes: only retained messages and the ids of QoS 2 in flight. No session outlives its connection,
 * so nothing is kept for disconnected clients; aedes itself holds the wills.
 */
export class Memory {
  readonly #retained: RetainedStore;
  readonly #onFull: () => void;
  /** Ids of QoS 2 between PUBLISH and PUBREL. They go with their client. */
  readonly #incoming = new WeakMap<object, Set<number>>();

  constructor(retained: RetainedStore, onFull: () => void) {
    this.#retained = retained;
    this.#onFull = onFull;
  }

  async setup(): Promise<void> {}

  async storeRetained(message: Message): Promise<void> {
    if (!this.#retained.set(message)) this.#onFull();
  }

  async incomingStorePacket(client: object, { messageId }: Numbered): Promise<void> {
    const ids = this.#incoming.get(client);
    if (ids) ids.add(messageId);
    else this.#incoming.set(client, new Set([messageId]));
  }

  /** Rejects where there is none: a new message. */
  async incomingGetPacket(client: object, { messageId }: Numbered): Promise<Numbered> {
    if (!this.#incoming.get(client)?.has(messageId)) throw notThere;
    return { messageId };
  }

  async incomingDelPacket(client: object, { messageId }: Numbered): Promise<void> {
    this.#incoming.get(client)?.delete(messageId);
  }

  // What follows is of sessions and of other brokers.

  async subscriptionsByClient(): Promise<never[]> {
    return [];
  }

  async subscriptionsByTopic(): Promise<never[]> {
    return [];
  }

  async cleanSubscriptions(): Promise<void> {}

  async outgoingEnqueueCombi(): Promise<void> {}

  async outgoingClearMessageId(): Promise<void> {}

  outgoingStream(): Readable {
    return Readable.from([]);
  }

  async putWill(): Promise<void> {}

  async delWill(): Promise<void> {}

  streamWill(): Readable {
    return Readable.from([]);
  }
}
