import { createServer, type Server, type Socket } from 'node:net';
import mqtt, {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
} from 'mqtt-packet';
import { matches } from '../../sdk/hub/broker/topic-filter.ts';

/** A broker that does what a test says; it counts what is on its way and acknowledges only when told. */
export class FakeBroker {
  readonly connects: IConnectPacket[] = [];
  readonly published: IPublishPacket[] = [];
  /** Connections that it ended at something. */
  cuts = 0;
  /** The most publishes that ever waited for an acknowledgement at once. */
  mostUnacknowledged = 0;
  connack: Omit<IConnackPacket, 'cmd'> = { reasonCode: 0, returnCode: 0, sessionPresent: false };
  /** Answers CONNECT; by default with `connack`. */
  onConnect: (packet: IConnectPacket, send: (packet: Packet) => void, socket: Socket) => void = (_, send) =>
    send({ cmd: 'connack', ...this.connack });
  readonly subscribed: ISubscribePacket[] = [];
  readonly unsubscribed: string[] = [];
  /** Reason code of a filter's SUBACK. */
  grant: (filter: string) => number = () => 0;
  /** Reason code of a publish's PUBACK. */
  refuse: (topic: string, packet: IPublishPacket) => number = () => 0;
  /** A publish, or a filter, at which it ends the connection; with a number: by a DISCONNECT with that reason code. */
  cut: (topic: string, packet: IPublishPacket | ISubscribePacket) => boolean | number = () => false;
  /** A publish that it takes and never acknowledges. */
  ignore: (topic: string) => boolean = () => false;
  /** It answers no ping. */
  isMute = false;
  /** What lies retained at it. */
  readonly retained = new Map<string, Buffer>();
  /** Does it tell what it retains to a subscription to this? By default it never does. */
  tells: (filter: string) => boolean = () => false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #sends = new Set<(packet: Packet) => void>();
  #pending: (() => void)[] = [];
  #flows = false;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<FakeBroker> {
    const broker = new FakeBroker();
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  get unacknowledged(): number {
    return this.#pending.length;
  }

  /** Acknowledges the oldest publishes. */
  acknowledge(count = 1): void {
    for (const acknowledge of this.#pending.splice(0, count)) acknowledge();
  }

  /** Acknowledges all there is and all that comes. */
  flow(): void {
    this.#flows = true;
    this.acknowledge(Number.POSITIVE_INFINITY);
  }

  /** Sends a packet to all clients. */
  send(packet: Packet): void {
    for (const send of this.#sends) send(packet);
  }

  /** Sends bytes to all clients. */
  sendBytes(bytes: Buffer): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #retain(topic: string, payload: Buffer): void {
    if (payload.length === 0) this.retained.delete(topic);
    else this.retained.set(topic, payload);
  }

  #tell(filter: string, send: (packet: Packet) => void): void {
    if (!this.tells(filter)) return;
    for (const [topic, payload] of this.retained) {
      if (matches(filter, topic)) send({ cmd: 'publish', topic, payload, qos: 0, retain: true, dup: false });
    }
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let protocolVersion: number | undefined = 4;
    const send = (packet: Packet) => socket.write(mqtt.generate(packet, { protocolVersion }));
    this.#sends.add(send);
    const cutAt = (topic: string, packet: IPublishPacket | ISubscribePacket) => {
      // What came behind it is not looked at any more.
      if (socket.destroyed || socket.writableEnded) return true;
      const cut = this.cut(topic, packet);
      if (cut === false) return false;
      this.cuts++;
      if (cut === true) socket.destroy();
      else socket.end(mqtt.generate({ cmd: 'disconnect', reasonCode: cut }, { protocolVersion }));
      return true;
    };
    const parser = mqtt.parser();
    parser.on('packet', (packet) => {
      switch (packet.cmd) {
        case 'connect':
          protocolVersion = packet.protocolVersion;
          this.connects.push(packet);
          this.onConnect(packet, send, socket);
          break;
        case 'publish':
          if (cutAt(packet.topic, packet)) break;
          this.published.push(packet);
          if (packet.retain) this.#retain(packet.topic, Buffer.from(packet.payload));
          if (packet.qos !== 1 || this.ignore(packet.topic)) break;
          this.#pending.push(() =>
            socket.write(acknowledgement(packet.messageId!, this.refuse(packet.topic, packet), protocolVersion)),
          );
          this.mostUnacknowledged = Math.max(this.mostUnacknowledged, this.#pending.length);
          if (this.#flows) this.acknowledge();
          break;
        case 'subscribe':
          if (packet.subscriptions.some(({ topic }) => cutAt(topic, packet))) break;
          this.subscribed.push(packet);
          socket.write(
            subscribed(
              packet.messageId!,
              packet.subscriptions.map(({ topic }) => this.grant(topic)),
              protocolVersion,
            ),
          );
          for (const { topic, rh } of packet.subscriptions) if (rh !== 2) this.#tell(topic, send);
          break;
        case 'unsubscribe':
          this.unsubscribed.push(...packet.unsubscriptions);
          send({ cmd: 'unsuback', messageId: packet.messageId!, granted: packet.unsubscriptions.map(() => 0) });
          break;
        case 'pingreq':
          if (!this.isMute) send({ cmd: 'pingresp' });
          break;
      }
    });
    parser.on('error', () => socket.destroy());
    socket.on('data', (chunk) => parser.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#sends.delete(send);
      this.#pending = [];
    });
  }
}

function subscribed(messageId: number, granted: readonly number[], protocolVersion: number | undefined): Buffer {
  const body = [messageId >> 8, messageId & 255, ...(protocolVersion === 5 ? [0] : []), ...granted];
  return Buffer.from([0x90, body.length, ...body]);
}

/** mqtt-packet makes none with a reason code that the standard does not list there; brokers do. */
function acknowledgement(messageId: number, reasonCode: number, protocolVersion: number | undefined): Buffer {
  const id = [messageId >> 8, messageId & 255];
  return Buffer.from(protocolVersion === 5 && reasonCode > 0 ? [0x40, 3, ...id, reasonCode] : [0x40, 2, ...id]);
}
