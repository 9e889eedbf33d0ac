import type { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import sirv from 'sirv';
import type { WebSocket } from 'ws';
import { asset } from '../../../sdk/assets.ts';
import { InputError, messageOf } from '../../../sdk/errors.ts';
import { type Logger, silent } from '../../../sdk/log.ts';
import type { PipelineEvents } from '../../../sdk/pipeline/events.ts';
import type { Node } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import type { WatchMessage } from '../protocol.ts';
import { Api } from './api.ts';
import { cameraState, nodeState } from './camera-state.ts';
import { EventLog } from './event-log.ts';
import { Guard, isLoopback, setSecurityHeaders } from './guard.ts';
import { LiveView } from './live-view.ts';
import { Sockets } from './sockets.ts';

export interface ConsoleOptions {
  node: Node;
  /** Shown on the page; undefined when MQTT is off. */
  mqttUrl?: string;
  /** Address to listen on. Default: the loopback address. */
  host?: string;
  /** 0 takes any free one. Default 8420; where that is taken, another one. */
  port?: number;
  logger?: Logger;
}

const defaultPort = 8420;
const statsMs = 1000;

/**
 * The live page: one HTTP server with the built page, a small API, and a WebSocket for what happens. Make it once the
 * node's pipelines exist: `node.start({ before: () => page.start() })`.
 *
 * @example
 * const page = new Console({ node });
 * const { url } = await page.start();
 */
export class Console {
  readonly #node: Node;
  readonly #mqttUrl: string | undefined;
  readonly #host: string;
  readonly #port: number;
  readonly #logger: Logger;
  readonly #events = new EventLog();
  readonly #views = new Map<string, LiveView>();
  #detach: (() => void)[] = [];
  #server: Server | undefined;
  #sockets: Sockets | undefined;
  #stats: NodeJS.Timeout | undefined;

  constructor(options: ConsoleOptions) {
    this.#node = options.node;
    this.#mqttUrl = options.mqttUrl;
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? defaultPort;
    this.#logger = options.logger ?? silent;
  }

  /** @throws InputError when the address cannot be listened on. */
  async start(): Promise<{ url: string }> {
    if (this.#server) throw new Error('the console runs already');
    const guard = new Guard(this.#host);
    const onError = (error: unknown) => this.#logger.error(`page: ${messageOf(error)}`);
    const api = new Api({ node: this.#node, events: this.#events, mqttUrl: this.#mqttUrl, onError });
    const files = sirv(asset('dist', 'console'), { etag: true, gzip: true });
    const sockets = new Sockets({
      joined: (client) => sockets.send(client, { type: 'state', state: nodeState(this.#node, this.#mqttUrl) }),
      message: (client, value) => this.#onMessage(sockets, client, value),
      left: (client) => this.#leave(client),
    });
    this.#sockets = sockets;
    const server = createServer((request, response) => respond(request, response, guard, api, files));
    server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, guard, sockets));
    // Slow senders hold nothing for long.
    server.headersTimeout = 10_000;
    server.requestTimeout = 30_000;
    server.maxConnections = 200;
    this.#server = server;
    await this.#listen(server);
    for (const pipeline of this.#node.pipelines.values()) this.#follow(pipeline, onError);
    this.#stats = setInterval(() => {
      if (sockets.count > 0) sockets.broadcast({ type: 'stats', stats: this.#node.stats() });
    }, statsMs);
    this.#stats.unref();
    if (!isLoopback(this.#host)) {
      this.#logger.warn(`page: ${this.#host} is open to the network, and whoever reaches it needs no password`);
    }
    const { port } = server.address() as AddressInfo;
    const host = this.#host === '0.0.0.0' || this.#host === '::' ? 'localhost' : this.#host;
    return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
  }

  /** Ends all connections and frees the port. Safe to call twice. */
  async stop(): Promise<void> {
    clearInterval(this.#stats);
    for (const detach of this.#detach.splice(0)) detach();
    this.#sockets?.close();
    const server = this.#server;
    this.#server = undefined;
    if (!server?.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #listen(server: Server): Promise<void> {
    try {
      await listen(server, this.#host, this.#port).catch(async (error: NodeJS.ErrnoException) => {
        // Who names a port means it; the default only has to be free.
        if (error.code !== 'EADDRINUSE' || this.#port !== defaultPort) throw error;
        await listen(server, this.#host, 0);
        this.#logger.warn(`page: port ${this.#port} is taken, so another one is used`);
      });
    } catch (error) {
      this.#server = undefined;
      this.#sockets?.close();
      throw new InputError(`page: ${this.#host}:${this.#port} cannot be used: ${reasonOf(error)}`);
    }
  }

  #follow(pipeline: Pipeline, onError: (error: unknown) => void): void {
    const view = new LiveView(pipeline.name, onError);
    this.#views.set(pipeline.name, view);
    const on = <K extends keyof PipelineEvents>(name: K, listener: (...args: PipelineEvents[K]) => void) => {
      // The emitter's type cannot follow a generic name.
      const emitter = pipeline as EventEmitter;
      emitter.on(name, listener as (...args: unknown[]) => void);
      this.#detach.push(() => emitter.off(name, listener as (...args: unknown[]) => void));
    };
    const told = new StateTeller(() => this.#sockets?.broadcast({ type: 'camera', camera: cameraState(pipeline) }));
    for (const name of ['status', 'motion', 'count', 'settings'] as const) on(name, told.tell);
    on('snapshot', ({ id, jpeg }) => this.#events.addSnapshot(id, jpeg));
    on('event', (message) => this.#sockets?.broadcast({ type: 'event', event: this.#events.add(message) }));
    on('frame', view.show);
    // The first frame is when the model and the source are known.
    const tellAll = () => this.#sockets?.broadcast({ type: 'state', state: nodeState(this.#node, this.#mqttUrl) });
    pipeline.once('frame', tellAll);
    this.#detach.push(() => pipeline.off('frame', tellAll));
  }

  #onMessage(sockets: Sockets, client: WebSocket, value: unknown): void {
    if (!isWatch(value)) {
      const expected = '{"type": "watch", "camera": a name or null, "maxHeight": 16 to 4320}';
      sockets.send(client, { type: 'error', message: `expected ${expected}` });
      return;
    }
    this.#leave(client);
    if (value.camera === null) return;
    const view = this.#views.get(value.camera);
    if (view) view.watch(client, value.maxHeight);
    else sockets.send(client, { type: 'error', message: `there is no camera ${value.camera.slice(0, 40)}` });
  }

  #leave(client: WebSocket): void {
    for (const view of this.#views.values()) view.leave(client);
  }
}

/** Tells a state once for all changes of the same moment: a frame may change several counts. */
class StateTeller {
  readonly #send: () => void;
  #planned = false;

  constructor(send: () => void) {
    this.#send = send;
  }

  tell = (): void => {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#send();
    });
  };
}

function isWatch(value: unknown): value is WatchMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { type, camera, maxHeight } = value as Record<string, unknown>;
  return (
    type === 'watch' &&
    (camera === null || typeof camera === 'string') &&
    (maxHeight === undefined ||
      (typeof maxHeight === 'number' && Number.isInteger(maxHeight) && maxHeight >= 16 && maxHeight <= 4320))
  );
}

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  api: Api,
  files: ReturnType<typeof sirv>,
): void {
  setSecurityHeaders(response);
  const problem = guard.problem(request);
  if (problem) {
    refuse(response, 403, problem);
    return;
  }
  if (api.handle(request, response)) return;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 405, `expected GET, got ${request.method}`);
    return;
  }
  try {
    files(request, response, () => refuse(response, 404, 'there is no such page'));
  } catch {
    // A path that cannot be decoded.
    refuse(response, 400, 'expected a path');
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error: message }));
  response.req.resume();
}

function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, guard: Guard, sockets: Sockets): void {
  socket.on('error', () => socket.destroy());
  const isPage = request.url === '/api/live' && guard.problem(request) === undefined;
  if (isPage) sockets.accept(request, socket, head);
  else socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return 'the port is taken; choose another one (console.port) or 0 for any free one';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address (console.host)';
    case 'EACCES':
      return 'ports below 1024 need root; choose another one (console.port)';
    default:
      return messageOf(error);
  }
}
