import type { IncomingMessage, ServerResponse } from 'node:http';
import { InputError, StaleError } from '../../../sdk/base/errors.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import type { CameraState, ChangedCamera, ConsoleState, SessionState, StaleAnswer } from '../protocol.ts';
import type { Access, Pass } from './access.ts';
import { answerError } from './answer-error.ts';
import type { BoardRoutes } from './board-routes.ts';
import { changeCamera } from './camera-change.ts';
import { CameraPictures } from './camera-picture.ts';
import { type EventRoutes, eventsPath } from './event-routes.ts';
import { refusal } from './guard.ts';
import type { Methods } from './handler.ts';
import { etagOf, seenRevision } from './if-match.ts';
import { readJson } from './json-body.ts';
import { type LearningRoutes, learningPath } from './learning/routes.ts';
import { HttpError, securityHeaders, sendJpeg, sendJson } from './reply.ts';
import type { ConsoleCamera } from './source.ts';
import type { StaticFiles } from './static-files.ts';

export interface RouteParts {
  readonly cameras: ReadonlyMap<string, ConsoleCamera>;
  readonly events: EventRoutes;
  readonly files: StaticFiles;
  readonly access: Access;
  /** Endpoints for monitoring, by path. */
  readonly operations: ReadonlyMap<string, Methods>;
  /** Undefined when nothing can be taught. */
  readonly learning: LearningRoutes | undefined;
  readonly board: BoardRoutes;
  readonly host: string;
  readonly url: URL | undefined;
  readonly logger: Logger;
  state(): ConsoleState;
  /** Takes in what others wrote to the settings file. */
  look(): Promise<void>;
  /** Why a change that was just made is not in the settings file; null: it is, or nothing is written. */
  unwritten(): Promise<string | null>;
  cameraState(camera: ConsoleCamera): CameraState;
}

export const livePath = '/api/live';
const sessionPath = '/api/session';
const healthPath = '/healthz';
const maxUrlLength = 2048;
/** Addresses in requests are relative. */
const base = 'http://ocellus';

/** Answers requests; docs/console.md documents them. */
export class Routes {
  readonly #parts: RouteParts;
  readonly #pictures = new CameraPictures();

  constructor(parts: RouteParts) {
    this.#parts = parts;
  }

  /** Never throws: each request gets an answer. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    try {
      const denied = refusal(request.headers, this.#parts.host, this.#parts.url);
      if (denied) throw new HttpError(403, denied);
      const url = parseUrl(request.url);
      const pass = await this.#parts.access.admit(request);
      if (!pass && !this.#isOpen(url.pathname)) throw loginNeeded(url.pathname);
      const methods = this.#find(url.pathname);
      if (!methods) throw new HttpError(404, 'there is nothing at this address');
      const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
      if (!Object.hasOwn(methods, method)) {
        throw new HttpError(405, `expected ${Object.keys(methods).join(' or ')}, got ${request.method}`, {
          Allow: Object.keys(methods).join(', '),
        });
      }
      await methods[method]!(request, response, url, pass);
    } catch (error) {
      answerError(request, response, error, this.#parts.logger);
    }
  }

  /** Needs no login: the page itself, which shows the login form, and what a supervisor polls. All else does. */
  #isOpen(path: string): boolean {
    return path === sessionPath || path === healthPath || this.#parts.files.has(path);
  }

  #find(path: string): Methods | undefined {
    const { files, events, operations } = this.#parts;
    if (operations.has(path)) return operations.get(path);
    if (path === sessionPath) {
      return {
        GET: (q, r, _, pass) => this.#session(q, r, pass),
        POST: (q, r) => this.#logIn(q, r),
        DELETE: (q, r, _, pass) => this.#logOut(q, r, pass),
      };
    }
    if (path === '/api/state') return { GET: (q, r) => sendJson(q, r, 200, this.#parts.state()) };
    if (path === eventsPath || path.startsWith(`${eventsPath}/`)) {
      return events.find(path.slice(eventsPath.length), decoded);
    }
    if (path === livePath) {
      return {
        GET: () => {
          throw new HttpError(426, 'this is a WebSocket', { Upgrade: 'websocket' });
        },
      };
    }
    if (path === learningPath || path.startsWith(`${learningPath}/`)) {
      const { learning } = this.#parts;
      if (!learning) throw new HttpError(404, 'nothing can be taught here: learn.enabled is off, or nothing is kept');
      return learning.find(path.slice(learningPath.length), decoded);
    }
    const ofBoard = this.#parts.board.find(path, decoded);
    if (ofBoard) return ofBoard;
    const camera = /^\/api\/cameras\/([^/]+)(\/snapshot\.jpg|\/sizes|\/why)?$/.exec(path);
    if (camera) return this.#cameraMethods(decoded(camera[1]!), camera[2]);
    return files.has(path) ? { GET: (q, r) => files.send(path, q, r) } : undefined;
  }

  #cameraMethods(name: string, what: string | undefined): Methods | undefined {
    const camera = this.#parts.cameras.get(name);
    if (!camera) return undefined;
    if (what === '/snapshot.jpg') return { GET: (q, r) => this.#cameraPicture(q, r, camera) };
    if (what === '/why') return { GET: (q, r) => sendJson(q, r, 200, toWire(camera.why)) };
    if (what === '/sizes') return { GET: (q, r) => sendJson(q, r, 200, { sizes: toWire(camera.sizes) }) };
    return {
      GET: (q, r) => this.#sendCamera(q, r, this.#parts.cameraState(camera)),
      PATCH: (q, r) => this.#change(q, r, camera),
      ...this.#parts.board.of(name),
    };
  }

  #session(request: IncomingMessage, response: ServerResponse, pass: Pass | undefined): void {
    const state: SessionState = { required: this.#parts.access.required, active: pass !== undefined };
    sendJson(request, response, 200, state);
  }

  async #logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { access } = this.#parts;
    const { password } = ((await readJson(request)) ?? {}) as { password?: unknown };
    if (typeof password !== 'string') throw new HttpError(400, 'expected {"password": "…"}');
    if (!access.required) throw new HttpError(400, 'there is no password: set console.password first');
    response.setHeader('Set-Cookie', await access.logIn(request, password));
    this.#session(request, response, {});
  }

  #logOut(request: IncomingMessage, response: ServerResponse, pass: Pass | undefined): void {
    response.setHeader('Set-Cookie', this.#parts.access.logOut(request, pass ?? {}));
    this.#session(request, response, this.#parts.access.required ? undefined : pass);
  }

  async #cameraPicture(request: IncomingMessage, response: ServerResponse, camera: ConsoleCamera): Promise<void> {
    const jpeg = await this.#pictures.take(camera).catch((error) => {
      throw error instanceof InputError ? new HttpError(503, error.message) : error;
    });
    sendJpeg(request, response, jpeg, 'no-store');
  }

  async #change(request: IncomingMessage, response: ServerResponse, camera: ConsoleCamera): Promise<void> {
    const body = await readJson(request);
    // Somebody who edited the file came first.
    await this.#parts.look();
    try {
      await changeCamera(camera, body, seenRevision(request, camera));
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      const answer: StaleAnswer = { error: error.message, camera: this.#parts.cameraState(camera) };
      response.setHeader('ETag', etagOf(camera.revision));
      return sendJson(request, response, 412, answer);
    }
    const unwritten = await this.#parts.unwritten();
    const answer: ChangedCamera = { ...this.#parts.cameraState(camera), unwritten };
    this.#sendCamera(request, response, answer);
  }

  #sendCamera(request: IncomingMessage, response: ServerResponse, state: CameraState): void {
    response.setHeader('ETag', etagOf(state.revision));
    sendJson(request, response, 200, state);
  }
}

/** The page shows its own login; any other client (also a browser on /metrics) is told how to authenticate. */
function loginNeeded(path: string): HttpError {
  const headers = path.startsWith('/api/')
    ? undefined
    : { 'WWW-Authenticate': 'Basic realm="ocellus", charset="UTF-8"' };
  return new HttpError(401, 'log in first', headers);
}

/** @throws HttpError when the address is invalid. */
export function parseUrl(url = '/'): URL {
  if (url.length > maxUrlLength) throw new HttpError(414, `expected an address of at most ${maxUrlLength} characters`);
  // A path that begins with two slashes would be read as a host name.
  if (!/^\/(?![/\\])/.test(url) || !URL.canParse(url, base)) {
    throw new HttpError(404, 'there is nothing at this address');
  }
  return new URL(url, base);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(404, 'there is nothing at this address');
  }
}
