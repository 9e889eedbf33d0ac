import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ServerMessage } from '../protocol.ts';
import { Client, type ClientHooks } from './client.ts';

const maxClients = 32;
const checkIntervalMs = 15_000;

/** The pages that are connected. */
export class Clients {
  readonly #server = new WebSocketServer({
    noServer: true,
    // A page only says what it looks at.
    maxPayload: 4096,
    clientTracking: false,
    perMessageDeflate: false,
  });
  readonly #clients = new Set<Client>();
  readonly #hooks: ClientHooks & { joined(client: Client): void };
  #timer: NodeJS.Timeout | undefined;

  constructor(hooks: ClientHooks & { joined(client: Client): void }) {
    this.#hooks = {
      joined: hooks.joined,
      watch: hooks.watch,
      unwatch: hooks.unwatch,
      left: (client) => {
        this.#clients.delete(client);
        if (this.#clients.size === 0) clearInterval(this.#timer);
        hooks.left(client);
      },
    };
  }

  get size(): number {
    return this.#clients.size;
  }

  get full(): boolean {
    return this.#clients.size >= maxClients;
  }

  /** Makes a WebSocket of a request that was checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new Client(webSocket, this.#hooks);
      if (this.#clients.size === 0) this.#timer = setInterval(() => this.#check(), checkIntervalMs);
      this.#clients.add(client);
      this.#hooks.joined(client);
    });
  }

  broadcast(message: ServerMessage): void {
    if (this.#clients.size === 0) return;
    const text = JSON.stringify(message);
    for (const client of this.#clients) client.sendText(text);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of [...this.#clients]) client.close();
    this.#server.close();
  }

  #check(): void {
    for (const client of [...this.#clients]) client.check();
  }
}
