/** What is to be published, at QoS 1. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  /** The broker keeps the newest payload of the topic. In the outbox too only the newest one waits. */
  readonly retain: boolean;
  /**
   * `state`: a current state; sent before all others and not kept on disk, since it is published again after each
   * connect. `event`: something that happened; events, and the snapshots they speak of, stay in the order in which they
   * were put. `learning`: what was learned, for other nodes. All messages of a topic are of one kind.
   */
  readonly kind: 'state' | 'event' | 'learning';
}

export type Kind = Message['kind'];

/** A message that waits in the outbox or is on its way. */
export interface Entry extends Message {
  /** When it is of no use any more, by the outbox's clock; undefined: never, it is a retained one. */
  readonly expiresMs: number | undefined;
}
