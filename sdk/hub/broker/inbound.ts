import type { Packet } from 'mqtt-packet';
import { messageOf } from '../../base/errors.ts';
import type { BrokerClient } from './aedes-client.ts';
import type { Delivery } from './delivery.ts';
import { isTopicName } from './topic-filter.ts';

/** Incomplete QoS 2 messages per client; announced in CONNACK. */
export const receiveMaximum = 1000;
/** Packets that come before CONNACK has gone out. */
const maxEarly = 1000;

const reason = { malformed: 0x81, protocol: 0x82, tooMany: 0x93, alias: 0x94 } as const;

/** Properties that may come with a message; what a strict client does not expect would end its connection. */
const messageProperties = new Set([
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'responseTopic',
  'correlationData',
  'userProperties',
  'contentType',
]);

/**
 * Filters what a client sends to aedes: disconnects clients that violate the protocol in ways aedes misses, counts
 * messages in flight, and answers SUBSCRIBE and UNSUBSCRIBE. No packet can crash the process.
 */
export class Inbound {
  readonly #client: BrokerClient;
  readonly #delivery: Delivery;
  readonly #pass: (packet: Packet) => void;
  /** Came before CONNACK has gone out. */
  #early: Packet[] | undefined;
  readonly #begun = new Set<number>();
  #isOver = false;

  constructor(client: BrokerClient, delivery: Delivery) {
    this.#client = client;
    this.#delivery = delivery;
    const parser = client._parser;
    const [pass] = parser.listeners('packet') as ((packet: Packet) => void)[];
    this.#pass = pass!.bind(parser);
    parser.removeAllListeners('packet');
    parser.on('packet', (packet) => this.#take(packet));
    client.once('connected', () => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const packet of early) this.#take(packet);
    });
  }

  /** A message of QoS 2 is refused and will have no end. */
  refused(id: number | undefined): void {
    if (id !== undefined) this.#begun.delete(id);
  }

  #take(packet: Packet): void {
    // The rest of what came in one piece with what ended it.
    if (this.#isOver || this.#client.closed) return;
    try {
      if (this.#client.connected) this.#handle(packet);
      else if (this.#early) this.#hold(packet, this.#early);
      else {
        this.#early = [];
        this.#begin(packet);
      }
    } catch (error) {
      this.#client.emit('error', new Error(`a packet could not be handled: ${messageOf(error)}`));
    }
  }

  #hold(packet: Packet, early: Packet[]): void {
    if (early.push(packet) > maxEarly) this.#client.emit('error', new Error('too much came before CONNACK'));
  }

  /** The first packet; aedes disconnects clients that do not begin with CONNECT. */
  #begin(packet: Packet): void {
    if (packet.cmd === 'connect' && packet.will?.properties) {
      // There is no session to wait for, and it would be invalid in a message.
      const { willDelayInterval: _, ...properties } = packet.will.properties;
      packet.will.properties = properties;
      if (!isMessage(properties)) {
        this.#client.emit('error', new Error('the last will has properties that no message has'));
        return;
      }
    }
    this.#pass(packet);
  }

  #handle(packet: Packet): void {
    const problem = this.#problemOf(packet);
    if (problem !== undefined) {
      this.#isOver = true;
      this.#client.disconnect({ reasonCode: problem });
      return;
    }
    switch (packet.cmd) {
      case 'subscribe':
        this.#isAlive();
        this.#delivery.subscribe(this.#client, packet);
        return;
      case 'unsubscribe':
        this.#isAlive();
        this.#delivery.unsubscribe(this.#client, packet);
        return;
      case 'pubrec':
        // The end of it, where the client refuses it.
        if ((packet.reasonCode ?? 0) >= 0x80) this.#delivery.acknowledged(this.#client, packet.messageId!);
        break;
      case 'puback':
      case 'pubcomp':
        this.#delivery.acknowledged(this.#client, packet.messageId!);
        break;
      case 'pubrel':
        this.#begun.delete(packet.messageId!);
        break;
    }
    this.#pass(packet);
  }

  #problemOf(packet: Packet): number | undefined {
    if (packet.cmd === 'subscribe') {
      const identifier: unknown = packet.properties?.subscriptionIdentifier ?? 1;
      return typeof identifier === 'number' && identifier > 0 ? undefined : reason.protocol;
    }
    if (packet.cmd !== 'publish') return undefined;
    if (packet.properties?.topicAlias !== undefined) return reason.alias;
    if (!isMessage(packet.properties)) return reason.protocol;
    if (packet.topic !== '' && !isTopicName(packet.topic)) return reason.malformed;
    if (packet.qos < 2) return undefined;
    this.#begun.add(packet.messageId!);
    return this.#begun.size > receiveMaximum ? reason.tooMany : undefined;
  }

  #isAlive(): void {
    if (this.#client._keepaliveInterval > 0) this.#client._keepaliveTimer?.refresh();
  }
}

/** Each property once, and only such as a message has; `userProperties` as often as one likes. */
const isMessage = (properties: object | undefined = {}): boolean =>
  Object.entries(properties).every(
    ([name, value]) => messageProperties.has(name) && (name === 'userProperties' || !Array.isArray(value)),
  );
