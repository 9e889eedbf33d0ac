import { connect, type Socket } from 'node:net';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { until } from '../../support/until.ts';

type Received = Packet & { reasonCode?: number; returnCode?: number };

/** A client that says just what a test wants, and acknowledges nothing by itself. */
export class Wire {
  readonly received: Received[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #version: 4 | 5;

  private constructor(port: number, version: 4 | 5) {
    this.#version = version;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const incoming = parser({ protocolVersion: version });
    incoming.on('packet', (packet) => this.received.push(packet as Received));
    // A broken packet is one the broker should not have sent: seen as what is missing.
    incoming.on('error', () => {});
    this.#socket.on('data', (bytes) => incoming.parse(bytes));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Opens a connection without a word. */
  static to(port: number, version: 4 | 5 = 5): Wire {
    return new Wire(port, version);
  }

  /** Opens a connection and waits for CONNACK. */
  static async join(port: number, connect: Partial<IConnectPacket> = {}): Promise<Wire> {
    const wire = new Wire(port, connect.protocolVersion === 4 ? 4 : 5);
    wire.send(wire.hello(connect));
    await until(() => wire.all('connack').length === 1);
    return wire;
  }

  hello(options: Partial<IConnectPacket> = {}): IConnectPacket {
    const clientId = `wire${Math.random()}`;
    return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: this.#version, clean: true, clientId, ...options };
  }

  send(...packets: Packet[]): void {
    const bytes = packets.map((packet) => generate(packet, { protocolVersion: this.#version }));
    this.#socket.write(Buffer.concat(bytes));
  }

  bytes(bytes: Buffer | readonly number[]): void {
    this.#socket.write(Buffer.from(bytes));
  }

  all<C extends Packet['cmd']>(cmd: C): Extract<Received, { cmd: C }>[] {
    return this.received.filter((packet): packet is Extract<Received, { cmd: C }> => packet.cmd === cmd);
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 1): Promise<void> {
    const before = this.all('suback').length;
    this.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] });
    await until(() => this.all('suback').length > before);
  }

  end(): void {
    this.#socket.destroy();
  }
}
