import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CameraChange } from '../../../sdk/config/schema.ts';
import { InputError } from '../../../sdk/errors.ts';
import type { Node } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { cameraState, nodeState } from './camera-state.ts';
import type { EventLog } from './event-log.ts';

const maxBodyBytes = 64 * 1024;

/** An answer that is not the one that was hoped for. */
class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Parts {
  readonly onError: (error: unknown) => void;
  readonly node: Node;
  readonly events: EventLog;
  readonly mqttUrl: string | undefined;
}

interface Route {
  readonly method: 'GET' | 'PATCH';
  readonly path: RegExp;
  readonly handle: (match: string[], query: URLSearchParams, request: IncomingMessage) => unknown;
}

/** The routes below `/api/`, and `/healthz`. Answers are JSON, or a Buffer that is a JPEG. */
export class Api {
  readonly #parts: Parts;
  readonly #routes: readonly Route[];

  constructor(parts: Parts) {
    this.#parts = parts;
    const { node, events, mqttUrl } = parts;
    this.#routes = [
      { method: 'GET', path: /^\/healthz$/, handle: () => this.#health() },
      { method: 'GET', path: /^\/api\/state$/, handle: () => nodeState(node, mqttUrl) },
      { method: 'GET', path: /^\/api\/stats$/, handle: () => node.stats() },
      {
        method: 'GET',
        path: /^\/api\/events$/,
        handle: (_, query) =>
          events.list({
            limit: wholeNumber(query, 'limit', 1, 500, 100),
            before: query.get('before') ?? undefined,
            camera: query.get('camera') ?? undefined,
            label: query.get('label') ?? undefined,
          }),
      },
      {
        method: 'GET',
        path: /^\/api\/events\/([\w.-]{1,80})\/snapshot\.jpg$/,
        handle: ([id]) => {
          const jpeg = events.snapshot(id!);
          if (!jpeg) throw new HttpError(404, `there is no snapshot of an event ${id}`);
          return jpeg;
        },
      },
      {
        method: 'GET',
        path: /^\/api\/cameras\/([\w-]{1,32})\/snapshot\.jpg$/,
        handle: ([name], query) =>
          this.#camera(name!).snapshot({ maxHeight: wholeNumber(query, 'height', 16, 4320, 1080) }),
      },
      {
        method: 'PATCH',
        path: /^\/api\/cameras\/([\w-]{1,32})$/,
        handle: async ([name], _, request) => {
          const camera = this.#camera(name!);
          await camera.change((await readJson(request)) as CameraChange);
          return cameraState(camera);
        },
      },
    ];
  }

  /** @returns False when the path is not one of these. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const [path, search] = split(request.url ?? '/');
    const fitting = this.#routes.filter((route) => route.path.test(path));
    if (fitting.length === 0 && !path.startsWith('/api/')) return false;
    void this.#answer(fitting, path, search, request, response);
    return true;
  }

  async #answer(
    fitting: readonly Route[],
    path: string,
    search: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      if (fitting.length === 0) throw new HttpError(404, `there is no ${path}`);
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const route = fitting.find((one) => one.method === method);
      if (!route) {
        response.setHeader('Allow', fitting.map((one) => one.method).join(', '));
        throw new HttpError(405, `${path} takes ${fitting.map((one) => one.method).join(', ')}, got ${request.method}`);
      }
      const value = await route.handle(route.path.exec(path)!.slice(1), new URLSearchParams(search), request);
      send(response, 200, value);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : error instanceof InputError ? 400 : 500;
      // What went wrong inside is for the log of who runs it, not for whoever asks.
      const message = status === 500 ? 'this did not work; the log says why' : (error as Error).message;
      if (status === 500) this.#parts.onError(error);
      send(response, status, { error: message });
    } finally {
      // A body that nobody reads would keep the connection busy.
      request.resume();
    }
  }

  #camera(name: string): Pipeline {
    const camera = this.#parts.node.pipelines.get(name);
    if (camera) return camera;
    const known = [...this.#parts.node.pipelines.keys()].join(', ');
    throw new HttpError(404, `there is no camera ${name}; expected one of ${known}`);
  }

  #health() {
    const cameras = [...this.#parts.node.pipelines.values()].map(({ name, status }) => [name, status]);
    return { status: 'ok', cameras: Object.fromEntries(cameras) };
  }
}

function split(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function wholeNumber(query: URLSearchParams, name: string, low: number, high: number, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new HttpError(
    400,
    `${name}: expected a whole number from ${low} to ${high}, got ${JSON.stringify(text.slice(0, 40))}`,
  );
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  // Another site's form cannot send this type without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpError(415, 'Content-Type: expected application/json');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new HttpError(413, `the body: expected at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpError(400, 'the body: expected JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(400, 'the body: expected an object, such as {"detect": {"threshold": 0.6}}');
  }
  return value;
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const isPicture = Buffer.isBuffer(value);
  const body = isPicture ? value : Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': isPicture ? 'image/jpeg' : 'application/json; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
