import { type ISubscribePacket, type IUnsubscribePacket, type Packet, writeToStream } from 'mqtt-packet';
import type { BrokerClient } from './aedes-client.ts';
import type { Message, MessageProperties } from './message.ts';
import { Recipient } from './recipient.ts';
import type { RetainedStore } from './retained-store.ts';
import { type Subscription, Subscriptions } from './subscriptions.ts';
import { isTopicFilter } from './topic-filter.ts';

const maxSubscriptions = 1000;
/** Total length of a client's filters. */
const maxFilterBytes = 1024 * 1024;
/** Retained topics that are compared with a client's filters in one turn of the event loop. */
const topicsOfATurn = 50;
const failure = 0x80;
/** Reason codes of SUBACK and UNSUBACK in MQTT 5. */
const code = { noSubscription: 0x11, invalidFilter: 0x8f, quota: 0x97, noShares: 0x9e } as const;

interface Subscriber {
  readonly client: BrokerClient;
  readonly recipient: Recipient;
  readonly subscriptions: Map<string, Subscription>;
  filterBytes: number;
  /** By filter, those for which what is retained is still to be sent. */
  readonly curious: Map<string, Subscription>;
  isSending: boolean;
}

/** What aedes passes on: a client's message, and the id of that client. */
type Published = Message & { readonly clientId?: string };

/**
 * Subscriptions and deliveries of the embedded broker: each client gets one copy of a message, at the highest QoS of
 * its matching filters and with all their identifiers.
 *
 * It replaces aedes' mqemitter: aedes 2.0.0-beta.1 itself delivers a message at the QoS of any matching filter,
 * retained ones at the QoS of their publisher, and neither limits nor counts what is in flight.
 */
export class Delivery {
  readonly #retained: RetainedStore;
  readonly #subscribers = new Map<BrokerClient, Subscriber>();
  readonly #all = new Subscriptions<Subscriber>();
  // Of a mqemitter; aedes listens only for other brokers, and there is none.
  readonly current = 0;
  readonly concurrency = 0;

  constructor(retained: RetainedStore) {
    this.#retained = retained;
  }

  /** A part of a mqemitter. */
  on(_filter: string, _listener: unknown, done: () => void = () => {}): this {
    setImmediate(done);
    return this;
  }

  /** A part of a mqemitter. */
  removeListener(_filter: string, _listener: unknown, done: () => void = () => {}): this {
    setImmediate(done);
    return this;
  }

  /** A part of a mqemitter. */
  close(done: () => void): this {
    setImmediate(done);
    return this;
  }

  /** Delivers a message. @param done Called when all its recipients accept more: the publisher waits for them. */
  emit(message: Published, done: () => void = () => {}): this {
    // aedes' own topics, such as who subscribes to what, are not published.
    const found = message.topic.startsWith('$') ? [] : this.#all.of(message.topic);
    const fitting = new Map<Subscriber, Subscription[]>();
    for (const [subscriber, subscription] of found) {
      if (subscription.noLocal && subscriber.client.id === message.clientId) continue;
      const own = fitting.get(subscriber);
      if (own) own.push(subscription);
      else fitting.set(subscriber, [subscription]);
    }
    let left = fitting.size;
    if (left === 0) setImmediate(done);
    const settled = () => {
      // Not at once: the stack would grow with each message of a batch.
      if (--left === 0) setImmediate(done);
    };
    for (const [{ recipient }, subscriptions] of fitting) {
      const retain = message.retain && subscriptions.some(({ retainAsPublished }) => retainAsPublished);
      recipient.send(addressed(message, subscriptions, retain), settled);
    }
    return this;
  }

  /** Answers SUBSCRIBE and sends what is retained. */
  subscribe(client: BrokerClient, packet: ISubscribePacket): void {
    const subscriber = this.#of(client);
    const wanted = packet.subscriptions.map(({ topic, qos, nl = false, rap = false, rh = 0 }) => ({
      subscription: {
        filter: topic,
        qos,
        noLocal: nl,
        retainAsPublished: rap,
        identifier: packet.properties?.subscriptionIdentifier,
      },
      isNew: !subscriber.subscriptions.has(topic),
      retainHandling: rh,
    }));
    const granted = wanted.map(({ subscription }) => this.#add(subscriber, subscription));
    write(client, { cmd: 'suback', messageId: packet.messageId!, granted });
    const curious = wanted.filter(
      ({ retainHandling, isNew }, i) =>
        granted[i]! < failure && (retainHandling === 0 || (retainHandling === 1 && isNew)),
    );
    for (const { subscription } of curious) subscriber.curious.set(subscription.filter, subscription);
    if (!subscriber.isSending) void this.#sendRetained(subscriber);
  }

  /** Answers UNSUBSCRIBE. */
  unsubscribe(client: BrokerClient, { messageId, unsubscriptions }: IUnsubscribePacket): void {
    const subscriber = this.#of(client);
    const granted = unsubscriptions.map((filter) => {
      if (!subscriber.subscriptions.delete(filter)) return code.noSubscription;
      subscriber.filterBytes -= Buffer.byteLength(filter);
      subscriber.curious.delete(filter);
      this.#all.remove(subscriber, filter);
      return 0;
    });
    write(client, { cmd: 'unsuback', messageId: messageId!, granted });
  }

  /** A client acknowledged the message with this id. */
  acknowledged(client: BrokerClient, id: number): void {
    this.#subscribers.get(client)?.recipient.acknowledged(id);
  }

  /** A client is gone, and all that it subscribed to. */
  forget(client: BrokerClient): void {
    const subscriber = this.#subscribers.get(client);
    if (!subscriber) return;
    this.#subscribers.delete(client);
    for (const filter of subscriber.subscriptions.keys()) this.#all.remove(subscriber, filter);
    subscriber.recipient.close();
  }

  #of(client: BrokerClient): Subscriber {
    let subscriber = this.#subscribers.get(client);
    if (!subscriber) {
      subscriber = {
        client,
        recipient: new Recipient(client),
        subscriptions: new Map(),
        filterBytes: 0,
        curious: new Map(),
        isSending: false,
      };
      this.#subscribers.set(client, subscriber);
    }
    return subscriber;
  }

  /** @returns The granted QoS, or the reason for refusing. */
  #add(subscriber: Subscriber, subscription: Subscription): number {
    const { client, subscriptions } = subscriber;
    const { filter, qos } = subscription;
    const refuse = (reason: number) => (client.version === 5 ? reason : failure);
    if (filter.startsWith('$share/')) return refuse(code.noShares);
    if (!isTopicFilter(filter)) return refuse(code.invalidFilter);
    if (!subscriptions.has(filter)) {
      const bytes = subscriber.filterBytes + Buffer.byteLength(filter);
      if (subscriptions.size >= maxSubscriptions || bytes > maxFilterBytes) return refuse(code.quota);
      subscriber.filterBytes = bytes;
    }
    subscriptions.set(filter, subscription);
    this.#all.add(subscriber, subscription);
    return qos;
  }

  /**
   * Each topic once, as it is when its turn comes. One round at a time, whatever is subscribed to meanwhile: that has
   * the next round in common.
   */
  async #sendRetained(subscriber: Subscriber): Promise<void> {
    const { recipient, curious } = subscriber;
    subscriber.isSending = true;
    while (curious.size > 0 && recipient.isOpen) {
      const filters = new Subscriptions<Subscriber>();
      for (const subscription of curious.values()) filters.add(subscriber, subscription);
      curious.clear();
      let looked = 0;
      for (const topic of this.#retained.topics()) {
        // With thousands of topics and filters, others get a turn in between.
        if (++looked % topicsOfATurn === 0) await new Promise(setImmediate);
        const own = filters.of(topic).map(([, subscription]) => subscription);
        const message = own.length > 0 ? this.#retained.get(topic) : undefined;
        if (!message) continue;
        const sent = addressed(message, own, true);
        if (sent.qos > 0) await recipient.room();
        if (!recipient.isOpen) return;
        await new Promise<void>((resolve) => recipient.send(sent, resolve));
      }
    }
    subscriber.isSending = false;
  }
}

/** A message as one client gets it, by its matching subscriptions. */
function addressed(message: Message, subscriptions: readonly Subscription[], retain: boolean): Message {
  const { topic, payload } = message;
  const identifiers = subscriptions.flatMap(({ identifier }) => identifier ?? []);
  const properties: MessageProperties | undefined =
    identifiers.length > 0
      ? { ...message.properties, subscriptionIdentifier: identifiers.length === 1 ? identifiers[0]! : identifiers }
      : message.properties;
  const qos = Math.min(message.qos, Math.max(...subscriptions.map((one) => one.qos))) as Message['qos'];
  return { topic, payload, qos, retain, properties };
}

function write(client: BrokerClient, packet: Packet): void {
  if (client.closed || writeToStream(packet, client.conn, { protocolVersion: client.version })) return;
  // A client that never reads the answers is disconnected after a while.
  client.waitForDrain(() => {});
}
