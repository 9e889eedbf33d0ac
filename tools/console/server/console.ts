import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { isLoopback } from '../../../sdk/access/network.ts';
import { asset, packageVersion } from '../../../sdk/base/assets.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { type Logger, silent } from '../../../sdk/base/log.ts';
import { CameraSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import type { ConsoleState } from '../protocol.ts';
import { Access } from './access.ts';
import type { Board, FindCameras } from './board.ts';
import { BoardRoutes } from './board-routes.ts';
import type { Client } from './client.ts';
import { Clients } from './clients.ts';
import { EventRoutes } from './event-routes.ts';
import { refusal } from './guard.ts';
import { boundedServer } from './http-server.ts';
import { LearningRoutes } from './learning/routes.ts';
import { listen, pageUrl } from './listen.ts';
import { operations } from './operations.ts';
import { HttpError } from './reply.ts';
import { livePath, parseUrl, Routes } from './routes.ts';
import { type Shown, ShownNode } from './shown-node.ts';
import { fileState, keptState } from './state.ts';
import { StaticFiles } from './static-files.ts';

const defaultSettings = validate(CameraSettings, {}, 'the defaults');

export interface ConsoleOptions extends Shown {
  /** Adds and removes cameras, and changes names and the access. Default: the page does not offer that. */
  board?: Board;
  /** Finds cameras to be offered. Default: those of this machine and its networks. */
  find?: FindCameras | undefined;
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
  readonly #clients: Clients;
  #run = randomUUID();
  #shown: ShownNode;
  #files: StaticFiles | undefined;
  #routes: Routes | undefined;
  #server: Server | undefined;

  /** @throws InputError when the password's hash is invalid. */
  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#url = options.url === undefined ? undefined : new URL(options.url);
    this.#logger = options.logger ?? silent;
    const { password } = options;
    this.#access = new Access({
      password,
      url: this.#url,
      logger: this.#logger,
      onEnd: (session) => this.#clients.endOf(session),
    });
    this.#clients = new Clients({
      joined: (client) => this.#joined(client),
      watch: (client, camera, watching) => this.#shown.desk(camera).live.watch(client, watching),
      unwatch: (client, camera) => this.#shown.desks.get(camera)?.live.unwatch(client),
      left: (client) => this.#left(client),
    });
    this.#shown = new ShownNode(options, this.#clients, this.#logger);
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
    const { port = 8420, folder = asset('dist', 'console') } = this.#options;
    this.#files = await StaticFiles.read(folder);
    this.#shown.attach();
    this.#routes = this.#makeRoutes(this.#files);
    const server = boundedServer((request, response) => this.#routes!.handle(request, response));
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

  /** Shows another node to the pages that are open. Its pipelines exist. */
  show(shown: Shown): void {
    const isShown = this.#server !== undefined;
    if (isShown) this.#shown.detach();
    this.#shown = new ShownNode(shown, this.#clients, this.#logger);
    this.#run = randomUUID();
    if (!isShown || !this.#files) return;
    this.#shown.attach();
    this.#routes = this.#makeRoutes(this.#files);
    this.#clients.broadcast({ type: 'state', state: this.#state() });
    if (this.#clients.size > 0) this.#shown.stats.start();
  }

  /** The settings file of `board` is in another state. */
  tellFile(): void {
    const { board } = this.#options;
    if (board && this.#server) this.#clients.broadcast({ type: 'file', file: fileState(board.file) });
  }

  #makeRoutes(files: StaticFiles): Routes {
    const { node, hub } = this.#shown.shown;
    const { board, find } = this.#options;
    return new Routes({
      cameras: node.pipelines,
      events: new EventRoutes(node.history, node.settings.history),
      files,
      access: this.#access,
      operations: operations({ node, hub }),
      learning: node.learning && new LearningRoutes(node.learning, node.name),
      board: new BoardRoutes({ board, cameras: node.pipelines, url: this.#url, find, run: () => this.#run }),
      host: this.#host,
      url: this.#url,
      logger: this.#logger,
      state: () => this.#state(),
      look: async () => board?.look(),
      unwritten: async () => {
        await board?.tried();
        return board?.file.unwritten ?? null;
      },
      cameraState: (camera) => this.#shown.desk(camera.name).state(),
    });
  }

  /** Disconnects the pages and stops listening to the cameras. May be called repeatedly. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#access.close();
    this.#clients.close();
    this.#shown.detach();
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
    const { setupErrors = [], board } = this.#options;
    return {
      ...this.#shown.state,
      run: this.#run,
      version: packageVersion(),
      setup_errors: [...setupErrors],
      defaults: defaultSettings,
      board: board
        ? {
            ...{ network: !isLoopback(this.#host), password: this.#access.required, file: fileState(board.file) },
            history: keptState(this.#shown.shown.node.settings),
          }
        : null,
    };
  }

  #joined(client: Client): void {
    client.send({ type: 'state', state: this.#state() });
    client.send(this.#shown.stats.message());
    this.#shown.stats.start();
  }

  #left(client: Client): void {
    for (const desk of this.#shown.desks.values()) desk.live.unwatch(client);
    if (this.#clients.size === 0) this.#shown.stats.stop();
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
