import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Attempts } from '../../../sdk/access/attempts.ts';
import { asset } from '../../../sdk/base/assets.ts';
import { type Logger, silent } from '../../../sdk/base/log.ts';
import { FirstBootSettings } from '../../../sdk/config/first-boot.ts';
import { validate } from '../../../sdk/config/validate.ts';
import type { SetupAnswer, SetupState } from '../protocol.ts';
import { answerError } from './answer-error.ts';
import { refusal } from './guard.ts';
import { boundedServer } from './http-server.ts';
import { readJson } from './json-body.ts';
import { listen, pageUrl } from './listen.ts';
import { HttpError, securityHeaders, sendJson } from './reply.ts';
import { parseUrl } from './routes.ts';
import { StaticFiles } from './static-files.ts';

export interface SetupPageOptions {
  /** Shown on the board's screen and written on its card: who knows it has the board in hand. */
  readonly code: string;
  /** What was wrong in the files on the card, for people. */
  readonly errors?: readonly string[];
  /** Takes the settings that were given. @throws InputError, which the page shows. */
  take(settings: FirstBootSettings): Promise<void>;
  /** Default: all addresses of the machine, since nobody can have opened it from this board. */
  readonly host?: string;
  readonly port?: number;
  /** The built page. Default: the one that ships with the package. */
  readonly folder?: string;
  readonly logger?: Logger;
}

const setupPath = '/api/setup';
const pagePath = '/setup.html';
const longestCode = 64;

/**
 * Asks for the settings of a board that has none: a page that is open to the network, and does nothing without the
 * code. Codes may be tried as seldom as passwords. When settings were taken, it ends for good.
 *
 * @example
 * const page = new SetupPage({ code: 'K7QM-X4RT', take: (settings) => takeIn(settings, { file, what: 'the page' }) });
 * await page.start();
 * await page.done;
 * await page.stop();
 */
export class SetupPage {
  /** Fulfilled when settings were taken, and the page was told so. */
  readonly done: Promise<void>;
  readonly #options: SetupPageOptions;
  readonly #host: string;
  readonly #logger: Logger;
  readonly #attempts = new Attempts();
  #finish!: () => void;
  #taking = false;
  #taken = false;
  #files: StaticFiles | undefined;
  #server: Server | undefined;

  constructor(options: SetupPageOptions) {
    this.#options = options;
    this.#host = options.host ?? '0.0.0.0';
    this.#logger = options.logger ?? silent;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** @throws InputError when the page was not built, or the port cannot be used. */
  async start(): Promise<{ url: string; port: number }> {
    const { folder = asset('dist', 'console'), port = 8420 } = this.#options;
    this.#files = await StaticFiles.read(folder);
    this.#server = boundedServer((request, response) => void this.#handle(request, response));
    const used = await listen(this.#server, this.#host, port, this.#logger);
    return { url: pageUrl(this.#host, used), port: used };
  }

  /** May be called repeatedly. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server?.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    try {
      const denied = refusal(request.headers, this.#host);
      if (denied) throw new HttpError(403, denied);
      const { pathname } = parseUrl(request.url);
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (pathname === setupPath && method === 'GET') return sendJson(request, response, 200, this.#state());
      if (pathname === setupPath && method === 'POST') return await this.#set(request, response);
      const file = pathname === '/' ? pagePath : pathname;
      // Of the live page nothing works yet.
      if (!this.#files!.has(file) || file === '/index.html')
        throw new HttpError(404, 'there is nothing at this address');
      if (method !== 'GET') throw new HttpError(405, `expected GET, got ${request.method}`, { Allow: 'GET' });
      // The live page is under the same address soon.
      this.#files!.send(file, request, response);
    } catch (error) {
      answerError(request, response, error, this.#logger);
    }
  }

  #state(): SetupState {
    return { setup_errors: [...(this.#options.errors ?? [])] };
  }

  async #set(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { code, settings } = ((await readJson(request)) ?? {}) as { code?: unknown; settings?: unknown };
    if (typeof code !== 'string') throw new HttpError(400, 'expected {"code": "…", "settings": {…}}');
    this.#assertCode(request, code);
    const given = validate(FirstBootSettings, settings ?? {}, 'what was given');
    if (given.console?.password === undefined || given.console.password === '') {
      throw new HttpError(400, 'console.password: expected a password for this page');
    }
    if (this.#taking || this.#taken) throw new HttpError(409, 'settings were given already');
    this.#taking = true;
    try {
      await this.#options.take(given);
      this.#taken = true;
    } finally {
      this.#taking = false;
    }
    this.#logger.info('page: settings were given');
    response.once('close', this.#finish);
    const answer: SetupAnswer = { taken: true };
    sendJson(request, response, 200, answer);
  }

  /** @throws HttpError 401 or 429. */
  #assertCode(request: IncomingMessage, code: string): void {
    const address = request.socket.remoteAddress ?? '';
    const seconds = this.#attempts.take(address);
    if (seconds > 0) {
      throw new HttpError(429, `too many wrong codes: wait ${seconds} s`, { 'Retry-After': String(seconds) });
    }
    // Of equal length, whatever was typed.
    const mark = (text: string) =>
      createHash('sha256')
        .update(normal(text.slice(0, longestCode)))
        .digest();
    if (!timingSafeEqual(mark(code), mark(this.#options.code))) {
      this.#logger.warn(`page: a wrong code from ${address}`);
      throw new HttpError(401, 'the code is wrong');
    }
    this.#attempts.giveBack(address);
  }
}

/** A code as it compares: without case, spaces and hyphens. */
const normal = (text: string): string => text.toUpperCase().replace(/[\s-]/g, '');
