import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a broker that can be closed: what a network does when it is cut. */
export class Gate {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.url = `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
    server.on('connection', (socket) => {
      if (!this.#isOpen) {
        socket.destroy();
        return;
      }
      const other = connect(target, '127.0.0.1');
      for (const [one, to] of [
        [socket, other],
        [other, socket],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => {
          this.#sockets.delete(one);
          to.destroy();
        });
        one.pipe(to);
      }
    });
  }

  static async to(url: string): Promise<Gate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, Number(new URL(url).port));
  }

  close(): void {
    this.#isOpen = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  open(): void {
    this.#isOpen = true;
  }

  async stop(): Promise<void> {
    this.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
