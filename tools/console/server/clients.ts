import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ServerMessage } from '../protocol.ts';
import { Client, type ClientHooks } from './client.ts';
import type { Session } from './sessions.ts';

const maxClients = 32;
const checkIntervalMs = 15_000;

/** The connected pages. */
export class Clients {
  readonly #server = new WebSocketServer({
    noServer: true,
    // A page only sends what it watches.
    maxPayload: 4096,
    clientTracking: false,
    perMessageDeflate: false,
    // The client answers pings itself, and not while the page does not read.
    autoPong: false,
  });
  readonly #clients = new Map<Client, Session | undefined>();
  readonly #hooks: ClientHooks & { joined(client: Client): void };
  #timer: NodeJS.Timeout | undefined;

  constructor(hooks: ClientHooks & { joined(client: Client): void }) {
    this.#hooks = {
      joined: hooks.joined,
      watch: hooks.watch,
      unwatch: hooks.unwatch,
      left: (client) => {
        const session = this.#clients.get(client);
        if (session) session.pages--;
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

  /**
   * Upgrades a checked request to a WebSocket.
   *
   * @param session The WebSocket ends with it.
   */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session?: Session): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new Client(webSocket, this.#hooks);
      if (this.#clients.size === 0) this.#timer = setInterval(() => this.#check(), checkIntervalMs);
      if (session) session.pages++;
      this.#clients.set(client, session);
      this.#hooks.joined(client);
    });
  }

  broadcast(message: ServerMessage): void {
    if (this.#clients.size === 0) return;
    const text = JSON.stringify(message);
    for (const client of this.#clients.keys()) client.sendText(text);
  }

  /** Disconnects the pages of a session that ended. */
  endOf(session: Session): void {
    for (const [client, one] of this.#clients) if (one === session) client.logOut();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of [...this.#clients.keys()]) client.close();
    this.#server.close();
  }

  #check(): void {
    for (const client of [...this.#clients.keys()]) client.check();
  }
}
