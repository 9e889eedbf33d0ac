import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { ServerMessage } from '../protocol.ts';

const maxMessageBytes = 4096;
const maxClients = 50;
const pingMs = 20_000;
/** A client that is so far behind will not catch up. */
const maxUnsentBytes = 4 * 2 ** 20;

export interface SocketListener {
  joined(client: WebSocket): void;
  /** A text message, parsed; whatever a client may send. */
  message(client: WebSocket, value: unknown): void;
  left(client: WebSocket): void;
}

/** The pages that are open, each with one WebSocket. */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  readonly #listener: SocketListener;
  readonly #alive = new WeakSet<WebSocket>();
  readonly #pings: NodeJS.Timeout;

  constructor(listener: SocketListener) {
    this.#listener = listener;
    this.#pings = setInterval(() => this.#ping(), pingMs);
    this.#pings.unref();
  }

  get count(): number {
    return this.#server.clients.size;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.count >= maxClients) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      this.#alive.add(client);
      client.on('pong', () => this.#alive.add(client));
      // A message that is too long or malformed ends the connection; that is all there is to do.
      client.on('error', () => client.terminate());
      client.on('close', () => this.#listener.left(client));
      client.on('message', (data, isBinary) => this.#listener.message(client, isBinary ? undefined : parse(data)));
      this.#listener.joined(client);
    });
  }

  send(client: WebSocket, message: ServerMessage): void {
    if (client.bufferedAmount > maxUnsentBytes) client.terminate();
    else client.send(JSON.stringify(message));
  }

  broadcast(message: ServerMessage): void {
    if (this.count === 0) return;
    const text = JSON.stringify(message);
    for (const client of this.#server.clients) {
      if (client.bufferedAmount > maxUnsentBytes) client.terminate();
      else client.send(text);
    }
  }

  close(): void {
    clearInterval(this.#pings);
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #ping(): void {
    for (const client of this.#server.clients) {
      if (!this.#alive.has(client)) client.terminate();
      this.#alive.delete(client);
      if (client.readyState === client.OPEN) client.ping();
    }
  }
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
