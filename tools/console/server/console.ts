import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { isLoopback } from '../../../sdk/access/network.ts';
import { asset, packageVersion } from '../../../sdk/base/assets.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { type Logger, silent } from '../../../sdk/base/log.ts';
import { NodeTopics } from '../../../sdk/hub/contract/topics.ts';
import type { HubStats } from '../../../sdk/hub/hub.ts';
import type { ConsoleState, EventMessage, ServerMessage, StoredEvent } from '../protocol.ts';
import { Access } from './access.ts';
import { CameraDesk } from './camera-desk.ts';
import type { Client } from './client.ts';
import { Clients } from './clients.ts';
import { EventRoutes } from './event-routes.ts';
import { refusal } from './guard.ts';
import { boundedServer } from './http-server.ts';
import { LearningDesk } from './learning/desk.ts';
import { LearningRoutes } from './learning/routes.ts';
import { learningState, viewStates } from './learning/state.ts';
import { listen, pageUrl } from './listen.ts';
import { operations } from './operations.ts';
import { HttpError } from './reply.ts';
import { livePath, parseUrl, Routes } from './routes.ts';
import type { ConsoleNode } from './source.ts';
import { mqttState } from './state.ts';
import { StaticFiles } from './static-files.ts';
import { StatsTicker } from './stats-ticker.ts';

export interface ConsoleOptions {
  node: ConsoleNode;
  /** The broker's URL, to show on the page; undefined without one. */
  mqttUrl?: string;
  /** The hub whose figures the page and `/metrics` show; undefined without a broker. */
  hub?: { readonly stats: HubStats };
  /** Address to listen on. Default 127.0.0.1; anything but a loopback address needs `password`. */
  host?: string;
  /** Port; 0 picks a free one. Default 8420, or one near it when that is taken. */
  port?: number;
  /** Hash of the password, as `ocellus password` prints it. Default: no password. */
  password?: string;
  /** The address that people open when a reverse proxy is in front. Needs `password`. */
  url?: string;
  /** What was wrong in the files on the card, for the page to say. */
  setupErrors?: readonly string[];
  /** The built page. Default: the one that ships with the package. */
  folder?: string;
  logger?: Logger;
}

/**
 * The server of the live page: sends what the cameras see, and applies changes of settings. docs/console.md documents
 * its API.
 *
 * @example
 * const page = new Console({ node, mqttUrl: 'mqtt://127.0.0.1:1883' });
 * const { url } = await page.start();
 */
export class Console {
  readonly #options: ConsoleOptions;
  readonly #host: string;
  readonly #url: URL | undefined;
  readonly #access: Access;
  readonly #logger: Logger;
  readonly #run = randomUUID();
  readonly #clients: Clients;
  readonly #stats: StatsTicker;
  readonly #learning: LearningDesk | undefined;
  readonly #toldEvent = (change: EventMessage['type'], event: StoredEvent) =>
    this.#clients.broadcast({ type: 'event', change, event });
  readonly #toldRemoved = (ids: readonly string[]) => this.#clients.broadcast({ type: 'removed', ids });
  #desks = new Map<string, CameraDesk>();
  #server: Server | undefined;

  /** @throws InputError when the password's hash is invalid. */
  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#url = options.url === undefined ? undefined : new URL(options.url);
    this.#logger = options.logger ?? silent;
    const { node, password } = options;
    this.#access = new Access({
      password,
      url: this.#url,
      logger: this.#logger,
      onEnd: (session) => this.#clients.endOf(session),
    });
    this.#clients = new Clients({
      joined: (client) => this.#joined(client),
      watch: (client, camera, watching) => this.#desk(camera).live.watch(client, watching),
      unwatch: (client, camera) => this.#desks.get(camera)?.live.unwatch(client),
      left: (client) => this.#left(client),
    });
    const tell = (message: ServerMessage) => this.#clients.broadcast(message);
    this.#stats = new StatsTicker(node, options.hub, tell);
    const { learning } = node;
    this.#learning =
      learning &&
      new LearningDesk({
        ...{ learning, node: node.name, tell },
        cameras: () => this.#desks.keys(),
        watched: () => this.#clients.size > 0,
      });
  }

  /**
   * Starts listening. Call it when `node.pipelines` is filled: `node.start({ before: () => page.start() })`.
   *
   * @throws InputError when other machines could reach it without a password, the page was not built, or the address
   * cannot be used.
   */
  async start(): Promise<{ url: string; port: number }> {
    if (this.#server) throw new Error('the page runs already');
    this.#assertGuarded();
    const { node, port = 8420, folder = asset('dist', 'console') } = this.#options;
    const files = await StaticFiles.read(folder);
    for (const [name, camera] of node.pipelines) {
      const desk = new CameraDesk(camera, {
        logger: this.#logger,
        states: () => viewStates(node.learning, name),
        tell: (message) => this.#clients.broadcast(message),
      });
      this.#desks.set(name, desk);
      desk.attach();
    }
    this.#learning?.attach();
    node.history.on('event', this.#toldEvent).on('removed', this.#toldRemoved);
    const routes = new Routes({
      cameras: node.pipelines,
      events: new EventRoutes(node.history, node.settings.history),
      files,
      access: this.#access,
      operations: operations({ node, hub: this.#options.hub }),
      learning: node.learning && new LearningRoutes(node.learning, node.name),
      host: this.#host,
      url: this.#url,
      logger: this.#logger,
      state: () => this.#state(),
      cameraState: (camera) => this.#desk(camera.name).state(),
    });
    const server = boundedServer((request, response) => routes.handle(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server = server;
    try {
      const used = await listen(server, this.#host, port, this.#logger);
      server.on('error', (error) => this.#logger.error(`page: ${messageOf(error)}`));
      this.#access.port = used;
      return { url: this.#url?.href ?? pageUrl(this.#host, used), port: used };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Disconnects the pages and stops listening to the cameras. May be called repeatedly. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#stats.stop();
    this.#access.close();
    this.#clients.close();
    for (const desk of this.#desks.values()) desk.detach();
    this.#desks = new Map();
    this.#learning?.detach();
    this.#options.node.history.off('event', this.#toldEvent).off('removed', this.#toldRemoved);
    if (!server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #assertGuarded(): void {
    if (this.#access.required) return;
    const how =
      'set console.password to a password of your own (it is replaced by its hash at start), or to the hash that `ocellus password` prints';
    if (this.#url) throw new InputError(`console.url: anyone could open it without a password: ${how}`);
    if (isLoopback(this.#host)) return;
    throw new InputError(
      `console.host is ${this.#host}, so other machines could reach the page, and there is no password: ${how}, or omit console.host`,
    );
  }

  #state(): ConsoleState {
    const { node, mqttUrl } = this.#options;
    return {
      run: this.#run,
      node: node.name,
      version: packageVersion(),
      mqtt: mqttState(mqttUrl, new NodeTopics(node.settings.mqtt.base, node.name).root),
      cameras: [...this.#desks.values()].map((desk) => desk.state()),
      learning: node.learning ? learningState(node.learning, node.name) : null,
      setup_errors: [...(this.#options.setupErrors ?? [])],
    };
  }

  #desk(camera: string): CameraDesk {
    const desk = this.#desks.get(camera);
    if (!desk) {
      throw new RangeError(
        `there is no camera ${JSON.stringify(camera)}; expected ${[...this.#desks.keys()].join(', ')}`,
      );
    }
    return desk;
  }

  #joined(client: Client): void {
    client.send({ type: 'state', state: this.#state() });
    client.send(this.#stats.message());
    this.#stats.start();
  }

  #left(client: Client): void {
    for (const desk of this.#desks.values()) desk.live.unwatch(client);
    if (this.#clients.size === 0) this.#stats.stop();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const denied = refusal(request.headers, this.#host, this.#url);
      if (denied) throw new HttpError(403, denied);
      const pass = await this.#access.admit(request);
      if (!pass) throw new HttpError(401, 'log in first');
      if (parseUrl(request.url).pathname !== livePath) throw new HttpError(404, `the WebSocket is ${livePath}`);
      if (this.#clients.full) throw new HttpError(503, 'too many pages are open');
      this.#clients.accept(request, socket, head, pass.session);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 400;
      const body = JSON.stringify({ error: messageOf(error) });
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  }
}
