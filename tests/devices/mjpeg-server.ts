import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import sharp from 'sharp';
import { freePort } from '../support/ports.ts';

const boundary = 'frame';

/** A camera's web server: MJPEG of grey pictures at `/video`, for `user` with `password` where one is given. */
export class MjpegServer {
  /** What it sends in place of pictures: nothing more, or bytes that are no MJPEG. */
  mode: 'pictures' | 'nothing' | 'garbage' = 'pictures';
  /** What each request brought as its `Authorization`. */
  readonly authorizations: (string | undefined)[] = [];
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #port: number | undefined;
  readonly #login: string | undefined;
  readonly #picture: Buffer;
  readonly #periodMs: number;
  /** Pictures sent so far, to all who look. */
  sent = 0;

  private constructor(picture: Buffer, login: string | undefined, periodMs: number) {
    this.#periodMs = periodMs;
    this.#picture = picture;
    this.#login = login;
  }

  /** @param login `user:password`. */
  static async start(
    options: { width?: number; height?: number; grey?: number; login?: string; periodMs?: number } = {},
  ): Promise<MjpegServer> {
    const { width = 64, height = 48, grey: value = 128, login, periodMs = 50 } = options;
    const background = { r: value, g: value, b: value };
    const picture = await sharp({ create: { width, height, channels: 3, background } })
      .jpeg({ quality: 95 })
      .toBuffer();
    const server = new MjpegServer(picture, login, periodMs);
    await server.listen();
    return server;
  }

  url(path = '/video', login = ''): string {
    return `http://${login}127.0.0.1:${this.#port}${path}`;
  }

  /** How many are connected. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** Again, at the same port. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#port ??= await freePort();
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  /** As one that was unplugged: nobody is told. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.authorizations.push(request.headers.authorization);
    const login = this.#login && `Basic ${Buffer.from(this.#login).toString('base64')}`;
    if (login && request.headers.authorization !== login) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="camera"' }).end();
      return;
    }
    switch (request.url?.split('?')[0]) {
      case '/video':
        this.#stream(response);
        return;
      case '/picture':
        response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(this.#picture);
        return;
      case '/page':
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>welcome</html>'.repeat(100));
        return;
      case '/elsewhere':
        response.writeHead(302, { Location: 'file:///etc/hostname' }).end();
        return;
      default:
        response.writeHead(404).end();
    }
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': `multipart/x-mixed-replace; boundary=${boundary}` });
    const timer = setInterval(() => {
      if (this.mode === 'garbage') response.write(Buffer.alloc(5000, 'garbage'));
      if (this.mode !== 'pictures') return;
      response.write(`--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${this.#picture.length}\r\n\r\n`);
      response.write(this.#picture);
      response.write('\r\n');
      this.sent++;
    }, this.#periodMs);
    response.once('close', () => clearInterval(timer));
  }
}
