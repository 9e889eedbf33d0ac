/** What is to be published, at QoS 1. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  /** The broker keeps the newest payload of the topic. In the outbox too only the newest one waits. */
  readonly retain: boolean;
  /**
   * `state`: how something is now; goes before all events. `event`: something that happened; events, and the
   * snapshots they speak of, stay in the order in which they were put. All messages of a topic are of one kind.
   */
  readonly kind: 'state' | 'event';
}

/** A message that waits in the outbox or is on its way. */
export interface Entry extends Message {
  readonly sequence: number;
  /** When it was put, ms since 1970. */
  readonly timeMs: number;
}

export interface OutboxStats {
  /** Messages that wait or are on their way, and their payloads' bytes. */
  depth: number;
  bytes: number;
  oldestAgeSeconds: number;
  /** Messages dropped, oldest first, because there was no room. */
  evicted: number;
}

/**
 * Where messages wait until the broker has acknowledged them. The rest of the hub knows this interface only, so an
 * outbox on disk can take the place of the one in memory.
 *
 * Of a retained topic one value waits; a newer one takes its place in the order. (Another may be on its way already.)
 */
export interface Outbox {
  /** @param onReady Called whenever `next()` may have something again. */
  open(onReady: () => void): Promise<void>;
  /** Accepts a message. Never throws; what has no room is counted in `stats.evicted`. */
  put(message: Message): void;
  /** The next message to publish, now on its way; undefined when none is ready. */
  next(): Entry | undefined;
  /** It was acknowledged (or refused for good) and is forgotten. */
  settle(entry: Entry): void;
  /** The connection is gone: what is on its way waits again, in the old order. */
  rewind(): void;
  readonly stats: OutboxStats;
  close(): Promise<void>;
}
