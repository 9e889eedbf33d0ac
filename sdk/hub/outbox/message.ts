/** What is to be published, at QoS 1. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  /** The broker keeps the newest payload of the topic. In the outbox, too, only the newest one waits. */
  readonly retain: boolean;
  /**
   * `state`: a current state; sent before all others and not kept on disk, since it is published again after each
   * connect. `event`: something that happened; events, and the snapshots they refer to, stay in the order in which they
   * were put. `learning`: what was learned, for other nodes. All messages of a topic are of one kind.
   */
  readonly kind: 'state' | 'event' | 'learning';
}

/** The kinds of messages that wait in an outbox. */
export type Kind = Message['kind'];

/** A message that waits in the outbox or is in flight. */
export interface Entry extends Message {
  /** When it expires, by the outbox's clock; undefined: never, because it is retained. */
  readonly expiresMs: number | undefined;
}
