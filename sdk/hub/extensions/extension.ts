import type { Logger } from '../../base/log.ts';
import type { Link } from '../connection/link.ts';
import type { Incoming } from '../connection/session.ts';
import type { NodeTopics } from '../contract/topics.ts';
import type { Kind, Message } from '../outbox/message.ts';
import type { RetainedSource, RetainedTopics } from '../retained/retained-topics.ts';
import type { HubNode } from './hub-node.ts';

/** What an extension has to work with, from its `start()` to its `stop()`. */
export interface HubContext {
  /** Its pipelines exist. */
  readonly node: HubNode;
  readonly topics: NodeTopics;
  readonly logger: Logger;
  /** The connection, while there is one. */
  readonly link: Link | undefined;
  /** What the broker retains of this node. */
  readonly retained: RetainedTopics;
  /** Queues a message for the broker, connected or not; never throws. */
  put(message: Message): void;
  /** Bytes of a kind that wait in the outbox or are on their way. */
  waiting(kind: Kind): number;
}

/** Messages that an extension of the hub wants. */
export interface Subscription {
  /** Topic filter; it is subscribed to at QoS 1. */
  readonly filter: string;
  /** Retained messages are wanted as well (MQTT 3.1.1 brokers send them anyway). */
  readonly retained: boolean;
}

/** One thing that a hub publishes or answers. Its constructor does nothing. */
export interface Extension {
  /** Made after each connect. Read after `start()`. */
  readonly subscriptions?: readonly Subscription[];
  /** Topics that it keeps right at the broker. Read after `start()`. */
  readonly states?: RetainedSource;
  /** Begins to listen to the node; called once, before the first connect. */
  start(context: HubContext): void;
  /** Removes all its listeners. */
  stop(): void;
  /** After each connect: all that the broker retains on the topics of `states`, where it lets this client see them. */
  scanned?(found: ReadonlyMap<string, Buffer>): void;
  /** After each connect, when the subscriptions are made and what the broker retains was scanned. Must not throw. */
  connected?(link: Link): void;
  /** @returns True when the message was for this extension: no other one is asked. Must not throw. */
  receive?(message: Incoming): boolean;
}
